"""What goes wrong in a worker, on a real local Ray: tried again, then failed with its error.

And what goes wrong beside it: no memory left, no disk left.
"""

import os
import re
import subprocess
import time

import pytest
from ray._common.utils import get_system_memory
from ray._private.utils import get_used_memory

from sweepbook.pages.report import write_report
from sweepbook.record.load import load_record

pytestmark = [pytest.mark.ray, pytest.mark.timeout(200)]

STUDY = """
import os, signal, time
from pathlib import Path
from sweepbook import Fidelity, Metric, Study

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
        name = "val_ac" if config["fault"] == "misspells" else "val_acc"
        yield {"round": n, name: config["seed"] % 97 + n, "state": lambda n=n: n}

def fault(kind):
    while kind == "waits" and Path("gate").exists():
        time.sleep(0.05)
    if kind == "hog":
        held = [bytearray(b"x") * 2**27 for _ in range(int(os.environ["HOG_AT_MOST"]) >> 27)]
        raise RuntimeError(f"held {len(held)} blocks and lives")
    if kind == "killed" and is_first(kind):
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "raises always":
        raise RuntimeError("planted, always")
    if kind == "hangs always":
        time.sleep(1000)

def study(name, faults, hang_s=None):
    return Study(
        name=name, question="?", trainable="faulty:train", replicates=2, hang_s=hang_s,
        metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
        grid={"fault": faults}, fixed={"rounds": 5},
    )

MENDED = study("mended", ["none", "killed"], 2.0)
LOST = study("lost", ["raises always", "hangs always", "misspells"], 2.0)
OOM = study("oom", ["none", "hog", "late"])
FILLED = study("filled", ["waits", "none"])
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
    code, output = complete("run", "faulty.py:MENDED", "faulty.py:LOST", "--max-failures", 1)
    assert code == 1, output
    mended, lost = tmp_path / "records" / "mended", tmp_path / "records" / "lost"

    assert set(rows(mended)["status"]) == {"finished"}, output
    assert dict(rows(mended)["n_retries"]) == {"none": 0, "killed": 1}
    assert (tmp_path / "killed").exists(), "it was met"
    assert load_record(mended).manifest.record_digest == undisturbed_digest("faulty.py:MENDED", 2)
    assert load_record(mended).manifest.status == "complete"

    trials = rows(lost)
    assert set(trials["status"]) == {"failed"}
    assert set(trials["n_retries"]) == {1}
    assert dict(trials["last_fidelity"]) == {"raises always": 2, "hangs always": 2, "misspells": 0}
    reason = dict(trials["reason"])
    assert reason["raises always"].startswith(
        "error after round 2 of 5: RuntimeError: planted, always (faulty.py, line "
    )
    assert reason["hangs always"] == (
        "error after round 2 of 5: it hung: no step within 2.0 s (hang_s)"
    )
    assert "metric val_acc" in reason["misspells"] and "round, val_ac" in reason["misspells"]
    error = dict(trials["error"])
    assert "faulty.py" in error["raises always"], "a traceback"
    assert 'faulty.py", line' in error["hangs always"] and "in fault" in error["hangs always"]
    assert "unexpectedly" in error["hangs always"], "what Ray knows of it"
    assert load_record(lost).manifest.status == "failed"
    assert "planted, always" in error["raises always"].split("Failure # ")[1], "both attempts"
    assert "\x1b" not in "".join(error.values())
    assert "retry: mended fault=killed (its worker died" in output
    assert "failed: lost fault=hangs always (error after round 2 of 5: it hung" in output


def needs(what, is_there):
    """Skips the test, and says so, where the machine lacks something; no skip under CI."""
    if not is_there:
        assert os.environ.get("CI") != "true", f"{what} must be there"
        pytest.skip(f"NOT TESTED: {what} is not there")


def test_a_trial_that_takes_all_memory_is_tried_again_then_failed_and_the_others_go_on(
    faulty, complete, tmp_path, monkeypatch
):
    most, used = get_system_memory(), get_used_memory()
    room = int(0.2 * (most - used))
    needs("5 GB of free memory", room >= 1e9)
    monkeypatch.setenv("RAY_memory_usage_threshold", f"{(used + room) / most:.4f}")
    monkeypatch.setenv("RAY_memory_monitor_refresh_ms", "20")
    monkeypatch.setenv("HOG_AT_MOST", str(4 * room))
    code, output = complete("run", "faulty.py:OOM", "--max-failures", 1, "--max-concurrent", 1)
    assert code == 1, output
    trials = rows(tmp_path / "records" / "oom")
    endings = {"none": "finished", "hog": "failed", "late": "finished"}
    assert dict(trials["status"]) == endings, output
    hog = trials.loc["hog"]
    assert (hog["n_retries"], hog["last_fidelity"]) == (1, 2)
    assert re.fullmatch(
        r"error after round 2 of 5: out of memory: Ray ended its worker at [\d.]+GB used of its "
        r"machine's [\d.]+GB",
        hog["reason"],
    )
    assert hog["error"].count("Failure # ") == 2, "both attempts"
    assert f"failed: oom fault=hog ({hog['reason']}" in output
    page = write_report([tmp_path / "records" / "oom"], tmp_path / "page")
    assert hog["error"].splitlines()[-1] in page.with_suffix(".md").read_text()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 16 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True)
    needs(f"the right to mount a disk ({done.stderr.strip()})", done.returncode == 0)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.more
def test_a_full_disk_ends_the_study_which_goes_on_when_there_is_room(
    faulty, sweepbook, complete, undisturbed_digest, small_disk, tmp_path
):
    folder, filler, gate = small_disk / "filled", small_disk / "filler", tmp_path / "gate"
    gate.touch()
    process = sweepbook("run", "faulty.py:FILLED", "--storage", small_disk)
    wait_for(lambda: is_finished(folder, "none"))
    before = load_record(folder)
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1, output
    assert f"sweepbook: storage {folder} is full: make room ([Errno 28]" in output, output
    assert f"What is saved: {folder} (1 ended trials" in output
    assert "Traceback" not in output
    assert load_record(folder).reports.equals(before.reports), "as at its last part"
    filler.unlink()
    gate.unlink()
    code, output = complete("run", "--resume", folder)
    assert code == 0, output
    record = load_record(folder)
    assert record.manifest.status == "complete"
    assert record.manifest.record_digest == undisturbed_digest("faulty.py:FILLED", 2)


def is_finished(folder, fault):
    there = (folder / "trials.parquet").exists()
    return there and rows(folder).loc[fault, "status"] == "finished"


def wait_for(condition, limit_s=60):
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
