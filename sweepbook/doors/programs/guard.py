"""Ends the programs of a worker that has died: `python guard.py`, run as a process of its own.

Standard input has a line "+PID FOLDER" for each program that is started, which leads a session of
its own, and "-PID" where it has ended; it ends when the worker does, however that ends. What is
alive of these programs then is killed, and their folders are deleted. The standard library alone
is used, for the process lives as long as the worker.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

MARK = "SWEEPBOOK_PROGRAM"  # in a program's environment, with its own folder
_ROUNDS = 100  # of 0.01 s: killed processes take a moment, and may just have started others


def family(leader: int, folder: str) -> set[int]:
    """The living processes of a program: of its session, with its mark, and all below them.

    Who has left the session and lost its parent still has the mark in its environment. Without
    /proc, that is none.
    """
    mark = f"{MARK}={folder}".encode()
    parents: dict[int, int] = {}
    found = set()
    for folder_of in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            # "PID (NAME) STATE PARENT GROUP SESSION ...", where a name may hold anything
            fields = (folder_of / "stat").read_text(errors="replace").rpartition(")")[2].split()[:4]
            state, parent, _, session = fields
            if state not in "ZX":
                parents[int(folder_of.name)] = int(parent)
                if int(session) == leader or _has(folder_of, mark):
                    found.add(int(folder_of.name))
    new = found | {leader}
    while new := {pid for pid, parent in parents.items() if parent in new} - found:
        found |= new
    return found


def _has(process: Path, mark: bytes) -> bool:
    try:
        return mark in (process / "environ").read_bytes().split(b"\0")
    except OSError:  # somebody else's
        return False


def signal_all(leader: int, folder: str, number: signal.Signals) -> set[int]:
    """Sends a signal to a program with all that it has started; returns who was found."""
    found = family(leader, folder)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
    for pid in found:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
    return found


def kill_all(leader: int, folder: str) -> None:
    """Kills a program with all that it has started."""
    for _ in range(_ROUNDS):
        if not signal_all(leader, folder, signal.SIGKILL):
            return
        time.sleep(0.01)


def main() -> None:
    """Waits for the worker's end as nobody's child, so that nobody has to wait for this."""
    if os.fork():
        os._exit(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends with the worker, and not before
    programs: dict[int, str] = {}
    for line in sys.stdin:
        pid, _, folder = line[1:].rstrip("\n").partition(" ")
        if line[0] == "+":
            programs[int(pid)] = folder
        else:
            programs.pop(int(pid), None)
    for leader, folder in programs.items():
        kill_all(leader, folder)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
