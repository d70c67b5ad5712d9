"""Two estimates with their intervals as a picture in a table's cell: where each lies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

_MARGIN = 4.0  # of 100: what stays free at each end


@dataclass(frozen=True)
class Strip:
    """Low end, estimate and high end of each record's interval, and 0, from 0 (left) to 100."""

    bars: tuple[tuple[float, float, float], ...]
    zero: float | None


def strip_of(row: Mapping[Any, Any], has_zero: bool) -> Strip | None:
    """The strip of a row of `compared_frame`; None where a record has no interval.

    has_zero: the estimates are differences, which are to be seen beside 0.
    """
    bars = [[_number(row[f"{key}{which}"]) for key in ("low", "estimate", "high")]
            for which in ("", "_again")]  # fmt: skip
    values = [value for bar in bars for value in bar]
    if not all(map(math.isfinite, values)):
        return None
    ends = [*values, *([0.0] if has_zero else [])]
    low, size = min(ends), max(ends) - min(ends)
    if size == 0:
        return None

    def place(value: float) -> float:
        return round(_MARGIN + (100 - 2 * _MARGIN) * (value - low) / size, 1)

    return Strip(
        tuple((place(one), place(two), place(three)) for one, two, three in bars),
        place(0.0) if has_zero else None,
    )


def _number(value: Any) -> float:
    return math.nan if pd.isna(value) else float(value)
