"""The GPUs that a training finds where it is not Ray that assigns them."""

import contextlib
import math
import os
from collections.abc import Iterator

_VISIBLE = "CUDA_VISIBLE_DEVICES"


@contextlib.contextmanager
def only_gpus(gpus: float) -> Iterator[None]:
    """A training in this process finds as many GPUs as in a worker; without a GPU it finds none.

    CUDA reads the variable once: a process that has used it before keeps the GPUs that it found.

    Args:
        gpus: GPUs of a trial, a share of one, or 0. The first of those that this process may use.
    """
    before, n_gpus = os.environ.get(_VISIBLE), math.ceil(gpus)
    there = map(str, range(n_gpus)) if before is None else before.split(",")
    os.environ[_VISIBLE] = ",".join(list(there)[:n_gpus])
    try:
        yield
    finally:
        os.environ.pop(_VISIBLE)
        if before is not None:
            os.environ[_VISIBLE] = before
