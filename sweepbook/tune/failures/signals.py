"""Signals that end a study: its records are closed first, whoever else the signal reaches."""

import contextlib
import os
import signal
from collections.abc import Iterator

ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def ended_like_ctrl_c() -> Iterator[None]:
    """SIGTERM and SIGHUP end the study as Ctrl-C does: trials are interrupted, records closed.

    A signal to the whole process group, as a batch system or a closing terminal sends it, reaches
    this process alone: Ray's processes are in sessions of their own.
    """
    earlier = {number: signal.getsignal(number) for number in ENDING}
    for number in ENDING:
        signal.signal(number, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
