"""The contract of docs/trainable.md: each mistake there gives the message that stands below it."""

import re
import sys
import types
from pathlib import Path

import pytest

from sweepbook import Fidelity, Metric, Study
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.tune.worker.run import Assignment, reports

DOC = (Path(__file__).parents[2] / "docs" / "trainable.md").read_text(encoding="utf-8")
MISTAKES = re.findall(r"```python\n((?:(?!```).)*)```\n\n> ([^\n]*)", DOC, re.DOTALL)


def test_the_page_has_examples():
    assert len(MISTAKES) >= 8


@pytest.mark.parametrize("code, message", MISTAKES)
def test_a_mistake_gives_its_message(monkeypatch, tmp_path, code, message):
    module = types.ModuleType("mistaken")
    exec(code, vars(module))
    monkeypatch.setitem(sys.modules, "mistaken", module)
    study = Study(
        name="mistaken", question="?", trainable="mistaken:train", replicates=1,
        metric=Metric("val_loss", "min"), fidelity=Fidelity("epoch", "epochs"),
        fixed={"epochs": 3},
    )  # fmt: skip
    (trial,) = make_plan(study, Options()).trials
    for name in ("checkpoints", "parts"):
        (tmp_path / name).mkdir()
    with pytest.raises((TypeError, ValueError)) as raised:
        list(reports(Assignment(trial, [str(tmp_path)], [])))
    assert str(raised.value).startswith(message)
