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
from pathlib import Path

_ROUNDS = 5  # a process that is being started while others are killed is found in the next


def family(leader: int) -> set[int]:
    """The living processes of a session's leader: of its session, and all below them.

    Without /proc, that is none.
    """
    parents: dict[int, int] = {}
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            # "PID (NAME) STATE PARENT GROUP SESSION ...", where a name may hold anything
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[:4]
            state, parent, _, session = fields
            if state not in "ZX":
                parents[int(folder.name)] = int(parent)
                if int(session) == leader:
                    found.add(int(folder.name))
    new = found | {leader}
    while new := {pid for pid, parent in parents.items() if parent in new} - found:
        found |= new
    return found


def signal_all(leader: int, number: signal.Signals) -> set[int]:
    """Sends a signal to a program with all that it has started; returns who was found."""
    found = family(leader)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
    for pid in found:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
    return found


def kill_all(leader: int) -> None:
    """Kills a program with all that it has started."""
    for _ in range(_ROUNDS):
        if not signal_all(leader, signal.SIGKILL):
            return


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
    for leader in programs:
        kill_all(leader)
    for folder in programs.values():
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
