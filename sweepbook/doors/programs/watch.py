"""The process that ends the programs of this one where it dies: `guard.py`, started once."""

import contextlib
import functools
import os
import subprocess
import sys
from pathlib import Path

from sweepbook.doors.programs import guard


def watch() -> None:
    """Starts the guard of this process, unless it has one."""
    _guard_of(os.getpid())


def begins(pid: int, folder: Path) -> None:
    """Has a program watched from now on.

    Args:
        pid: of the program, which leads a session.
        folder: its own one, which is deleted with it.
    """
    _tell(f"+{pid} {folder}")


def has_ended(pid: int) -> None:
    """Has a program no longer watched."""
    _tell(f"-{pid}")


@functools.cache
def _guard_of(pid: int) -> int:
    """The pipe to the guard of a process; it ends with the process."""
    started = subprocess.Popen(
        [sys.executable, "-I", "-S", guard.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert started.stdin is not None
    pipe = os.dup(started.stdin.fileno())
    started.stdin.close()
    started.wait()  # it goes on as nobody's child
    return pipe


def _tell(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(_guard_of(os.getpid()), f"{line}\n".encode())
