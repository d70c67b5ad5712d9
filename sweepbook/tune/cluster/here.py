"""Whether a Ray of this process's own can start here, before a record is made for it."""

import os
import resource
import sys
import tempfile
from pathlib import Path

LEAST_ADDRESSES = 6 * 2**30  # bytes: with less, Ray's processes do not start (measured)
LEAST_ROOM = 2**20  # bytes on the disk of the temporary folder


def check_here() -> None:
    """Checks the limit of memory and the temporary folder of this machine.

    Raises:
        ValueError: the limit of addresses (ulimit -v) is too small.
        OSError: the temporary folder is full or cannot be written; names it.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < LEAST_ADDRESSES:
        raise ValueError(
            f"the memory limit of this shell (ulimit -v) is {limit / 2**30:.1f} GiB, with which "
            "no Ray starts: raise it (ulimit -v unlimited), or give --address of a running Ray"
        )
    folder = temporary_folder()
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(LEAST_ROOM))
            file.flush()
    except OSError as error:
        raise OSError(
            f"temporary folder {folder}, which Ray needs, cannot be written ({error}): make room, "
            "or name another folder by RAY_TMPDIR"
        ) from error


def temporary_folder() -> Path:
    """Returns where Ray keeps its files and sockets."""
    found = os.environ.get("RAY_TMPDIR")
    if not found and sys.platform.startswith("linux"):
        found = os.environ.get("TMPDIR")
    return Path(found or "/tmp")
