"""Fused trials on a local Ray: the record is the same as of trials trained one by one."""

import os
import signal
import time

import pytest

from sweepbook.record.load import load_record

pytestmark = [pytest.mark.ray, pytest.mark.timeout(300)]

STUDIES = """
import dataclasses
from search_spaces.mlp_training import LEARNING_RATE
from sweepbook import ASHA, Fidelity, Fused, Metric, Study

RATES = dataclasses.replace(
    LEARNING_RATE, name="rates", grid={"lr": [1.0, 0.03, 0.01, 0.003, 0.001]},
    fixed={"epochs": 3, "batch_size": 100}, replicates=2,
    figures=(), claims=(), published=None, answers="",
)
LONG = dataclasses.replace(RATES, name="long", fixed={"epochs": 60, "batch_size": 100})

def train(config, state=None):
    for (metrics,) in train_stack([config], [state]):
        yield metrics

def train_stack(configs, states):
    for n in range((states[0]["at"] if states[0] else 0) + 1, 5):
        for config in configs:
            print(config["mode"], "is trained with", len(configs))
            if config["mode"] == "raises" and n == 3:
                raise RuntimeError("planted error")
        yield [
            {"round": n, "replicates": {"val_acc": [n, n + 1]}, "state": lambda: {"at": n}}
            for config in configs
        ]

STOPPED = dataclasses.replace(
    RATES, name="stopped", grid={"lr": [round(1e-4 * 1.6**n, 6) for n in range(14)]},
    fixed={"epochs": 9, "batch_size": 100}, scheduler=ASHA(grace_period=1, reduction_factor=3),
)
SLOW = dataclasses.replace(
    STOPPED, name="slow", fixed={"epochs": 81, "batch_size": 100},
    scheduler=ASHA(grace_period=3, reduction_factor=3),
)

FAILING = Study(
    name="failing", question="?", trainable="planted:train", metric=Metric("val_acc", "max"),
    fidelity=Fidelity("round", "rounds"), grid={"mode": ["a", "raises", "b"]},
    fixed={"rounds": 4}, replicates=2, stacked=True, fuse=True,
    fused=Fused(train="planted:train_stack", per_model=["mode"]),
)
JUDGED = dataclasses.replace(FAILING, scheduler=ASHA(grace_period=1, reduction_factor=2))
"""


@pytest.fixture(autouse=True)
def planted(tmp_path):
    (tmp_path / "planted.py").write_text(STUDIES)


def digest(tmp_path, name):
    return load_record(tmp_path / "records" / name).manifest.record_digest


def run_all(sweepbook, runs):
    processes = [sweepbook("run", *arguments) for arguments in runs]
    for process in processes:
        output, _ = process.communicate(timeout=280)
        assert process.returncode == 0, output


def test_the_record_of_a_grid_is_the_same_fused_or_not(sweepbook, tmp_path, city_folder):
    shared = ["planted.py:RATES", "--data", city_folder, "--no-cache"]
    run_all(
        sweepbook,
        [[*shared, "--no-fuse", "--name", "apart"], [*shared, "--fuse", "--name", "together"]],
    )
    assert digest(tmp_path, "together") == digest(tmp_path, "apart")
    together, apart = (load_record(tmp_path / "records" / name) for name in ("together", "apart"))
    assert len(together.predictions()) == len(apart.predictions()) > 0
    trials = together.trials
    assert set(trials["status"]) == {"finished"}
    assert (trials["time_total_s"] > 0).all() and (trials["time_train_s"] > 0).all()
    ids = set(trials["trial_id"])
    assert {p.stem for p in (together.path / "checkpoints").iterdir()} >= ids


@pytest.mark.parametrize("study", ["FAILING", "JUDGED"])
def test_a_trial_that_raises_does_not_fail_those_of_its_stack(study, complete, tmp_path):
    code, output = complete("run", f"planted.py:{study}", "--max-concurrent", 1)
    assert code == 1, output
    folder = tmp_path / "records" / "failing"
    trials = load_record(folder).trials.set_index("config/mode")
    assert dict(trials["status"]) == {"a": "finished", "b": "finished", "raises": "failed"}
    assert "planted error" in trials.loc["raises", "reason"]
    assert trials.loc["raises", "last_fidelity"] == 2
    assert trials.loc["a", "n_retries"] == 1
    assert "next by itself" in output
    logs = {mode: complete("logs", folder, row["trial_id"])[1] for mode, row in trials.iterrows()}
    for mode, log in logs.items():
        assert f"{mode} is trained with 3" in log and f"{mode} is trained with 1" in log


