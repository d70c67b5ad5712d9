"""Training code that hands its metrics over by a call, run as a generator that yields them.

The code runs in a greenlet: a call that hands something over leaves it standing there, on the
same thread, until the generator is asked for the next thing. So the replicates of a trial take
turns at their reports, as generators do at their yields, and no two of them ever run at once.
"""

import contextvars
from collections.abc import Callable, Generator
from typing import Any, NoReturn

from greenlet import GreenletExit, getcurrent, greenlet

_MOST_REFUSALS = 3  # how often code may go on reporting when it is told to end
_RUNNING: set[greenlet] = set()  # code of this process that is not done
_ABANDONED: list[greenlet] = []  # code that would not end: kept, so that it never runs again


class _Standing(greenlet):
    """Code that stands at a call of `hand_over`, or is on its way to one."""


def pushed(run: Callable[[], Any]) -> Generator[Any, None, Any]:
    """Yields what `run` hands over, and returns what it returns.

    Where the generator is closed, `run` is ended by a SystemExit at the call at which it stands,
    as Ray ends a trial; its `finally` blocks run.
    """
    code = _Standing(run, getcurrent())
    code.gr_context = contextvars.copy_context()
    _RUNNING.add(code)
    try:
        while True:
            code.parent = getcurrent()
            given = code.switch()
            if code.dead:
                return None if isinstance(given, GreenletExit) else given
            yield given
    finally:
        _RUNNING.discard(code)
        _end(code)


def is_pushing() -> bool:
    """Whether the caller is code that may hand something over."""
    return isinstance(getcurrent(), _Standing)


def has_code() -> bool:
    """Whether this process runs code that hands something over, in whichever thread."""
    return bool(_RUNNING)


def hand_over(given: Any) -> None:
    """Hands something over to whoever runs the calling code, and waits until it goes on.

    Raises:
        RuntimeError: nobody runs it, or it calls from a thread of its own.
    """
    code = getcurrent()
    if not isinstance(code, _Standing):
        raise RuntimeError(
            "metrics were reported from a place that no trial waits for: report from the thread "
            "and the process in which the training function was called"
        )
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
    _ABANDONED.append(code)
