"""Signals that end a study: its records are closed first, whoever else the signal reaches."""

import contextlib
import functools
import os
import signal
from collections.abc import Iterator

ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def ended_like_ctrl_c() -> Iterator[None]:
    """SIGTERM and SIGHUP end the study as Ctrl-C does: trials are interrupted, records closed.

    A signal to the whole process group, as a batch system or a closing terminal sends it, reaches
    this process alone: see `ray_apart`.
    """
    earlier = {number: signal.getsignal(number) for number in ENDING}
    for number in ENDING:
        signal.signal(number, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def ray_apart() -> Iterator[None]:
    """The Ray that is started meanwhile lives in sessions of its own, and so do its workers.

    So no signal to this process's group ends it before the study has ended. It still dies with
    this process, by Linux's parent-death signal. Ray's own handler of SIGTERM, which it sets when
    it starts, kills it without a word to the study: ours stays.
    """
    from ray._private import services

    start = services.ConsolePopen
    kept = signal.getsignal(signal.SIGTERM)
    vars(services)["ConsolePopen"] = functools.partial(start, start_new_session=True)
    try:
        yield
    finally:
        vars(services)["ConsolePopen"] = start
        signal.signal(signal.SIGTERM, kept)
