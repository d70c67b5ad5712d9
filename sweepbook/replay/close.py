"""Which trials are as good as the winner, up to a margin that the user states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sweepbook.record.load import Record
from sweepbook.replay.virtual import Curve
from sweepbook.stats.intervals import t_interval

LEVEL = 0.9  # two-sided: its upper end is a bound of 95 %
_COMPARING = ("direction", "threshold", "equivalence", "winner", "ranking")


def stated_margin(record: Record, curves: Sequence[Curve]) -> float | None:
    """The smallest difference that matters by the study's claims; None where none says so.

    Counted are claims that compare values of the study's metric. A claim about shares
    (`relative`) counts with its share of the winner's value.
    """
    best = abs(curves[winner_of(curves)].final)
    found = [
        claim.smallest * (best if claim.relative else 1.0)
        for claim in record.manifest.study.claims
        if claim.metric == record.metric
        and claim.quantity == "value"
        and claim.kind in _COMPARING
        and claim.smallest > 0
    ]
    return min(found, default=None)


def winner_of(curves: Sequence[Curve]) -> int:
    """Place of the curve with the best finite final value; of equal ones the first."""
    return int(np.nanargmax([curve.final for curve in curves]))


def as_good(curves: Sequence[Curve], best: int, margin: float) -> NDArray[np.bool_]:
    """Whether each curve is known to be worse than that at place `best` by at most the margin.

    Known: the upper 95 % bound of how much worse it is (one-sided t, paired by replicate) is at
    most the margin. A curve of an equal value counts. With one replicate nothing else does:
    few replicates, or ones that differ much, make fewer curves as good, never more.
    """
    winner = np.array(curves[best].finals)
    same = [len(curve.finals) == len(winner) for curve in curves]
    nothing = np.full(len(winner), np.nan)
    others = [curve.finals if own else nothing for curve, own in zip(curves, same, strict=True)]
    differences = winner - np.array(others, dtype=np.float64)
    bound = t_interval(differences, LEVEL, curves[best].overlap).high
    equal = np.array([curve.final for curve in curves]) == curves[best].final
    return np.asarray((bound <= margin) | equal)
