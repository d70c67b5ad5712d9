"""A storage that is away for a while is waited for; one that stays away is an error."""

import errno
import os
import sys
import textwrap
import time
from collections.abc import Callable
from typing import TypeVar

from sweepbook.record.storage.places import Place, Where, place

WAIT_S = 300.0  # how long a storage may be away; the environment may say otherwise
WAIT_VARIABLE = "SWEEPBOOK_STORAGE_WAIT_S"
LONGEST_PAUSE_S = 30.0
_PASSING = {
    errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN, errno.ENETDOWN, errno.ENETUNREACH,
    errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ECONNRESET, errno.ECONNREFUSED,
}  # of a shared disk  # fmt: skip
_FULL = {errno.ENOSPC, errno.EDQUOT}
T = TypeVar("T")
Say = Callable[[str], object]


class StorageAway(OSError):
    """A storage has been away for longer than it is waited for."""


class StorageFull(StorageAway):
    """A storage has no room left; waiting makes none."""


class StorageTaken(OSError):
    """Another process writes the record by now."""


class Outage:
    """How long a storage has been away, and when to try again."""

    def __init__(self, where: Where, say: Say, *, longer_s: float = 0.0) -> None:
        self.where, self.say = _shown(place(where)), say
        self.is_local = place(where).is_local
        self.limit_s = float(os.environ.get(WAIT_VARIABLE, WAIT_S)) + longer_s
        self.since: float | None = None
        self.pause_s = 0.5

    def met(self, error: OSError) -> float:
        """Takes note of an error, and returns after how many seconds to try again.

        Raises:
            OSError: the error itself, where waiting mends nothing: a missing file.
            StorageFull: where the disk is full.
            StorageAway: where the limit has been reached.
        """
        if error.errno in _FULL:
            raise StorageFull(f"storage {self.where} is full: make room ({error})") from error
        if not _is_passing(error, self.is_local):
            raise error
        self.since = self.since or time.monotonic()
        left = self.limit_s - (time.monotonic() - self.since)
        if left <= 0:
            away = time.monotonic() - self.since
            raise StorageAway(
                f"storage {self.where} could not be reached for {away:.0f} s: {_cause(error)}"
            )
        self.pause_s = min(2 * self.pause_s, LONGEST_PAUSE_S, max(left, 0.1))
        self.say(
            f"storage {self.where} cannot be reached ({_cause(error)}): next try in "
            f"{self.pause_s:.0f} s, for at most {left:.0f} s"
        )
        return self.pause_s

    def over(self) -> None:
        """Takes note that the storage is there."""
        if self.since is not None:
            self.say(
                f"storage {self.where} can be reached again after "
                f"{time.monotonic() - self.since:.0f} s"
            )
        self.since, self.pause_s = None, 0.5


def insist(where: Where, action: Callable[[], T], say: Say, *, longer_s: float = 0.0) -> T:
    """Returns what `action` returns, which is tried again while the storage is away.

    Args:
        action: may be called several times.
        longer_s: seconds beyond the usual limit.

    Raises:
        OSError: see Outage.met.
    """
    outage = Outage(where, say, longer_s=longer_s)
    while True:
        try:
            result = action()
        except OSError as error:
            time.sleep(outage.met(error))
        else:
            outage.over()
            return result


def insist_in_worker(where: Where, action: Callable[[], T]) -> T:
    """`insist` for a trial, which waits a minute longer: it is the driver that ends a study."""
    return insist(where, action, lambda text: print(text, file=sys.stderr), longer_s=60.0)


def _cause(error: OSError) -> str:
    """What a store says at length."""
    return textwrap.shorten(str(error), 160)


def _is_passing(error: OSError, is_local: bool) -> bool:
    if isinstance(error, FileNotFoundError | PermissionError | StorageTaken | StorageAway):
        return False
    return error.errno in _PASSING if is_local else True


def _shown(where: Place) -> str:
    return where.path if where.is_local else f"{where.scheme}://{where.path}"
