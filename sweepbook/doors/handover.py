"""Training code that hands its metrics over by a call, run as a generator that yields them.

The code runs in a greenlet: a call that hands something over leaves it standing there, on the
same thread, until the generator is asked for the next thing. So the replicates of a trial take
turns at their reports, as generators do at their yields, and no two of them ever run at once.
"""

import contextlib
import contextvars
import os
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, NoReturn

from greenlet import GreenletExit, getcurrent, greenlet

_MOST_REFUSALS = 3  # how often code may go on reporting when it is told to end
_RUNNING: set[greenlet] = set()  # code of this process that is not done
_ABANDONED: list[greenlet] = []  # code that would not end: kept, so that it never runs again


class _Standing(greenlet):
    """Code that stands at a call of `hand_over`, or is on its way to one."""

    process: int


def pushed(
    run: Callable[[], Any],
    around: Callable[[], AbstractContextManager[Any]] = contextlib.nullcontext,
) -> Generator[Any, None, Any]:
    """Yields what `run` hands over, and returns what it returns.

    Where the generator is closed, `run` is ended by a SystemExit at the call at which it stands,
    as Ray ends a trial; its `finally` blocks run.

    Args:
        around: gives the context in which the code runs, anew each time that it goes on.
    """
    code = _Standing(run, getcurrent())
    code.process = os.getpid()
    code.gr_context = contextvars.copy_context()
    _RUNNING.add(code)
    try:
        while True:
            code.parent = getcurrent()
            with around():
                given = code.switch()
            if code.dead:
                return None if isinstance(given, GreenletExit) else given
            yield given
    finally:
        _RUNNING.discard(code)
        with around():
            _end(code)


def is_pushing() -> bool:
    """Whether the caller is code that may hand something over.

    A process that the code has forked stands where the code stood, and may not.
    """
    code = getcurrent()
    return isinstance(code, _Standing) and code.process == os.getpid()


def has_code() -> bool:
    """Whether this process runs code that hands something over, in whichever thread."""
    return bool(_RUNNING)


def hand_over(given: Any) -> None:
    """Hands something over to whoever runs the calling code, and waits until it goes on.

    Raises:
        RuntimeError: nobody runs it, or it calls from a thread or process of its own.
    """
    if not is_pushing():
        raise RuntimeError(
            "metrics were reported from a place that no trial waits for: report from the thread "
            "and the process in which the training function was called"
        )
    code = getcurrent()
    code.parent.switch(given)  # type: ignore[union-attr]  # `pushed` has set it


def end_here() -> NoReturn:
    """Ends the calling code, as if it returned: it has nothing more to hand over."""
    raise GreenletExit


def _end(code: greenlet) -> None:
    for _ in range(_MOST_REFUSALS):
        if code.dead:
            return
        code.parent = getcurrent()
        try:
            code.throw(SystemExit(0))
        except SystemExit:
            return
    if not code.dead:
        _ABANDONED.append(code)
