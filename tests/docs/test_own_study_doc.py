"""docs/own-study.md: its study goes on after a kill as if nothing had been; its model loads."""

import re
import sys
from pathlib import Path

import pytest

from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.tune.worker import course
from tests.trained import losses, train_record

PAGE = Path(__file__).parents[2] / "docs" / "own-study.md"
CODE, USE = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    Path("digits.py").write_text(CODE)
    (study,) = load_studies(["digits.py"])
    yield study
    sys.modules.pop("digits", None)


def test_a_resumed_trial_has_the_numbers_of_an_undisturbed_one(study, monkeypatch):
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1.0)
    trial = make_plan(study, Options(epochs=4, replicates=2)).trials[0]
    calm, killed = losses(trial, "calm"), losses(trial, "killed", 2)
    assert len(calm) == 8 and calm == killed


def test_the_best_model_is_loaded_and_predicts_what_was_recorded(study, capsys):
    Path("records").mkdir()
    train_record(study, Path("records") / "digits", Options(epochs=3, replicates=2))
    exec(compile(USE, "own-study.md", "exec"), {})
    made, recorded = capsys.readouterr().out.split()
    assert made == recorded and 0 < float(made) <= 1
