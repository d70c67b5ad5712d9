"""The page as a reader has it: in a browser, dark, narrow, on paper, without its script."""

import base64
import json
import re

import pytest
from PIL import Image

pytestmark = pytest.mark.more
WIDE, NARROW = (1280, 900), (360, 740)


@pytest.mark.parametrize(
    ("size", "dark"), [(WIDE, False), (WIDE, True), (NARROW, False), (NARROW, True)]
)
def test_nobody_is_kept_out(browser, page, size, dark):
    browser.open(page, size, dark=dark)
    assert browser.violations() == []
    browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert browser.violations() == []


def test_a_narrow_page_does_not_scroll_sideways_but_its_figures_do(browser, page):
    browser.open(page, NARROW)
    assert browser.run("return document.documentElement.scrollWidth") <= NARROW[0]
    for box in browser.all("figure .wide"):
        assert browser.run("return arguments[0].scrollWidth > arguments[0].clientWidth", box)
        browser.run("arguments[0].focus()", box)
        assert browser.run("return document.activeElement === arguments[0]", box)


def test_figures_are_of_the_page_in_the_dark(browser, page):
    browser.open(page, dark=True)
    (curves,) = browser.all("#figure-loss svg")
    browser.run("arguments[0].scrollIntoView()", curves)
    path = page.with_name("dark.png")
    path.write_bytes(curves.screenshot_as_png)
    with Image.open(path) as picture:
        pixels = picture.convert("L").get_flattened_data()
    dark = sum(pixel < 60 for pixel in pixels) / len(pixels)
    assert dark > 0.5, "no white sheet on dark paper"
    assert any(pixel > 200 for pixel in pixels), "light ink"


def test_without_its_script_the_page_is_complete(browser, page):
    browser.open(page)
    with_script = browser.run("return document.body.innerText")
    browser.command("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(page)
    browser.command("Emulation.setScriptExecutionDisabled", value=False)
    text = browser.run("return document.body.innerText")
    assert not browser.all("button"), "the script did not run"
    said = re.sub("[↕↑↓]|Logarithmic [xy] axis", "", with_script).split()
    assert sorted(text.split()) == sorted(said)
    for picture in browser.all("figure svg"):
        assert picture.size["width"] > 500 and picture.size["height"] > 150
        assert picture.get_attribute("role") == "img"
        assert browser.run("return arguments[0].querySelector('title').textContent", picture)


def test_nothing_is_fetched_and_nothing_goes_wrong(browser, page):
    browser.driver.get_log("performance"), browser.driver.get_log("browser")
    browser.open(page)
    events = [
        json.loads(entry["message"])["message"] for entry in browser.driver.get_log("performance")
    ]
    asked = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith(("data:", "about:"))] == [page.as_uri()]
    assert browser.driver.get_log("browser") == []


def test_on_paper_no_page_is_empty_and_nothing_stands_folded(browser, page):
    browser.open(page)
    printed = browser.command("Page.printToPDF", printBackground=False)
    pdf = base64.b64decode(printed["data"])
    assert len(re.findall(rb"/Type /Page\b", pdf)) >= 2 and len(pdf) > 30_000
    browser.command("Emulation.setEmulatedMedia", media="print")
    folded = browser.all("details:not([open])")
    assert folded
    for one in folded:
        is_claim = browser.run("return !!arguments[0].closest('.claims')", one)
        assert one.is_displayed() == is_claim


def test_a_link_into_a_folded_part_opens_it(browser, page):
    browser.open(page)
    browser.run(
        "document.body.insertAdjacentHTML('beforeend', "
        "'<details id=outer><summary>s</summary><p id=inside>i</p></details>');"
        "location.hash = '#inside';"
    )
    browser.driver.implicitly_wait(2)
    try:
        assert browser.all("#outer[open]")
    finally:
        browser.driver.implicitly_wait(0)


def test_a_table_sorts_by_numbers_and_back(browser, figure):
    table = figure("numbers")
    browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    (head, *_), cells = (
        browser.all("#figure-numbers th"),
        "#figure-numbers tbody tr td:first-child",
    )
    before = [cell.text for cell in browser.all(cells)]
    browser.run("arguments[0].querySelector('th button').click()", table)
    up = [float(cell.text) for cell in browser.all(cells)]
    assert up == sorted(up) and head.get_attribute("aria-sort") == "ascending"
    browser.run("arguments[0].querySelector('th button').click()", table)
    down = [float(cell.text) for cell in browser.all(cells)]
    assert down == sorted(up, reverse=True) and head.get_attribute("aria-sort") == "descending"
    assert sorted(map(float, before)) == up, "no row is lost"
