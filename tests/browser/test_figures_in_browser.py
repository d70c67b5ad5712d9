"""Looking closer at a figure: curves tell their values, legends switch lines, axes change."""

import re

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from sweepbook.aggregates.curves import curve_table
from sweepbook.record.load import load_record

pytestmark = pytest.mark.more


@pytest.fixture
def means(record):
    """Mean validation loss by learning rate and epoch."""
    loaded = load_record(record)
    table = curve_table(loaded, ["val_loss"], loaded.trials)
    rates = loaded.trials.set_index("trial_id")["config/lr"]
    return {(rates[t], e): m for t, e, m in table[["trial_id", "epoch", "mean"]].to_numpy()}


@pytest.fixture
def point_at(browser):
    """point_at(figure, series, index): moves the mouse to a step of a mean's curve."""

    def move(figure, series, index):
        x, y = browser.run(
            """
            const [figure, series, index] = arguments;
            const path = figure.querySelector(`[data-role=mean][data-series="${series}"] path`);
            const total = path.getTotalLength();
            const numbers = path.getAttribute("d").match(/-?\\d*\\.?\\d+/g).map(Number);
            const isMoved = path.getAttribute("d").includes("L");
            let at = [numbers[0], numbers[1]];
            for (let i = 1; i <= index; i += 1) {
              const [x, y] = [numbers[2 * i], numbers[2 * i + 1]];
              at = isMoved ? [x, y] : [at[0] + x, at[1] + y];
            }
            const place = new DOMPoint(...at).matrixTransform(path.getScreenCTM());
            return [place.x, place.y];
            """,
            figure, series, index,
        )  # fmt: skip
        actions = ActionChains(browser.driver)
        actions.w3c_actions.pointer_action.move_to_location(round(x), round(y))
        actions.perform()

    return move


def told(browser):
    """Value, step and the rest of what the page tells of a curve."""
    (tip,) = browser.all("#tip")
    assert tip.is_displayed(), "nothing is told"
    found = re.fullmatch(r"(\S+) at (.*)\n(.*)", tip.text)
    assert found, tip.text
    return float(found[1]), found[2], found[3]


def test_a_curve_under_the_mouse_tells_its_value(browser, figure, point_at, means):
    loss = figure("loss")
    for lr, epoch in ((0.1, 3), (0.01, 11), (0.001, 6)):
        point_at(loss, f"lr {lr:g}", epoch - 1)
        value, step, who = told(browser)
        assert step == f"epoch {epoch}" and who == f"lr {lr:g}, mean of 3 replicates"
        assert value == pytest.approx(means[lr, epoch], rel=2e-3)
    assert browser.all("#figure-loss .told path"), "it lies above the others"
    ActionChains(browser.driver).move_by_offset(0, 0).move_to_element(
        browser.all("h1")[0]
    ).perform()
    assert not browser.all("#tip")[0].is_displayed()


def test_a_curve_is_reached_by_keys(browser, figure, means):
    loss = figure("loss")
    browser.run("arguments[0].querySelector('.wide').focus()", loss)
    press = ActionChains(browser.driver)
    press.send_keys(Keys.TAB).perform()
    value, step, who = told(browser)
    first = re.match(r"lr ([\d.]+)", who)
    assert first and browser.run("return document.activeElement.getAttribute('aria-label')") == who
    lr = float(first[1])
    last = max(epoch for rate, epoch in means if rate == lr)
    assert step == f"epoch {last}" and value == pytest.approx(means[lr, last], rel=2e-3)
    ActionChains(browser.driver).send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT).perform()
    value, step, _ = told(browser)
    assert step == f"epoch {last - 2}" and value == pytest.approx(means[lr, last - 2], rel=2e-3)
    ActionChains(browser.driver).send_keys(Keys.ARROW_DOWN).perform()
    assert told(browser)[2] != who
    ActionChains(browser.driver).send_keys(Keys.ESCAPE).perform()
    assert not browser.all("#tip")[0].is_displayed()


@pytest.mark.parametrize("name", ["loss", "against"])
def test_a_name_switches_its_line_by_keys(browser, figure, name):
    figure(name)
    button = browser.all(f"#figure-{name} [role=button]")[0]
    series = button.get_attribute("data-series")
    marks = (
        f'#figure-{name} .panel [data-series="{series}"]:not([role=button], [data-role=leader])'
    )
    assert all(mark.is_displayed() for mark in browser.all(marks))
    for pressed, key in (("false", Keys.ENTER), ("true", Keys.SPACE)):
        browser.run("arguments[0].focus()", button)
        ActionChains(browser.driver).send_keys(key).perform()
        assert button.get_attribute("aria-pressed") == pressed
        hidden = [m for m in browser.all(marks) if "off" in (m.get_attribute("class") or "")]
        assert len(hidden) == (len(browser.all(marks)) if pressed == "false" else 0)


def ticks(browser, name, axis):
    texts = browser.all(f"#figure-{name} [data-axis={axis}] text")
    return [text.text for text in texts if text.is_displayed()]


def test_an_axis_changes_its_scale_and_values_stay(browser, figure, point_at, means):
    loss = figure("loss")
    before = ticks(browser, "loss", "y")
    (button,) = [b for b in browser.all("#figure-loss button") if "y axis" in b.text]
    was = button.get_attribute("aria-pressed")
    button.click()
    assert button.get_attribute("aria-pressed") != was
    assert ticks(browser, "loss", "y") != before
    for lr, epoch in ((0.1, 3), (0.01, 11)):
        point_at(loss, f"lr {lr:g}", epoch - 1)
        value, step, _ = told(browser)
        assert step == f"epoch {epoch}" and value == pytest.approx(means[lr, epoch], rel=2e-3)
    button.click()
    assert ticks(browser, "loss", "y") == before and button.get_attribute("aria-pressed") == was


def switches(browser, name):
    return {button.text.split()[1] for button in browser.all(f"#figure-{name} button")}


def test_an_axis_has_a_switch_where_its_values_have_a_logarithm(browser, figure):
    figure("steps")
    assert switches(browser, "loss") == {"x", "y"}
    assert switches(browser, "steps") == {"x"}, "steps per epoch are all alike"
    assert switches(browser, "norms") == set(), "off and on are no numbers"
