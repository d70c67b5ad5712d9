"""Garbage collections, which cost a tenth of the time of a report at Python's own pace."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_EVERY = (10_000, 20, 10)  # objects; a large report takes about 25 MB more memory at this pace


@contextmanager
def few_collections() -> Iterator[None]:
    """Within it, Python looks for garbage less often; its own pace is back afterwards.

    A drawn figure is many small objects that refer to each other. At the usual pace Python looks
    through all of them, and all that the libraries keep, again and again. A pace that is slower
    already, or 0 (none), stays.
    """
    before = gc.get_threshold()
    if 0 < before[0] < _EVERY[0]:
        gc.set_threshold(*_EVERY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
