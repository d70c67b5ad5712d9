"""What tracking gradients costs at depth 100 x width 4."""

from typing import Any

import torch

from benchmarks.loops import stack_epochs
from benchmarks.measure import Timing, interleaved

DEEP: dict[str, Any] = {"depth": 100, "width": 4, "batch_norm": True, "replicates": 5}


def measure_tracking(repeats: int) -> dict[str, Timing]:
    """Seconds of an epoch with and without, in turn, one thread."""
    torch.set_num_threads(1)
    plain, tracked = (stack_epochs(**DEEP, track_gradients=track) for track in (False, True))
    calls = {"untracked": lambda: next(plain), "tracked": lambda: next(tracked)}
    return interleaved(calls, repeats)
