"""What a trial's reported values say: one definition each, for all that reads them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True)
class Ending:
    """Why a scheduler ended a trial; `value` is the mean over replicates that decided."""

    status: Literal["stopped", "diverged"]
    reason: str
    value: float
    rung: int | None = None
    cutoff: float | None = None

    def __str__(self) -> str:
        return self.reason


def means_of(rows: Iterable[tuple[Any, Any]]) -> dict[int, float]:
    """Returns fidelity -> mean over the replicates, of rows (fidelity, value), upwards.

    The mean is NaN where a replicate has diverged: survivors are never averaged silently.
    """
    values: dict[int, list[float]] = {}
    for fidelity, value in rows:
        values.setdefault(int(fidelity), []).append(number_of(value))
    return {
        at: float(np.mean(own)) if all(map(math.isfinite, own)) else math.nan
        for at, own in sorted(values.items())
    }


def number_of(value: Any) -> float:
    """Returns a reported value as a float; None is NaN."""
    return math.nan if value is None else float(value)
