import os
import signal
import time

import pytest

from sweepbook.pages.studies.claims import finding_table
from sweepbook.record.best import best_of
from sweepbook.record.load import load_record

pytestmark = [pytest.mark.ray, pytest.mark.timeout(200)]

STUDY = """
import dataclasses, math, time
from pathlib import Path
from sweepbook import Fidelity, Metric, Study

def train(config, state=None):
    at = state["at"] if state else 0
    for n in range(at + 1, config["rounds"] + 1):
        if Path("slow").exists():
            time.sleep(0.1)
        if config["mode"] == "raises" and n == 2:
            raise RuntimeError("planted error")
        value = config["seed"] % 97 + min(n, 2) - n / 1000  # best at round 2
        if config["mode"] == "nan" or (config["mode"] == "half" and config["seed"] % 2):
            value = math.nan
        yield {"round": n, "val_acc": value, "state": lambda n=n: {"at": n}}

def study(name, modes, rounds=6, replicates=4):
    return Study(
        name=name, question="?", trainable="planted:train",
        metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
        points=[{"mode": mode} for mode in modes],
        fixed={"rounds": rounds}, replicates=replicates,
    )

def cost(config, data):
    return 1.0 + float(["good", "fine", "also"].index(config["mode"]))

ENDINGS = study("endings", ["good", "raises", "nan", "half"])
SLOW = study("slow", ["good", "fine"], rounds=200, replicates=2)
QUICK = study("quick", ["good", "fine", "also"])
KCIUQ = dataclasses.replace(QUICK, cost="planted:cost")  # trained the other way round
"""


@pytest.fixture(autouse=True)
def planted(tmp_path):
    (tmp_path / "planted.py").write_text(STUDY)


def endings(folder):
    trials = load_record(folder).trials
    return dict(zip(trials["config/mode"], trials["status"], strict=True))


def test_every_ending_has_its_reason_and_the_exit_code_tells(complete, tmp_path):
    code, output = complete("run", "planted.py:ENDINGS")
    assert code == 1, output
    record = load_record(tmp_path / "records" / "endings")
    assert endings(record.path) == {
        "good": "finished",
        "raises": "failed",
        "nan": "diverged",
        "half": "finished",
    }
    trials = record.trials.set_index("config/mode")
    assert "planted error" in trials.loc["raises", "error"]
    assert "RuntimeError: planted error" in trials.loc["raises", "reason"]
    assert trials.loc["raises", "last_fidelity"] == 1
    assert trials.loc["nan", "last_fidelity"] == 1
    assert "replicates diverged" in trials.loc["half", "reason"]
    assert record.manifest.status == "failed"
    assert "planted error" in output
    left = {p.name for p in record.path.iterdir()}
    assert ".ray" not in left


TALK = """
import logging, os, subprocess
from sweepbook import Fidelity, Metric, Study

log = logging.getLogger("mine")

def train(config):
    logging.basicConfig(level=logging.INFO)
    for n in (1, 2):
        mode = config["mode"]
        print("printed by", mode)
        log.info("logged by %s", mode)
        subprocess.run(["sh", "-c", f"echo child of {mode}"])
        os.write(1, f"raw of {mode}\\n".encode())
        if mode == "raises" and n == 2:
            raise RuntimeError("planted error")
        yield {"round": n, "val_acc": 1.0}

TALK = Study(
    name="talk", question="?", trainable="talk:train", metric=Metric("val_acc", "max"),
    fidelity=Fidelity("round", "rounds"), points=[{"mode": m} for m in ("good", "also", "raises")],
    fixed={"rounds": 2}, replicates=1,
)
"""


def test_what_a_trial_prints_is_in_its_log_and_in_no_other(complete, tmp_path):
    (tmp_path / "talk.py").write_text(TALK)
    # one worker trains them one after the other
    code, output = complete("run", "talk.py", "--max-concurrent", 1)
    assert code == 1 and "printed by" not in output, output
    folder = tmp_path / "records" / "talk"
    ids = load_record(folder).trials.set_index("config/mode")["trial_id"]
    for mode, n_attempts in (("good", 1), ("also", 1), ("raises", 2)):
        words = [f"printed by {mode}", f"INFO:mine:logged by {mode}"]
        words += [f"child of {mode}", f"raw of {mode}"]
        code, shown = complete("logs", folder, ids[mode])
        lines = [line for line in shown.splitlines() if not line.startswith("--- attempt")]
        assert (code, lines) == (0, words * 2 * n_attempts)
        assert len(shown.splitlines()) - len(lines) == n_attempts
    code, output = complete("report", folder)
    assert code == 0, output
    assert "raw of raises\n</pre>" in (tmp_path / "report" / "report.html").read_text()
    code, output = complete("verify", folder, "--trials", 0)
    assert "that the manifest gives" not in output, "the logs do not count"


