"""A search on a real local Ray: killed, resumed, replayed; Optuna hears how every trial ended."""

import os
import signal
import time

import optuna
import pytest

from sweepbook.record.load import load_record

pytestmark = [pytest.mark.ray, pytest.mark.timeout(180)]

STUDY = """
import math, os, signal, time
from pathlib import Path
from sweepbook import ASHA, Fidelity, Metric, Search, Study

def space():
    from ray import tune
    return {"x": tune.uniform(0.0, 1.0), "y": tune.loguniform(1e-3, 1.0)}

def train(config, state=None):
    if config["x"] < 0.15:
        raise RuntimeError("planted")
    for n in range(1 + (state or 0), config["rounds"] + 1):
        value = (config["x"] - 0.3) ** 2 + (math.log10(config["y"]) + 1) ** 2 + config["w"] + 1 / n
        value = math.nan if config["x"] > 0.85 and n == 2 else value
        time.sleep(0.06)  # twice: two replicates; a first table comes after 5 s, amid the search
        yield {"round": n, "val_loss": value, "state": lambda n=n: n}

POINTS = [{"x": 0.3, "y": 0.1}, {"x": 0.3, "y": 1.0}, {"x": 0.9, "y": 0.1}, {"x": 0.1}]
SEARCH = Study(
    name="search", question="?", trainable="planted:train", metric=Metric("val_loss", "min"),
    fidelity=Fidelity("round", "rounds"), grid={"w": (0.0, 1.0)}, fixed={"rounds": 9},
    replicates=2, scheduler=ASHA(grace_period=2, reduction_factor=2),
    search=Search(space="planted:space", n_trials=7, n_random=3, points=POINTS),
)
"""
STATES = {"finished": "COMPLETE", "stopped": "PRUNED", "diverged": "FAIL", "failed": "FAIL"}


@pytest.fixture(autouse=True)
def planted(tmp_path):
    (tmp_path / "planted.py").write_text(STUDY)


def told(storage):
    """Every Optuna trial by our trial_id, with its study's name."""
    trials = {}
    for known in optuna.get_all_study_summaries(storage):
        for trial in optuna.load_study(study_name=known.study_name, storage=storage).trials:
            trials[trial.user_attrs.get("trial_id")] = trial
    return trials


@pytest.mark.more
def test_a_killed_search_goes_on_to_the_record_of_an_undisturbed_one(
    sweepbook, complete, tmp_path
):
    one = ("--max-concurrent", 1, "--max-failures", 0)
    code, output = complete("run", "planted.py", *one, "--name", "calm")
    assert code == 1, "some trials are planted to fail: " + output
    calm = load_record(tmp_path / "records" / "calm")
    assert len(calm.trials) == 14
    assert set(calm.trials["status"]) == set(STATES), "every ending happened"

    storage, folder = f"sqlite:///{tmp_path}/optuna.db", tmp_path / "records" / "killed"
    process = sweepbook("run", "planted.py", *one, "--name", "killed", "--optuna-storage", storage)
    deadline = time.monotonic() + 60
    while not n_recorded(folder):
        assert process.poll() is None and time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert 0 < len(load_record(folder).trials) < 14, "killed in between"
    code, output = complete("run", "--resume", folder, "--max-failures", 0)
    assert code == 1 and "1 trial at a time" in output, output
    killed = load_record(folder)
    columns = ["trial_id", "number", "status", "last_fidelity", "rung", "cutoff", "val_loss_last"]
    assert_same(killed.trials[columns], calm.trials[columns])
    assert killed.manifest.record_digest == calm.manifest.record_digest

    trials = killed.trials.set_index("trial_id")
    heard = told(storage)
    assert heard.keys() == set(trials.index)
    for trial_id, trial in heard.items():
        row = trials.loc[trial_id]
        assert trial.state.name == STATES[row["status"]]
        steps = trial.intermediate_values
        if row["status"] in ("finished", "stopped"):
            assert sorted(steps) == list(range(1, int(row["last_fidelity"]) + 1))
            assert trial.value == row["val_loss_last"] == steps[row["last_fidelity"]]
        else:
            assert trial.value is None


def n_recorded(folder):
    """Trials that the table of a growing record holds."""
    return len(load_record(folder).trials) if (folder / "trials.parquet").exists() else 0


def assert_same(one, two):
    assert one.reset_index(drop=True).equals(two.reset_index(drop=True)), f"{one}\n{two}"


def test_two_at_a_time_spend_the_same_budget_and_leave_nothing_running(complete, tmp_path):
    storage = str(tmp_path / "optuna.journal")
    code, output = complete(
        "run",
        "planted.py",
        "--max-concurrent",
        2,
        "--trials",
        4,
        "--max-failures",
        0,
        "--optuna-storage",
        storage,
    )
    record = load_record(tmp_path / "records" / "search")
    assert "8 of 8 trials done" in output, output
    trials = record.trials.sort_values("number")
    assert list(trials["config/w"][:2]) == [0.0, 1.0] and set(trials["config/x"][:2]) == {0.3}
    assert trials.groupby("config/w").size().to_dict() == {0.0: 4, 1.0: 4}
    backend = optuna.storages.journal.JournalFileBackend(storage)
    heard = told(optuna.storages.JournalStorage(backend))
    assert heard.keys() == set(trials["trial_id"])
    states = {i: STATES[s] for i, s in zip(trials["trial_id"], trials["status"], strict=True)}
    assert {i: t.state.name for i, t in heard.items()} == states
    assert code == 1, "one is planted to fail"


FINITE = """
from pathlib import Path
from sweepbook import Fidelity, Metric, Search, Study

def space():
    from ray import tune
    return {"n": tune.randint(0, 2)}

def train(config, state=None):
    if config["n"] == 1 and config["w"] == 1.0 and not Path(config["file"]).exists():
        raise RuntimeError("planted")
    yield {"round": 1, "val_loss": config["n"] + config["w"]}

SEARCH = Study(
    name="finite", question="?", trainable="finite:train", metric=Metric("val_loss", "min"),
    fidelity=Fidelity("round", "rounds"), grid={"w": (0.0, 1.0)},
    fixed={"rounds": 1, "file": "MENDED"}, replicates=1,
    search=Search(space="finite:space", n_trials=5, n_random=2),
)
"""


def test_an_exhausted_search_trains_its_failed_trial_when_it_is_resumed(complete, tmp_path):
    mended = tmp_path / "mended"
    (tmp_path / "finite.py").write_text(FINITE.replace("MENDED", str(mended)))
    code, output = complete("run", "finite.py", "--max-failures", 0)
    record = load_record(tmp_path / "records" / "finite")
    assert code == 1, output
    assert record.manifest.n_trials == {"finished": 3, "failed": 1}
    assert record.manifest.search.exhausted and record.manifest.status == "failed"
    mended.touch()
    code, output = complete("run", "--resume", record.path, "--max-concurrent", 1)
    assert code == 0 and "4 of 4 trials done" in output, output
    again = load_record(tmp_path / "records" / "finite")
    assert again.manifest.search.exhausted and again.manifest.status == "complete"
    assert list(again.trials["trial_id"]) == list(record.trials["trial_id"])
    assert set(again.trials["status"]) == {"finished"}
