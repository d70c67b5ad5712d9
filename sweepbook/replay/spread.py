"""Intervals over simulated searches that drew other configs and other orders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sweepbook.stats.intervals import FloatArray
from sweepbook.stats.shares import wilson_interval

CENTRAL = (0.025, 0.975)


def share_interval(events: FloatArray, drawn: Sequence[Sequence[int]]) -> tuple[float, float]:
    """95 % interval of the share of searches with an event.

    events: (n_searches,) of 0 and 1. drawn: the configs of each search. Where configs were drawn:
    the interval that holds the share of 95 % of the draws, each over its orders. Without draws,
    (): Wilson's interval of the share over the orders, for the recorded configs alone.
    """
    if not len(drawn[0]):
        bounds = wilson_interval(int(events.sum()), len(events))
        return float(bounds.low), float(bounds.high)
    by_draw: dict[tuple[int, ...], list[float]] = {}
    for event, own in zip(events, drawn, strict=True):
        by_draw.setdefault(tuple(own), []).append(event)
    low, high = np.quantile([np.mean(own) for own in by_draw.values()], CENTRAL)
    return float(low), float(high)