def test_the_same_numbers_whatever_workers_and_order(sweepbook, tmp_path):
    processes = [
        sweepbook("run", f"planted.py:{name}", "--no-cache", "--name", name, "--max-concurrent", n)
        for name, n in (("QUICK", 1), ("KCIUQ", 2))
    ]
    for process in processes:
        output, _ = process.communicate(timeout=180)
        assert process.returncode == 0, output
    one, two = (load_record(tmp_path / "records" / name) for name in ("QUICK", "KCIUQ"))
    planned = [[t.trial_id for t in record.manifest.trials] for record in (one, two)]
    assert sorted(planned[0]) == sorted(planned[1]) and planned[0] != planned[1], "another order"
    assert one.manifest.record_digest == two.manifest.record_digest


def test_the_best_of_a_grid_are_trained_anew_with_other_seeds(complete, tmp_path):
    code, output = complete("run", "planted.py:QUICK")
    assert code == 0, output
    refused = complete("confirm", "records/quick", "--seed", 0)
    assert refused[0] == 2 and "--seed must differ" in refused[1]
    code, output = complete("confirm", "records/quick", "--seed", 1, "--top", 2)
    assert code == 0, output
    record = load_record(tmp_path / "records" / "quick-confirm")
    assert record.manifest.confirms.record == "quick"
    assert set(record.trials["config/mode"]) < {"good", "fine", "also"}
    assert [(r.status, r.n_replicates, r.seed) for r in record.trials.itertuples()] == [
        ("finished", 5, 1)
    ] * 2
    findings = finding_table(record)
    order = findings.set_index("name").loc["order"]
    assert order["verdict"] == "undecided" and "mode" in order["sentence"]


@pytest.mark.more
def test_a_study_interrupted_in_every_way_goes_on_to_the_undisturbed_record(
    sweepbook, undisturbed_digest, tmp_path
):
    folder = tmp_path / "records" / "slow"
    (tmp_path / "slow").touch()
    command = ["run", "planted.py:SLOW"]
    for interrupt in (press_ctrl_c, terminate_the_group, kill):
        began = time.time()
        process = sweepbook(*command)
        wait_for(lambda since=began: any_newer(folder.glob("checkpoints/*.pt"), since))
        asked = time.monotonic()
        interrupt(process)
        output, _ = process.communicate(timeout=60)
        assert time.monotonic() - asked < 20, "it ends within seconds"
        record = load_record(folder)
        if interrupt is kill:
            assert process.returncode == -signal.SIGKILL
            assert record.manifest.status == "running", "as at its last part"
        else:
            assert process.returncode == 1, output
            assert "slow: 2 interrupted" in output, output
            assert record.manifest.status == "interrupted"
            assert set(record.trials["status"]) == {"interrupted"}
            before = record.reports
        command = ["run", "--resume", folder]
    (tmp_path / "slow").unlink()
    process = sweepbook(*command)
    output, _ = process.communicate(timeout=100)
    assert process.returncode == 0, output
    assert digest(folder) == undisturbed_digest("planted.py:SLOW", 2)
    key = ["trial_id", "replicate", "round"]  # the steps before were not trained again
    record = load_record(folder)
    for trial_id in record.trials["trial_id"]:  # long before the first interruption
        best = best_of(record, trial_id)
        assert best.fidelity == 2 and best.state == [{"at": 2}] * 2
    kept = before.merge(record.reports, on=key)
    assert len(kept) == len(before) > 0
    assert (kept["time_s_x"] == kept["time_s_y"]).all()


def press_ctrl_c(process):
    os.kill(process.pid, signal.SIGINT)


def terminate_the_group(process):
    """As a batch system does, or a terminal that closes; Ray would die before the driver."""
    os.killpg(process.pid, signal.SIGTERM)


def kill(process):
    os.kill(process.pid, signal.SIGKILL)


def any_newer(files, since):
    return any(file.stat().st_mtime > since for file in files)


def digest(folder):
    return load_record(folder).manifest.record_digest


def wait_for(condition, limit_s=60):
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
