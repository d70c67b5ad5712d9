"""Functions of Ray Tune in Ray itself: one that fails alone fails alone, and says where."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sweepbook.record.load import load_record

STUDY = """
import threading
from ray import tune
from sweepbook import Fidelity, Metric, Study

def good(config):
    assert tune.get_context().get_trial_id() and tune.get_checkpoint() is None
    while True:
        tune.report({"loss": 0.5})

def raising(config):
    tune.report({"loss": 0.5})
    raise KeyError("lr")

def in_a_thread(config):
    tune.report({"loss": 0.5})
    thread = threading.Thread(target=tune.report, args=({"loss": 0.5},))
    thread.start()
    thread.join()
    tune.report({"loss": 0.5})

def late_thread(config):
    threading.Timer(0.3, tune.report, [{"loss": 0.5}]).start()
    tune.report({"loss": 0.5})
    import time
    for _ in range(8):  # the report comes in the middle of whatever
        time.sleep(0.1)
    tune.report({"loss": 0.5})

def train(config):
    cases = {f.__name__: f for f in (good, raising, in_a_thread, late_thread)}
    return cases[config["case"]](config)

STUDY = Study(
    name="cases", question="?", trainable="study:train", metric=Metric("loss", "min"),
    fidelity=Fidelity("round", "rounds"), fixed={"rounds": 3}, replicates=2,
    grid={"case": ["good", "raising", "in_a_thread", "late_thread"]},
)
"""


@pytest.mark.more
@pytest.mark.ray
@pytest.mark.timeout(240)
def test_a_trial_that_fails_fails_alone(tmp_path):
    (tmp_path / "study.py").write_text(STUDY)
    command = [sys.executable, "-m", "sweepbook", "run", "study.py"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    trials = load_record(tmp_path / "records" / "cases").trials.set_index("config/case")
    assert trials["status"].to_dict() == {
        "good": "finished", "raising": "failed", "in_a_thread": "failed", "late_thread": "failed"
    }  # fmt: skip
    assert trials["last_fidelity"]["good"] == 3
    assert "study.py, line" in trials["error"]["raising"]
    for case in ("in_a_thread", "late_thread"):
        assert "in the thread" in trials["error"][case]
