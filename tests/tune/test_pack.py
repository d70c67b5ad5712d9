"""A pack in a worker: each of its trials has the rows, files and course that it has alone."""

import dataclasses
import sys
from pathlib import Path

import pytest

from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.checkpoints import load_checkpoint
from sweepbook.tune.worker import course
from sweepbook.tune.worker.assignment import Assignment, Pack
from sweepbook.tune.worker.pack import pack_reports
from sweepbook.tune.worker.run import reports

STACKED = """
import math
import numpy as np
from sweepbook import Fidelity, Fused, Metric, Study

calls = []

def one(config, n):
    gone = math.nan if n >= config["gone_at"] else 0.0
    return {
        "round": n,
        "replicates": {"val_acc": [config["slope"] * n + r + gone for r in range(2)]},
        "note": f"at {n}",
        "state": lambda: {"at": n},
        "predictions": lambda: {
            "split": "test", "row_id": np.tile(np.arange(3), (2, 1)), "label": np.zeros((2, 3)),
            "predicted": np.full((2, 3), n), "probability": np.ones((2, 3)),
        },
    }

def train(config, state=None):
    for n in range((state["at"] if state else 0) + 1, config["rounds"] + 1):
        yield one(config, n)

def train_stack(configs, states):
    starts = {state["at"] if state else 0 for state in states}
    calls.append((len(configs), starts))
    (start,) = starts
    for n in range(start + 1, configs[0]["rounds"] + 1):
        if BROKEN and n == 2:
            yield [one(configs[0], n)]
        yield [one(config, n) for config in configs]

BROKEN = False
STUDY = Study(
    name="packed", question="?", trainable="MODULE:train", metric=Metric("val_acc", "max"),
    fidelity=Fidelity("round", "rounds"), points=[
        {"slope": 1.0, "gone_at": 99}, {"slope": 2.0, "gone_at": 3}, {"slope": 3.0, "gone_at": 99},
    ],
    fixed={"rounds": 4}, replicates=2, stacked=True, fuse=True,
    fused=Fused(train="MODULE:train_stack", per_model=["slope", "gone_at"]),
)
"""


@pytest.fixture
def members(toy_file, tmp_path, monkeypatch):
    """members(folder): assignments of three trials, the second of which diverges at round 3."""
    toy_file.write_text(STACKED.replace("MODULE", toy_file.stem))
    (study,) = load_studies([str(toy_file)])
    trials = sorted(make_plan(study, Options()).trials, key=lambda trial: trial.config["slope"])
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", 0.0)

    def made(folder):
        for name in ("checkpoints", "parts"):
            (tmp_path / folder / name).mkdir(parents=True)
        return [Assignment(trial, [str(tmp_path / folder)], []) for trial in trials]

    return made


def packed(own):
    study = sys.modules[own[0].trial.trainable.partition(":")[0]].STUDY
    return Pack(own, study.fused.train)


def rows_by_trial(told):
    found = {}
    for report in told:
        for own in report.get("members", [report]):
            rows = [{k: v for k, v in row.items() if k != "time_s"} for row in own["rows"]]
            found.setdefault(own["of"], []).append((own["fidelity"], rows))
    return found


def files(own):
    folder = own[0].records[0]
    return sorted(path.name for path in Path(folder).rglob("*.*"))


def test_each_trial_reports_and_keeps_what_it_does_alone(members):
    alone, together = members("alone"), members("together")
    expected = rows_by_trial([report for own in alone for report in reports(own)])
    found = rows_by_trial(pack_reports(packed(together)))
    assert repr(found) == repr(expected)  # NaN, too
    assert [at for at, _ in found[together[1].trial.trial_id]] == [1, 2, 3], "it diverged"
    assert files(together) == files(alone)
    for one, other in zip(alone, together, strict=True):
        own, theirs = (load_checkpoint(a.records, a.trial.trial_id) for a in (one, other))
        assert own["fidelity"] == theirs["fidelity"] and own["state"] == theirs["state"]
        assert repr(own["rows"]) != "" and len(own["rows"]) == len(theirs["rows"])


def test_each_trial_has_spent_its_share(members):
    told = list(pack_reports(packed(members("record"))))
    shares = [own["spent"] for own in told[0]["members"]]
    assert shares[0] == shares[1] == shares[2] and len(told[0]["members"]) == 3
    assert [len(report["members"]) for report in told] == [3, 3, 3, 2]


@pytest.mark.parametrize("cut", [1, 2])
def test_trials_that_stand_apart_go_on_each_from_its_own_checkpoint(members, cut):
    together = members("record")
    begun = pack_reports(packed(together))
    for _ in range(cut):
        next(begun)
    begun.close()
    rest = reports(together[2])  # a worker was killed between two checkpoints
    for _ in range(cut, 3):
        next(rest)
    rest.close()
    module = sys.modules[together[0].trial.trainable.partition(":")[0]]
    module.calls.clear()
    found = rows_by_trial(pack_reports(packed(together)))
    assert [n for n, _ in module.calls] == [2, 1]
    alone = members("alone")
    for own in alone:
        every = [
            row for _, rows in rows_by_trial(reports(own))[own.trial.trial_id] for row in rows
        ]
        again = [row for _, rows in found[own.trial.trial_id] for row in rows]
        assert repr(again) == repr(every), "a checkpoint carries the rows so far"


def test_trials_that_are_over_are_told_once_more(members):
    together = members("record")
    list(pack_reports(packed(together)))
    (again,) = pack_reports(packed(together))
    assert [own["fidelity"] for own in again["members"]] == [4, 3, 4]


def test_a_pack_ends_at_its_rung_and_one_that_stands_there_is_told_again(members):
    together = members("record")
    pack = packed(together)
    told = list(pack_reports(dataclasses.replace(pack, until=2)))
    assert [report["fidelity"] for report in told] == [1, 2]
    states = [load_checkpoint(own.records, own.trial.trial_id) for own in together]
    assert [state["fidelity"] for state in states] == [2, 2, 2]
    (again,) = pack_reports(dataclasses.replace(pack, until=2))
    assert [len(own["rows"]) for own in again["members"]] == [4, 4, 4], "with all that it knows"
    rest = list(pack_reports(dataclasses.replace(pack, until=4)))
    assert [report["fidelity"] for report in rest] == [3, 4]


def test_a_stack_that_yields_too_few_is_refused(members):
    own = members("record")
    sys.modules[own[0].trial.trainable.partition(":")[0]].BROKEN = True
    with pytest.raises(TypeError, match="a list of 3 dicts, got 1"):
        list(pack_reports(packed(own)))