def curves(record):
    rows = record.reports.set_index(["trial_id", "replicate", "epoch"]).sort_index()
    return rows[["train_loss", "val_loss", "test_acc"]]


def rungs(record):
    return record.trials.set_index("trial_id")[["status", "rung", "reason"]]


def test_asha_judges_fused_trials_by_the_same_numbers_and_the_same_rule(
    sweepbook, tmp_path, city_folder
):
    shared = ["planted.py:STOPPED", "--data", city_folder, "--no-cache", "--max-concurrent", 1]
    runs = [[*shared, option, "--name", option[2:]] for option in ("--fuse", "--no-fuse")]
    run_all(sweepbook, runs)
    fused, apart = (load_record(tmp_path / "records" / name) for name in ("fuse", "no-fuse"))
    shown = curves(fused).merge(curves(apart), left_index=True, right_index=True)
    assert len(shown) >= 2 * 14, "each trial has its first epoch in both"
    for name in ("train_loss", "val_loss", "test_acc"):
        assert (shown[f"{name}_x"] == shown[f"{name}_y"]).all()
    for trial_id, row in rungs(fused).iterrows():
        last = fused.reports.loc[fused.reports["trial_id"] == trial_id, "epoch"].max()
        assert row["status"] in ("stopped", "finished")
        assert last == (9 if row["status"] == "finished" else row["rung"])
        if row["status"] == "stopped":
            assert f"stopped at rung epoch {int(row['rung'])}: val_loss" in row["reason"]
    assert {1, 3} <= set(rungs(fused)["rung"].dropna()) and "finished" in set(
        rungs(fused)["status"]
    )
    assert (
        len(fused.predictions()["trial_id"].unique())
        == (rungs(fused)["status"] == "finished").sum()
    )


@pytest.mark.more
def test_a_kill_changes_no_rung_of_fused_trials(sweepbook, complete, tmp_path, city_folder):
    shared = ["planted.py:SLOW", "--data", city_folder, "--no-cache", "--max-concurrent", 1]
    code, output = complete("run", *shared, "--name", "whole")
    assert code == 0, output
    folder = tmp_path / "records" / "killed"
    process = sweepbook("run", *shared, "--name", "killed")
    for _ in range(2):
        began, deadline = time.time(), time.monotonic() + 120
        while time.monotonic() < deadline and not any(
            path.stat().st_mtime > began for path in folder.glob("checkpoints/*.pt")
        ):
            time.sleep(0.1)
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process = sweepbook("run", "--resume", folder)
    output, _ = process.communicate(timeout=200)
    assert process.returncode == 0, output
    killed, whole = (load_record(tmp_path / "records" / name) for name in ("killed", "whole"))
    assert set(killed.trials["status"]) == {"stopped", "finished"}
    shown = curves(killed).merge(curves(whole), left_index=True, right_index=True)
    assert (shown["val_loss_x"] == shown["val_loss_y"]).all() and len(shown) >= 2 * 14 * 3
    for _, row in killed.trials.iterrows():
        assert row["last_fidelity"] == (81 if row["status"] == "finished" else row["rung"])


@pytest.mark.more
def test_neither_workers_nor_a_kill_changes_a_record_of_fused_trials(
    sweepbook, complete, tmp_path, city_folder
):
    shared = ["planted.py:LONG", "--data", city_folder, "--no-cache"]
    runs = [[*shared, "--name", f"of-{n}", "--max-concurrent", n] for n in (1, 2)]
    run_all(sweepbook, runs)
    folder = tmp_path / "records" / "killed"
    process = sweepbook("run", *shared, "--name", "killed")
    deadline = time.monotonic() + 120
    while not list(folder.glob("checkpoints/*.pt")) and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(1.0)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    code, output = complete("run", "--resume", folder)
    assert code == 0, output
    apart = sweepbook("run", *shared, "--name", "apart", "--no-fuse")
    assert apart.communicate(timeout=280) and apart.returncode == 0
    names = ("of-1", "of-2", "killed", "apart")
    assert len({digest(tmp_path, name) for name in names}) == 1
