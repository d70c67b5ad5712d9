import os
import signal
import time

import pytest

from analysis.load import load_record

pytestmark = [pytest.mark.ray, pytest.mark.timeout(200)]

STUDY = """
import math, time
from search_spaces import Fidelity, Metric, Study

def train(config, state=None):
    at = state["at"] if state else 0
    for n in range(at + 1, config["rounds"] + 1):
        time.sleep(config["pause_s"])
        if config["mode"] == "raises" and n == 2:
            raise RuntimeError("planted error")
        value = float(config["seed"] % 97 + n)
        if config["mode"] == "nan" or (config["mode"] == "half" and config["seed"] % 2):
            value = math.nan
        yield {"round": n, "val_acc": value, "state": lambda n=n: {"at": n}}

def study(name, modes, pause_s=0.0):
    return Study(
        name=name, question="?", trainable="planted:train",
        metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
        points=[{"mode": mode} for mode in modes],
        fixed={"rounds": 6, "pause_s": pause_s}, replicates=4,
    )

ENDINGS = study("endings", ["good", "raises", "nan", "half"])
SLOW = study("slow", ["good", "fine", "also"], 0.15)
QUICK = study("quick", ["good", "fine", "also"])
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
    assert record.manifest["status"] == "failed"
    assert "planted error" in output
    left = {p.name for p in record.path.iterdir()}
    assert ".ray" not in left


def test_the_same_numbers_whatever_workers_and_order(complete, tmp_path):
    text = (tmp_path / "planted.py").read_text()
    assert (
        complete("run", "planted.py:QUICK", "--no-cache", "--name", "one", "--max-concurrent", 1)[
            0
        ]
        == 0
    )
    other = text.replace('"quick", ["good", "fine", "also"]', '"quick", ["also", "good", "fine"]')
    assert other != text
    (tmp_path / "planted.py").write_text(other)
    assert (
        complete("run", "planted.py:QUICK", "--no-cache", "--name", "two", "--max-concurrent", 2)[
            0
        ]
        == 0
    )
    assert digest(tmp_path / "records" / "one") == digest(tmp_path / "records" / "two")


def test_an_interrupted_study_goes_on_to_the_undisturbed_record(sweepbook, complete, tmp_path):
    assert complete("run", "planted.py:SLOW", "--name", "calm")[0] == 0
    calm = tmp_path / "records" / "calm"
    for name, number in (("stopped", signal.SIGINT), ("killed", signal.SIGKILL)):
        folder = tmp_path / "records" / name
        process = sweepbook("run", "planted.py:SLOW", "--no-cache", "--name", name)
        wait_for(lambda folder=folder: list(folder.glob("checkpoints/*.pt")))
        start = time.monotonic()
        os.kill(process.pid, number)
        output, _ = process.communicate(timeout=60)
        assert time.monotonic() - start < 20, "it ends within seconds"
        assert process.returncode == (1 if number == signal.SIGINT else -number), output
        before = load_record(folder)
        code, output = complete("run", "--resume", folder)
        assert code == 0, output
        assert digest(folder) == digest(calm)
        if number == signal.SIGINT:  # the steps before it were not trained again
            assert before.manifest["status"] == "interrupted"
            assert 0 < len(before.reports) < len(load_record(calm).reports)
            key = ["trial_id", "replicate", "round"]
            kept = before.reports.merge(load_record(folder).reports, on=key)
            assert len(kept) == len(before.reports)
            assert (kept["time_s_x"] == kept["time_s_y"]).all()


def digest(folder):
    return load_record(folder).manifest["record_digest"]


def wait_for(condition, limit_s=60):
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
