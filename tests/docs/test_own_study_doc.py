"""docs/own-study.md: its study goes on after a kill as if nothing had been; its model loads."""

import re
import sys
from pathlib import Path

import pytest

from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.tune.worker import course
from sweepbook.tune.worker.run import Assignment, reports
from tests.trained import train_record

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
    found = {}
    for name, stops in (("calm", [None]), ("killed", [2, None])):
        for part in ("checkpoints", "parts"):
            (Path(name) / part).mkdir(parents=True)
        rows = found[name] = {}
        for stop in stops:
            for report in (made := reports(Assignment(trial, [name], []))):
                rows |= {(r["replicate"], r["epoch"]): r["val_loss"] for r in report["rows"]}
                if report["fidelity"] == stop:
                    break
            made.close()
    assert len(found["calm"]) == 8 and found["calm"] == found["killed"]


def test_the_best_model_is_loaded_and_predicts_what_was_recorded(study, capsys):
    Path("records").mkdir()
    train_record(study, Path("records") / "digits", Options(epochs=3, replicates=2))
    exec(compile(USE, "own-study.md", "exec"), {})
    made, recorded = capsys.readouterr().out.split()
    assert made == recorded and 0 < float(made) <= 1
