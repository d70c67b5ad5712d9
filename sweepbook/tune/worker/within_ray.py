"""What Ray puts into a worker and no trainable should meet: its session, arguments, signals."""

import contextlib
import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn


@contextlib.contextmanager
def sole_reporter() -> Iterator[Callable[[dict[str, Any]], None]]:
    """Gives the function that reports to Tune; meanwhile nobody else's call of tune.report does.

    Such a report would not be one of ours, and end the whole study in Tune's driver. A function
    that reports so finds a session of its own (`sweepbook.doors.ray_tune.session`); what comes
    here is a generator's, or a thread's that goes on beside the function. It fails the trial.
    """
    from ray.train._internal.session import get_session

    session: Any = get_session()
    report = session.report
    refused = []

    def refuse(*_: object, **__: object) -> NoReturn:
        refused.append(TypeError(_REFUSAL))
        raise refused[0]

    def tell(own: dict[str, Any]) -> None:
        if refused:
            raise refused[0]
        report(own)

    session.report = refuse
    try:
        yield tell
    finally:
        session.report = report


_REFUSAL = (
    "report(...) was called by a generator, or by a thread of its own: a generator yields the "
    "same dict instead, and a function calls report(...) in the thread in which it was called"
)


def forget_arguments() -> None:
    """Leaves a trainable that parses a command line none, for it would be that of Ray's worker."""
    del sys.argv[1:]


@functools.cache
def end_children_at_sigterm() -> None:
    """Processes that a trainable forks end at SIGTERM, as they would without Ray.

    They inherit the handler of Ray's worker, which Python runs later, or never: what comes while a
    process is being forked is forgotten, and multiprocessing.Pool then waits for it for ever. So
    the signal waits until the child has the usual answer to it.
    """
    os.register_at_fork(
        before=_hold_sigterm, after_in_parent=_let_sigterm_pass, after_in_child=_die_at_sigterm
    )


_held = threading.local()


def _hold_sigterm() -> None:
    _held.before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _let_sigterm_pass() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _held.before)


def _die_at_sigterm() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _let_sigterm_pass()
