"""Signals that end a study: its records are closed first, whoever else the signal reaches."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

ENDING = (signal.SIGTERM, signal.SIGHUP)
ALL = (signal.SIGINT, *ENDING)
PATIENCE = 4  # signals while a record is completed; one more gives it up


@contextlib.contextmanager
def ended_like_ctrl_c() -> Iterator[None]:
    """SIGTERM and SIGHUP end the study as Ctrl-C does: trials are interrupted, records closed.

    A signal to the whole process group, as a batch system or a closing terminal sends it, reaches
    this process alone: Ray's processes are in sessions of their own. A SIGHUP that somebody had
    ignored, as nohup does, stays ignored.
    """
    with _handled(ENDING, _as_ctrl_c):
        yield


@contextlib.contextmanager
def completing(say: Callable[[str], object]) -> Iterator[None]:
    """Signals do not end what is done meanwhile, which is short; the first of them is answered.

    Raises:
        KeyboardInterrupt: more than `PATIENCE` signals came: the user wants an end at once.
    """
    n_signals = 0

    def wait(*_: Any) -> None:
        nonlocal n_signals
        n_signals += 1
        if n_signals == 1:
            with contextlib.suppress(Exception):  # nobody reads it any more
                say(f"the record is being completed: wait, or press Ctrl-C {PATIENCE} times more")
        if n_signals > PATIENCE:
            raise KeyboardInterrupt

    with _handled(ALL, wait):
        yield


def ours_again() -> None:
    """Sets the handlers that Python knows of once more.

    Ray's library in C puts its own in the place of that of SIGTERM, which shows a stack, and none
    when it ends.
    """
    if threading.current_thread() is threading.main_thread():
        for number in ALL:
            handler = signal.getsignal(number)
            if handler is not None:
                signal.signal(number, handler)


def _as_ctrl_c(*_: Any) -> None:
    """What SIGINT does now; where it is ignored, as in a script's background, it interrupts."""
    if callable(signal.getsignal(signal.SIGINT)):
        os.kill(os.getpid(), signal.SIGINT)
    else:
        raise KeyboardInterrupt


@contextlib.contextmanager
def _handled(numbers: tuple[signal.Signals, ...], handler: Callable[..., Any]) -> Iterator[None]:
    """Sets a handler meanwhile for those signals that are not ignored, in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python calls handlers there alone
        return
    earlier = {number: signal.getsignal(number) for number in numbers}
    earlier = {n: before for n, before in earlier.items() if before is not signal.SIG_IGN}
    for number in earlier:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, before in earlier.items():
            signal.signal(number, before)
