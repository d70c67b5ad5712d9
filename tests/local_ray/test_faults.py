"""What goes wrong in a worker, on a real local Ray: tried again, then failed with its error."""

import pytest

from analysis.load import load_record

pytestmark = [pytest.mark.ray, pytest.mark.timeout(120)]

STUDY = """
import os, signal, time
from pathlib import Path
from search_spaces import Fidelity, Metric, Study

def is_first(what):
    try:
        Path(what).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True

def train(config, state=None):
    for n in range(1 + (state or 0), config["rounds"] + 1):
        time.sleep(0.01)
        if n == 3:
            fault(config["fault"])
        yield {"round": n, "val_acc": config["seed"] % 97 + n, "state": lambda n=n: n}

def fault(kind):
    if kind == "killed" and is_first(kind):
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "raises always":
        raise RuntimeError("planted, always")
    if kind == "hangs always":
        time.sleep(1000)

def study(name, faults):
    return Study(
        name=name, question="?", trainable="faulty:train", replicates=2, hang_s=2.0,
        metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
        grid={"fault": faults}, fixed={"rounds": 5},
    )

MENDED = study("mended", ["none", "killed"])
LOST = study("lost", ["raises always", "hangs always"])
"""


@pytest.fixture
def faulty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faulty.py").write_text(STUDY)


def rows(folder):
    return load_record(folder).trials.set_index("config/fault")


def test_faults_are_tried_again_then_failed_while_the_others_go_on(
    faulty, complete, undisturbed_digest, tmp_path
):
    code, output = complete("run", "faulty.py", "--max-failures", 1)
    assert code == 1, output
    mended, lost = tmp_path / "records" / "mended", tmp_path / "records" / "lost"

    assert set(rows(mended)["status"]) == {"finished"}, output
    assert dict(rows(mended)["n_retries"]) == {"none": 0, "killed": 1}
    assert (tmp_path / "killed").exists(), "it was met"
    assert load_record(mended).manifest["record_digest"] == undisturbed_digest(
        "faulty.py:MENDED", 2
    )
    assert load_record(mended).manifest["status"] == "complete"

    trials = rows(lost)
    assert set(trials["status"]) == {"failed"}
    assert set(trials["n_retries"]) == {1}
    assert set(trials["last_fidelity"]) == {2}
    reason = dict(trials["reason"])
    assert reason["raises always"] == "error after round 2 of 5: RuntimeError: planted, always"
    assert reason["hangs always"] == (
        "error after round 2 of 5: it hung: no step within 2.0 s (hang_s)"
    )
    error = dict(trials["error"])
    assert "faulty.py" in error["raises always"], "a traceback"
    assert 'faulty.py", line' in error["hangs always"] and "in fault" in error["hangs always"]
    assert "unexpectedly" in error["hangs always"], "what Ray knows of it"
    assert load_record(lost).manifest["status"] == "failed"
    assert "planted, always" in error["raises always"].split("Failure # ")[1], "both attempts"
    assert "\x1b" not in "".join(error.values())
    assert "tried again: mended fault=killed (its worker died" in output
    assert "failed: lost fault=hangs always (error after round 2 of 5: it hung" in output
