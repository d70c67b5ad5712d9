"""A study with a scheduler on a real local Ray: who is stopped, why, and what a resume knows."""

import os
import signal
import time

import pytest

from sweepbook.record.best import best_of
from sweepbook.record.load import load_record

pytestmark = [pytest.mark.ray, pytest.mark.timeout(120)]

STUDY = """
import dataclasses, math, time
from pathlib import Path
from sweepbook import ASHA, Fidelity, Metric, Study

def train(config, state=None):
    first, slope, waits, nan_from = KINDS[config["kind"]]
    odd = config["seed"] == config["odd_seed"]
    for n in range(1 + (state or 0), config["rounds"] + 1):
        while waits and not Path("gate").exists():
            time.sleep(0.05)
        bad = nan_from and n >= nan_from and (odd or config["kind"] == "nan")
        value = math.nan if bad else first + slope * n
        yield {"round": n, "val_loss": value, "state": lambda n=n: n}

# kind: the loss at round 0, its change per round, waits for the gate, first round with a NaN
KINDS = {
    "winner": (1.0, -0.1, False, 0), "loser": (1.0, 0.1, True, 0), "late": (0.5, 0.1, False, 0),
    "nan": (1.0, 0.0, False, 2), "half": (1.0, -0.2, False, 2), "best": (0.9, -0.1, False, 0),
}

def cost(config, data):
    return float(len(KINDS) - list(KINDS).index(config["kind"]))  # trained in this order

def study(name, kinds):
    return Study(
        name=name, question="?", trainable="planted:train", cost="planted:cost",
        metric=Metric("val_loss", "min"), fidelity=Fidelity("round", "rounds"),
        grid={"kind": kinds}, fixed={"rounds": 12, "odd_seed": ODD}, replicates=2,
        scheduler=ASHA(grace_period=3, reduction_factor=3, max_t=10),
    )

ENDINGS = study("endings", list(KINDS))
WHOLE = dataclasses.replace(ENDINGS, name="whole", grid={"kind": ["late"]}, scheduler=None)
"""


@pytest.fixture(autouse=True)
def planted(tmp_path):
    from sweepbook.tune.worker.generator import replicate_seed

    (tmp_path / "planted.py").write_text(STUDY.replace("ODD", str(replicate_seed(0, 1))))


def rows(record):
    return record.trials.set_index("config/kind")


def test_a_study_that_is_killed_and_goes_on_stops_the_losers_and_keeps_the_winner(
    sweepbook, complete, tmp_path
):
    folder = tmp_path / "records" / "endings"
    process = sweepbook("run", "planted.py", "--max-concurrent", 1)
    deadline = time.monotonic() + 60
    while not winner_is_recorded(folder):
        assert process.poll() is None and time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = rows(load_record(folder))
    assert dict(before["status"]) == dict.fromkeys(before.index, "running") | {
        "winner": "finished"
    }
    whole = rows(load_record(tmp_path / "records" / "whole")).loc["late"]
    assert whole["reason"] == "reached round 12", "a study without scheduler, beside one with"
    (tmp_path / "gate").touch()  # the loser, the second, went no further before
    code, output = complete("run", "--resume", folder, "--max-concurrent", 1)
    assert code == 0, output
    record = load_record(folder)
    trials = rows(record)
    assert record.manifest.status == "complete"
    assert trials.loc["winner", "ended"] == before.loc["winner", "ended"], "not trained again"
    assert trials.loc["winner", "reason"] == "reached round 10", "max_t, and that is no stop"
    assert dict(trials["status"]) == {
        "winner": "finished",
        "loser": "stopped",
        "late": "stopped",
        "nan": "diverged",
        "half": "diverged",
        "best": "finished",
    }
    # the winner's 0.7 at round 3 and 0.1 at round 9 were recorded before the driver was killed
    assert_stopped(trials.loc["loser"], 3, "val_loss 1.3 > cutoff 0.7", 0.7)
    assert "val_loss 1.3 > cutoff 0.7" in output
    # 0.8 at round 3 was better than (2 * 1.3 + 0.7) / 3, but then it grew
    assert_stopped(trials.loc["late"], 9, "val_loss 1.4 > cutoff 0.1", 0.1)
    assert trials.loc["nan", "reason"] == "all 2 replicates NaN or infinite at round 2"
    assert trials.loc["half", "reason"] == "1 of 2 replicates NaN or infinite at round 2"
    assert set(trials.loc[["nan", "half"], "last_fidelity"]) == {2}
    others = trials[trials["status"] != "stopped"]
    assert others[["rung", "cutoff"]].isna().all(axis=None)
    best = {kind: best_of(record, row["trial_id"]) for kind, row in trials.iterrows()}
    assert {kind: own.fidelity for kind, own in best.items()} == {
        "winner": 10, "loser": 1, "late": 1, "nan": 1, "half": 1, "best": 10
    }  # fmt: skip
    assert {kind: own.state for kind, own in best.items()} == {
        kind: [own.fidelity] * 2 for kind, own in best.items()
    }, "also of trials that a scheduler ended"
    assert best_of(record).trial_id == trials.loc["best", "trial_id"]


