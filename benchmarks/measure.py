"""Timings in turn, so that a slow moment of the machine falls on every side alike."""

import resource
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """The values of several repetitions: seconds, or ratios of seconds."""

    values: tuple[float, ...]
    unit: str = " s"

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        low, high = min(self.values), max(self.values)
        return f"{self.median:.3g}{self.unit} ({low:.3g}..{high:.3g})"


def children_cpu_s() -> float:
    """CPU seconds of the child processes so far; a Ray's that others started are not counted."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def interleaved(calls: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, Timing]:
    """Times each call `repeats` times, in turn; each is called once before, untimed.

    In CPU seconds of this process, which are the wall's for one thread on an idle machine and
    depend less on what else a shared machine is doing.
    """
    for call in calls.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            start = time.process_time()
            call()
            seconds[name].append(time.process_time() - start)
    return {name: Timing(tuple(values)) for name, values in seconds.items()}


def ratios(above: Timing, below: Timing) -> Timing:
    """The ratio within each round of an interleaved measurement."""
    pairs = zip(above.values, below.values, strict=True)
    return Timing(tuple(a / b for a, b in pairs), unit="")
