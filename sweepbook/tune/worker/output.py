"""What a trial prints goes to its log: from Python, from C code and from processes it starts."""

import contextlib
import ctypes
import functools
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sweepbook.record.logs import BEGAN, log_path, shorten
from sweepbook.record.provenance import now
from sweepbook.record.storage.files import aside_of, delete, make_folder, write_bytes
from sweepbook.record.storage.ours import is_link
from sweepbook.record.storage.outage import insist_in_worker
from sweepbook.record.storage.places import Place

LOOK_EVERY_S = 0.25  # at how large a log has become


@contextlib.contextmanager
def captured(records: Sequence[str], trial_id: str) -> Iterator[None]:
    """What this process prints meanwhile is appended to the trial's log in each record.

    The log of a record on a disk is written in place, so a killed process leaves what it has
    printed. The others are copies, made at the end; on the same disk they are the same file until
    then. In a store a log comes when an attempt ends: what a killed process printed is lost.

    A process that the trial has started and that outlives it goes on writing to this trial's log.
    An attempt that ends well and has printed nothing leaves no log.
    """
    logs = [log_path(record, trial_id) for record in records]
    if any(log.is_local and not log.parent.parent.is_dir() for log in logs):
        yield  # a machine without the record, which is told as such by whoever trains
        return
    attempt = insist_in_worker(logs[0], functools.partial(_begin, logs))
    ends_well = False
    try:
        with redirected(attempt.path), _bounded(attempt):
            yield
        ends_well = True
    except SystemExit:  # Tune stops a trial in this way
        ends_well = True
        raise
    finally:
        try:
            _end(attempt, logs, ends_well)
        except OSError as error:  # no reason for a trial to fail
            print(f"the log of trial {trial_id} cannot be kept: {error}", file=sys.stderr)


@dataclass(frozen=True)
class _Attempt:
    path: Path  # what is written to
    line: bytes  # says when it began
    is_new: bool  # no attempt before it has left a log


def _begin(logs: Sequence[Place]) -> _Attempt:
    """Writes the line that says when an attempt began; may be called again where that failed."""
    for log in logs:
        make_folder(log.parent)
    is_own = logs[0].is_file() and not is_link(logs[0])
    before = logs[0].read_bytes() if is_own else b""
    path = Path(logs[0]) if logs[0].is_local else _temporary()
    number = max(map(int, BEGAN.findall(before)), default=0) + 1
    line = f"--- attempt {number} began {now()} on {socket.gethostname()} ---\n".encode()
    if not logs[0].is_local:
        path.write_bytes(before)
    elif path.is_symlink() or (path.exists() and path.stat().st_nlink > 1):
        write_bytes(path, before)  # no longer the same file as that of another record
    with path.open("ab") as file:
        file.write((b"" if before.endswith(b"\n") or not before else b"\n") + line)
    for log in logs[1:]:
        if log.is_local:
            _share(path, Path(log))
    return _Attempt(path, line, is_new=not before)


def _temporary() -> Path:
    handle, name = tempfile.mkstemp(prefix="sweepbook-log-", suffix=".txt")
    os.close(handle)
    return Path(name)


def _share(path: Path, other: Path) -> None:
    """Makes another record's log the same file, where both are on one disk."""
    aside = aside_of(other)
    try:
        os.link(path, aside)
        os.replace(aside, other)
    except OSError:  # two disks, or one without links: it is copied at the end
        pass
    finally:
        aside.unlink(missing_ok=True)


def _end(attempt: _Attempt, logs: Sequence[Place], ends_well: bool) -> None:
    """Gives each record its own log, or none where the trial has printed nothing."""
    path = attempt.path
    shorten(path, attempt.line)
    if ends_well and attempt.is_new and path.stat().st_size == len(attempt.line):
        path.unlink()
        for log in logs:
            if log.is_local:
                delete(log)
        return
    content = path.read_bytes()
    for log in logs[1:] if logs[0].is_local else logs:
        insist_in_worker(log, functools.partial(write_bytes, log, content))
    if not logs[0].is_local:
        path.unlink()


@contextlib.contextmanager
def redirected(path: Path) -> Iterator[None]:
    """What this process prints meanwhile is appended to a file.

    It is what goes to the file descriptors 1 and 2: sys.stdout, handlers and children use these.
    """
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)
    _flush()
    before = [(os.dup(fd), fd) for fd in (1, 2)]
    try:
        for fd in (1, 2):
            os.dup2(handle, fd)
        yield
    finally:
        _flush()
        for kept, fd in before:
            os.dup2(kept, fd)
            os.close(kept)
        os.close(handle)


def _flush() -> None:
    """Writes what Python's and C's standard streams still hold back."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(AttributeError, OSError, ValueError):  # none, or closed
            stream.flush()  # type: ignore[union-attr]  # of None, too
    with contextlib.suppress(AttributeError, OSError, ValueError):  # another C library
        libc = ctypes.CDLL(None)
        libc.fflush(ctypes.c_void_p.in_dll(libc, "stdout"))


@contextlib.contextmanager
def _bounded(attempt: _Attempt) -> Iterator[None]:
    """A thread shortens the log where it has grown too long, however long a step takes."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_EVERY_S):
            with contextlib.suppress(OSError):
                shorten(attempt.path, attempt.line)

    thread = threading.Thread(target=look, name="trial log", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