def assert_stopped(trial, rung, why, cutoff):
    assert trial["reason"] == f"stopped at rung round {rung}: {why}"
    assert (trial["rung"], trial["last_fidelity"]) == (rung, rung)
    assert trial["cutoff"] == pytest.approx(cutoff)


def winner_is_recorded(folder):
    if not (folder / "trials.parquet").exists():
        return False
    return rows(load_record(folder)).loc["winner", "status"] == "finished"


RANDOM = """
import dataclasses
from sweepbook import ASHA, Fidelity, Metric, Study

def train(config):
    value = config["first"]
    for n in range(1, config["rounds"] + 1):
        value += ((config["place"] * 7919 + n * 104729) % 997 - 498) / 1000  # no two alike
        yield {"round": n, "val_acc": float("nan") if config["place"] == 2 and n > 2 else value}

def cost(config, data):
    return float(100 - config["place"])  # trained in this order

WHOLE = Study(
    name="whole", question="?", trainable="random_curves:train", cost="random_curves:cost",
    metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"), replicates=1,
    points=[{"place": i, "first": (i * 31 % 12) / 12} for i in range(12)], fixed={"rounds": 9},
)
ASHED = dataclasses.replace(
    WHOLE, name="ashed", scheduler=ASHA(grace_period=1, reduction_factor=2)
)
"""


def test_a_replay_of_whole_curves_decides_as_the_study_with_a_scheduler_did(complete, tmp_path):
    from sweepbook.replay.table import Setting, play
    from sweepbook.replay.virtual import Arrival, full_curves

    (tmp_path / "random_curves.py").write_text(RANDOM)
    code, output = complete("run", "random_curves.py", "--max-concurrent", 1)
    assert code == 0, output
    whole, ashed = (load_record(tmp_path / "records" / name) for name in ("whole", "ashed"))
    places = whole.trials.set_index("trial_id")["config/place"]
    curves = full_curves(whole)
    by_place = sorted(range(12), key=lambda i: places[curves[i].trial_id])
    setting = Setting(grace_period=1, reduction_factor=2, n_workers=1)
    found = next(play(curves, setting, [Arrival(by_place, [1.0] * 12)]))
    theirs = ashed.trials.set_index("config/place").sort_index()
    assert [found.reached[i] for i in by_place] == theirs["last_fidelity"].tolist()
    stopped = {int(places[curves[i].trial_id]): rung for i, rung in found.stopped.items()}
    assert stopped == theirs["rung"].dropna().astype(int).to_dict()
    assert set(stopped.values()) == {1, 2} and theirs.loc[2, "status"] == "diverged"
