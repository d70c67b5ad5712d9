"""A text that somebody else's template makes, with bounded time and memory."""

import contextlib
import json
import os
import resource
import signal
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

SECONDS = 10  # of CPU time
BYTES = 500_000_000  # of memory, beside what this process has
_MOST_WRITTEN = 10_000_000  # bytes of the result


def bounded(work: Callable[[], Any]) -> Any:
    """Returns what a function returns, called in a child process that cannot take everything.

    The child is a copy of this process. What it changes is lost with it.

    Args:
        work: returns plain values, as JSON has them.

    Raises:
        ValueError: the function raises something, or takes more than `SECONDS` or `BYTES`.
    """
    reader, writer = os.pipe()
    with warnings.catch_warnings():  # other threads are none of the child's concern
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        os.close(reader)
        _work(work, writer)
    os.close(writer)
    try:
        with os.fdopen(reader, "rb") as pipe:
            content = pipe.read(_MOST_WRITTEN + 1)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)  # it has written all, or too much
        os.waitpid(child, 0)
    if not content or len(content) > _MOST_WRITTEN:
        raise ValueError(f"it takes more than {SECONDS} s, or more memory than a text needs")
    found = json.loads(content)
    if "error" in found:
        raise ValueError(found["error"])
    return found["value"]


def _work(work: Callable[[], Any], writer: int) -> None:
    """Works in the child, which ends here."""
    try:
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        _limit(resource.RLIMIT_CPU, SECONDS)  # of its own, from 0 on
        if (size := _size_so_far()) is not None:
            _limit(resource.RLIMIT_AS, size + BYTES)
        try:
            content = json.dumps({"value": work()})
        except BaseException as error:  # whatever a template does
            content = json.dumps({"error": f"{type(error).__name__}: {error}"[:1000]})
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(content.encode())
    finally:
        os._exit(0)


def _limit(what: int, most: int) -> None:
    with contextlib.suppress(ValueError, OSError):  # a lower limit holds already
        resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


def _size_so_far() -> int | None:
    """The bytes of address space of this process; None where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return None
    return pages * resource.getpagesize()
