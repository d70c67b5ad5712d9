"""An example's study, killed after its first checkpoint and resumed, beside an undisturbed one.

It is run by the real command, in copies of the example's folder. `kill -9` hits the driver and
all processes below it at once, as when a machine loses its power.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from sweepbook.record.checkpoints import load_state
from sweepbook.record.digest import record_digest
from sweepbook.record.load import Record, load_record, read_manifest

WAIT_S = 150.0  # for a checkpoint, and for the end of a study


def check_killed_and_resumed(
    study_file: Path, folder: Path, *options: str, checkpoints: bool = True
) -> None:
    """Asserts that a killed study goes on to the undisturbed record, with less work than anew.

    Args:
        study_file: of the example; its folder is copied.
        folder: an empty one, for the copies and their records.
        options: of `sweepbook run` beside the study, such as "--max-concurrent", "1".
        checkpoints: whether a trial has one while it is trained. False: a trial begins anew, and
            only those that have ended are not trained again.

    Raises:
        AssertionError: it does not, or it ends before it can be killed in the middle.
    """
    calm, killed = (_copied(study_file, folder / name) for name in ("calm", "killed"))
    _complete(calm, "run", study_file.name, *options)
    whole = load_record(_record(calm))

    with _started(killed, "run", study_file.name, *options) as driver:
        _wait_until_killable(killed, driver, checkpoints)
        kill_all(driver.pid)
    before = _kept_rows(load_record(_record(killed)))
    n_before = len(before)
    assert 0 < n_before < len(whole.reports), (
        f"{n_before} of {len(whole.reports)} steps were kept when it was killed: the example must "
        "have trials that take some seconds after their first checkpoint"
    )

    _complete(killed, "run", "--resume", str(_record(killed)))
    resumed = load_record(_record(killed))
    assert record_digest(resumed) == record_digest(whole), _differences(whole, resumed)
    check_no_step_again(before, resumed.reports, ["trial_id", "replicate", whole.unit])


def check_no_step_again(before: pd.DataFrame, after: pd.DataFrame, key: list[str]) -> None:
    """Asserts that rows which were kept are there unchanged, seconds and all.

    No step that is trained again takes exactly as long.
    """
    both = before.merge(after[[*key, "time_s"]], on=key, how="left", suffixes=("", "_after"))
    again = both[both["time_s"] != both["time_s_after"]]
    assert again.empty, f"{len(again)} of {len(before)} steps were trained again:\n{again}"


def kill_all(pid: int) -> None:
    """Kills a process and all below it, which get no chance to do anything about it."""
    found: list[int] = []
    while new := [one for one in (pid, *_below(pid)) if one not in found]:
        for one in new:  # stopped first, so that none of them starts another meanwhile
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGSTOP)
        found += new
    for one in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def _below(pid: int) -> list[int]:
    """All processes below one, whatever session they are in."""
    children: dict[int, list[int]] = {}
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True)
    for line in listed.stdout.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)
    below, found = [pid], []
    while below:
        below = [child for parent in below for child in children.get(parent, [])]
        found += below
    return found


def _copied(study_file: Path, folder: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "records", "report")
    shutil.copytree(study_file.parent, folder, ignore=ignored)
    return folder


@contextlib.contextmanager
def _started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command of sweepbook, its output in output.txt; it does not outlive the block."""
    command = [sys.executable, "-m", "sweepbook", *arguments]
    with (folder / "output.txt").open("ab") as output:
        driver = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        try:
            yield driver
        finally:
            if driver.poll() is None:
                kill_all(driver.pid)
            driver.wait()


def _complete(folder: Path, *arguments: str) -> None:
    with _started(folder, *arguments) as driver:
        with contextlib.suppress(subprocess.TimeoutExpired):
            driver.wait(WAIT_S)
        assert driver.poll() == 0, f"{arguments} gave {driver.poll()}\n{_output(folder)}"


def _record(folder: Path) -> Path:
    (record,) = (folder / "records").iterdir()
    return record


def _wait_until_killable(folder: Path, driver: subprocess.Popen[bytes], checkpoints: bool) -> None:
    """Returns as soon as a trial has a checkpoint in its middle, or has ended in a record."""
    what = "a checkpoint in the middle of a trial" if checkpoints else "an ended trial"
    is_there = _has_middle if checkpoints else _has_ended
    deadline = time.monotonic() + WAIT_S
    while not is_there(folder):
        said = f"it waited in vain for {what}\n{_output(folder)}"
        assert driver.poll() is None and time.monotonic() < deadline, said
        time.sleep(0.05)


def _has_middle(folder: Path) -> bool:
    """Whether a trial has a checkpoint of a step before its last."""
    for path in folder.glob("records/*/checkpoints/[!.]*.pt"):
        trials = {t.trial_id: t for t in read_manifest(path.parents[1]).trials}
        checkpoint, trial = load_state(path), trials.get(path.stem)
        if checkpoint and trial and checkpoint["fidelity"] < trial.max_fidelity:
            return True
    return False


def _has_ended(folder: Path) -> bool:
    """Whether a record knows a trial that has ended; it is written every five seconds."""
    return any(
        bool(_ended(load_record(path.parent))) for path in folder.glob("records/*/trials.parquet")
    )


def _ended(record: Record) -> set[str]:
    trials = record.trials
    return set(trials["trial_id"][~trials["status"].isin(["running", "interrupted", "pending"])])


def _kept_rows(record: Record) -> pd.DataFrame:
    """The rows that a resume is to keep: of ended trials, and those that a checkpoint holds."""
    key = ["trial_id", "replicate", record.unit]
    reports, ended = record.reports, _ended(record)
    kept = [reports[reports["trial_id"].isin(ended)]]
    for trial_id in {trial.trial_id for trial in record.manifest.trials} - ended:
        checkpoint = load_state(record.path / "checkpoints" / f"{trial_id}.pt")
        rows = pd.DataFrame(checkpoint["rows"] if checkpoint else [], columns=[*key[1:], "time_s"])
        kept.append(rows.assign(trial_id=trial_id))
    return pd.concat([part for part in kept if len(part)])[[*key, "time_s"]]


def _differences(whole: Record, resumed: Record) -> str:
    key = ["trial_id", "replicate", whole.unit]
    frames = [one.reports.drop(columns="time_s").set_index(key) for one in (whole, resumed)]
    if frames[0].shape != frames[1].shape:
        return f"the undisturbed record:\n{frames[0]}\nthe resumed one:\n{frames[1]}"
    return str(frames[0].compare(frames[1], result_names=("undisturbed", "resumed")))


def _output(folder: Path) -> str:
    return (folder / "output.txt").read_text()
