"""One writer per record: a lock that the system frees when its process ends in any way."""

import fcntl
import os
from pathlib import Path
from typing import IO

from analysis.places import Where, place


def lock(folder: Where) -> IO[str]:
    """Takes the record's lock, which the system frees when this process ends in any way.

    Raises:
        ValueError: where another process holds it.
    """
    handle = Path(place(folder) / ".lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        owner = handle.read().strip()
        handle.close()
        raise ValueError(
            f"record {folder} is being written by process {owner}: wait for it, or end it"
        ) from None
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle
