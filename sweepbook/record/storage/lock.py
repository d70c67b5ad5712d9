"""One writer per record: a lock of the system on a disk, an object with a heartbeat in a store."""

import contextlib
import fcntl
import json
import os
import socket
import threading
import time
import uuid
from pathlib import Path
from typing import IO, Any

from sweepbook.record.storage.files import delete, write_json
from sweepbook.record.storage.ours import check_no_links
from sweepbook.record.storage.outage import Say, StorageTaken
from sweepbook.record.storage.places import Place, Where, place

BEAT_S = 5.0
DEAD_AFTER_S = 20.0  # so long without a beat
SETTLE_S = 1.0  # two that begin together see within this time who of them is the last


def lock(folder: Where, say: Say = lambda text: None) -> "DiskLock | StoreLock":
    """Takes the record's lock.

    Raises:
        ValueError: where another process holds it, or a link stands for a file of the record.
        OSError: where the storage cannot be written.
    """
    where = place(folder)
    check_no_links(where)
    return DiskLock(where) if where.is_local else StoreLock(where, say)


class DiskLock:
    """A lock that the system frees when this process ends in any way."""

    def __init__(self, folder: Place) -> None:
        self._handle: IO[str] = Path(folder / ".lock").open("a+")
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._handle.seek(0)
            owner = self._handle.read().strip()
            self._handle.close()
            raise _held(folder, f"process {owner}") from None
        self._handle.truncate(0)
        self._handle.write(str(os.getpid()))
        self._handle.flush()

    def check(self) -> None:
        """Says nothing: the system keeps the lock."""

    def close(self) -> None:
        """Frees the lock."""
        self._handle.close()


class StoreLock:
    """An object with its owner and a count that a thread raises every 5 s.

    No clocks are compared: whoever finds the object watches it for 20 s, and takes the record
    over where the count stands still, at once where it can see that the owner's process is gone.
    A store has no test-and-set that pyarrow offers, so this is a guard against mistakes and not
    a proof: two drivers that begin within the same instant are told apart by who wrote last,
    looked at 1 s later; a driver that the store had cut off for longer than 20 s while another
    took its record over finds out at its next beat, and stops.
    """

    def __init__(self, folder: Place, say: Say) -> None:
        self._folder, self._file = folder, folder / ".lock"
        self._owner = {"host": _host(), "pid": os.getpid(), "id": uuid.uuid4().hex}
        self._beats = 0
        self._trouble: OSError | None = None
        self._wait_until_free(say)
        self._write()
        time.sleep(SETTLE_S)
        found = self._read()
        if found is not None and found["id"] != self._owner["id"]:
            raise _held(folder, _name(found))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="record lock", daemon=True)
        self._thread.start()

    def _wait_until_free(self, say: Say) -> None:
        first = self._read()
        if first is None or _is_gone(first):
            return
        say(f"record {self._folder} has a lock of {_name(first)}: is it still alive?")
        until = time.monotonic() + DEAD_AFTER_S
        while time.monotonic() < until:
            time.sleep(BEAT_S / 5)
            found = self._read()
            if found is None:
                return
            if found != first:
                raise _held(self._folder, _name(found))

    def _read(self) -> dict[str, Any] | None:
        try:
            content: dict[str, Any] = json.loads(self._file.read_text())
        except FileNotFoundError:
            return None
        return content

    def _write(self) -> None:
        self._beats += 1
        write_json(self._file, self._owner | {"beats": self._beats})

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_S):
            try:
                found = self._read()
                if found is None or found["id"] != self._owner["id"]:
                    who = _name(found) if found else "nobody: it was deleted"
                    self._trouble = StorageTaken(
                        f"record {self._folder} now belongs to {who}; this process stops"
                    )
                    return
                self._write()
                self._trouble = None
            except OSError as error:
                self._trouble = error
            except Exception as error:  # what is there is no lock of ours any more
                self._trouble = OSError(f"lock of record {self._folder}: {error!r}")

    def check(self) -> None:
        """Raises OSError where the last beat failed, StorageTaken where the lock is lost."""
        if self._trouble is not None:
            raise self._trouble

    def close(self) -> None:
        """Frees the lock, if the store can be reached."""
        self._ended.set()
        if self._trouble is None:
            self._thread.join()
            with contextlib.suppress(OSError, ValueError):
                found = self._read()
                if found is not None and found.get("id") == self._owner["id"]:
                    delete(self._file)


def _held(folder: Place, owner: str) -> ValueError:
    return ValueError(f"record {folder} is being written by {owner}: wait for it, or end it")


def _host() -> str:
    """This machine or container: where a process id means something."""
    try:
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:  # not Linux
        return socket.gethostname()


def _name(owner: dict[str, Any]) -> str:
    return f"process {owner['pid']} on {str(owner['host']).partition(' ')[0]}"


def _is_gone(owner: dict[str, Any]) -> bool:
    """Whether the owner ran here and its process has ended."""
    if owner["host"] != _host():
        return False
    try:
        os.kill(owner["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
