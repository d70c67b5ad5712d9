"""A trial that takes no step for too long: its process is ended, and a file says where it was.

Tune does not see a hang. Python's own watchdog does, even where the interpreter's lock is held.
"""

import faulthandler
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

from sweepbook.record.storage.files import delete
from sweepbook.record.storage.places import Place, Where, place

T = TypeVar("T")


def guarded(steps: Iterator[T], limit_s: float | None, trace: Place) -> Generator[T]:
    """Yields the steps; one that takes longer than `limit_s` ends this process.

    The limit holds for each step alone, not for what is done between steps, and nothing of it
    is left when the iterator ends or is closed.

    Args:
        limit_s: seconds; None: no limit.
        trace: gets the stacks of all threads; it is gone unless the process was ended.
    """
    if limit_s is None:
        yield from steps
        return
    delete(trace)
    with Path(trace).open("x") as file:  # through no link
        try:
            while True:
                faulthandler.dump_traceback_later(limit_s, exit=True, file=file)
                try:
                    step = next(steps)
                except StopIteration:
                    return
                finally:
                    faulthandler.cancel_dump_traceback_later()
                yield step
        finally:
            delete(trace)


def trace_path(record: Where, trial_id: str) -> Place:
    """Returns where the stacks of a trial that hung are kept, until its record is closed.

    That is a file of the disk, as nothing else can be written when a process hangs: with a record
    in a store, one of the worker's machine.
    """
    folder = place(record) / "parts"
    folder = folder if folder.is_local else place(tempfile.gettempdir())
    return folder / f"hung-{trial_id}.txt"


def read_trace(record: Where, trial_id: str) -> str | None:
    """Returns the stacks of a trial whose last attempt hung, or None."""
    try:
        return trace_path(record, trial_id).read_text().strip() or None
    except FileNotFoundError:
        return None
