"""Random studies hold, from plan to report; and what checks them sees a fault of each kind.

A few of them: `python tests/random_studies/many.py` checks thousands, through Ray, too.
"""

import dataclasses
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from sweepbook import Fidelity, Metric
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.worker import course
from tests.random_studies import harness
from tests.random_studies.many import through_ray
from tests.random_studies.studies import Drawn, drawn_studies

QUICK = {"suppress_health_check": list(HealthCheck), "phases": [Phase.generate, Phase.shrink]}


@pytest.mark.timeout(300)
@settings(max_examples=40, **QUICK)
@given(drawn_studies())
def test_random_studies_hold(drawn):
    with tempfile.TemporaryDirectory() as folder:
        harness.check(drawn, Path(folder), with_report=drawn.stop_after == 12)


def study(*rules, **changes):
    """A study of these rules that is interrupted after its second report."""
    fixed = {
        "rounds": 3, "layers": [1], "when": "always", "side": "side", "gives_state": True,
        "metric": "loss", "unit": "round",
    }  # fmt: skip
    arguments = {
        "name": "drawn", "question": "?", "metric": Metric("loss", "min"), "replicates": 2,
        "fidelity": Fidelity("round", "rounds"), "fixed": fixed, "grid": {"rule": rules},
    }  # fmt: skip
    rest = {"stop_after": 2, "is_unheard": True, "attempts": 1, "is_refused": False}
    return Drawn(arguments, **rest | changes)


def drops_a_row(monkeypatch):
    add = RecordWriter.add_rows
    monkeypatch.setattr(RecordWriter, "add_rows", lambda self, i, rows: add(self, i, rows[:1]))


def gives_two_trials_one_id(monkeypatch):
    def plan(*arguments):
        made = make(*arguments)
        first, second = made.trials
        second = dataclasses.replace(second, trial_id=first.trial_id)
        return dataclasses.replace(made, trials=(first, second))

    make = harness.make_plan
    monkeypatch.setattr(harness, "make_plan", plan)


def swallows_an_error(monkeypatch):
    end = RecordWriter.end_trial
    monkeypatch.setattr(RecordWriter, "end_trial", lambda self, i, error=None: end(self, i))


def loses_a_row_of_a_checkpoint(monkeypatch):
    def save(records, trial_id, checkpoint):
        kept(records, trial_id, {**checkpoint, "rows": checkpoint["rows"][:-1]})

    kept = course.save_checkpoint
    monkeypatch.setattr(course, "save_checkpoint", save)


def writes_no_report(monkeypatch):
    def write(*arguments):
        raise AssertionError("no report")

    monkeypatch.setattr(harness, "write_report", write)


FAULTS = {
    drops_a_row: r"\[\(0, 1\)[^[]*\], not \[\(0, 1\).* \(1, 1\)",
    gives_two_trials_one_id: "two trials have one id|has the trial_id .* twice",
    swallows_an_error: "raises in the middle is finished, not failed",
    loses_a_row_of_a_checkpoint: "a resumed record has another digest",
    writes_no_report: "no report",
}


@pytest.mark.parametrize(
    "plant", [None, *FAULTS], ids=lambda plant: plant.__name__ if plant else "none"
)
def test_a_planted_fault_is_seen(plant, monkeypatch, tmp_path):
    drawn = study("fine", "raises in the middle")
    if plant is None:
        assert {*harness.check(drawn, tmp_path, True)} == {"fine", "raises in the middle"}
        return
    plant(monkeypatch)
    with pytest.raises((AssertionError, ValueError), match=FAULTS[plant]):
        harness.check(drawn, tmp_path, with_report=True)


def test_a_study_that_must_be_refused_is(tmp_path):
    drawn = study("fine", is_refused=True)
    with pytest.raises(AssertionError, match="must be refused, and was planned"):
        harness.check(drawn, tmp_path)
    drawn.arguments["fixed"]["x"] = {1, 2}
    assert harness.check(drawn, tmp_path) == ["refused"]
    with pytest.raises(AssertionError, match="must not be refused"):
        harness.check(dataclasses.replace(drawn, is_refused=False), tmp_path)


@pytest.mark.ray
@pytest.mark.more
@pytest.mark.timeout(300)
def test_random_studies_hold_through_the_command_line():
    met, wrong = through_ray(10, seed=0)
    assert not wrong
    assert met["studies"] == 10 and met["hangs"]
