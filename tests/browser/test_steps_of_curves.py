"""Every point of a curve tells its own step: the name of a setting, or the number of an epoch."""

import pytest

from sweepbook.pages.report import write_report
from tests.records import write_record

pytestmark = pytest.mark.more

STEPS = """
const node = document.querySelector(`#figure-${arguments[0]} [data-role=mean]`), steps = [];
node.focus();
for (const key of ["Home", ...Array(arguments[1] - 1).fill("ArrowRight")]) {
  node.dispatchEvent(new KeyboardEvent("keydown", { key }));
  steps.push(document.getElementById("tip").childNodes[1].textContent.split(" ").at(-1));
}
return steps;
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Many settings with names, and many epochs on a logarithmic axis."""
    folder = tmp_path_factory.mktemp("steps")
    losses = ["train_loss", "val_loss", "test_loss", "train_acc", "val_acc", "test_acc"]
    named = {"kind": "against", "name": "named", "x": "kind", "metrics": losses}
    long = {"kind": "curves", "name": "long", "metrics": ["val_loss"], "log_x": True}
    kinds = [{"kind": f"k{i:02}"} for i in range(60)]
    records = [
        write_record(folder / "a", kinds, name="a", epochs=1, n_replicates=1, figures=[named]),
        write_record(folder / "b", [{"lr": 0.1}], name="b", epochs=120, figures=[long]),
    ]
    return write_report(records, folder / "out")


def test_each_of_many_settings_tells_its_own_name(browser, page):
    browser.open(page)
    assert browser.run(STEPS, "named", 60) == [f"k{i:02}" for i in range(60)]


def test_an_epoch_beside_a_tick_is_not_that_tick_s(browser, page):
    browser.open(page)
    assert browser.run(STEPS, "long", 120) == [str(i) for i in range(1, 121)]
