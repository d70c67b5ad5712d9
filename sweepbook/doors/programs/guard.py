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

MARK = "SWEEPBOOK_PROGRAM"  # in a program's environment, with its own folder
_ROUNDS = 100  # of 0.01 s: killed processes take a moment, and may just have started others


def family(leader: int, folder: str) -> set[int]:
    """The living processes of a program: of its session, with its mark, and all below them.

    Who has left the session and lost its parent still has the mark in its environment. Without
    /proc, that is none.
    """
    mark = f"{MARK}={folder}".encode()
    since = int((_stat(leader) or [b"0"])[-1])  # nobody of it has begun before its leader
    parents: dict[int, int] = {}
    found = set()
    for pid in (int(name) for name in _listed("/proc") if name.isdigit()):
        fields = _stat(pid)
        if fields and fields[0] not in b"ZX" and int(fields[-1]) >= since:
            parents[pid] = int(fields[1])
            is_marked = mark in _read(f"/proc/{pid}/environ").split(b"\0")
            if int(fields[3]) == leader or is_marked:
                found.add(pid)
    new = found | {leader}
    while new := {pid for pid, parent in parents.items() if parent in new} - found:
        found |= new
    return found


def _stat(pid: int) -> list[bytes]:
    """A process's state, parent, group, session, ..., and when it began; [] where it is gone."""
    # "PID (NAME) STATE PARENT GROUP SESSION ...", where a name may hold anything
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[:20]


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.readall()
    except OSError:  # it has ended, or is somebody else's
        return b""


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
