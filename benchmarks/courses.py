"""How searches went, and how two kinds of them compare: also where one found nothing at all."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from sweepbook.stats.intervals import t_interval


@dataclass(frozen=True)
class Course:
    """One search, after each of its trials.

    spent: epochs so far. best: the lowest value so far of a trial trained to its end; infinity
    before the first. Lower is better.
    """

    spent: np.ndarray[Any, Any]
    best: np.ndarray[Any, Any]

    def at(self, budget: float) -> float:
        """Returns the best value found within a budget; infinity before any trial is whole."""
        known = self.best[self.spent <= budget]
        return float(known[-1]) if len(known) else math.inf

    def cost_of(self, value: float) -> float:
        """Returns the epochs until the value was found; infinity where it was not."""
        reached = np.flatnonzero(self.best <= value)
        return float(self.spent[reached[0]]) if len(reached) else math.inf


def median(values: Sequence[float], digits: int = 4) -> str:
    """The median with its interval, by order statistics; a search that found nothing is worst.

    At least 95 % whatever the distribution, which takes 6 values.
    """
    ordered, n = sorted(values), len(values)
    k = int(stats.binom.ppf(0.025, n, 0.5))  # P(fewer than k of n below the median) <= 2.5 %
    bounds = (ordered[k - 1], ordered[n - k]) if k > 0 else (-math.inf, math.inf)
    middle = _shown(float(np.median(ordered)), digits)
    if k == 0:
        return f"{middle} (no interval, n = {n})"
    return f"{middle} ({_shown(bounds[0], digits)} to {_shown(bounds[1], digits)})"


def _shown(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "nothing"


def paired(name: str, one: Sequence[float], other: Sequence[float], digits: int = 4) -> str:
    """How often `one` is lower than `other`, pair by pair, and by how much where both are known.

    A search that found nothing loses against one that found something; two of them are equal.
    """
    pairs = list(zip(one, other, strict=True))
    lower, higher = sum(a < b for a, b in pairs), sum(a > b for a, b in pairs)
    text = f"{name} lower in {lower}, higher in {higher} of {len(pairs)}"
    if lower + higher:
        p = stats.binomtest(lower, lower + higher).pvalue
        text += f" (sign test p = {p:.2g})"
    gaps = [a - b for a, b in pairs if math.isfinite(a) and math.isfinite(b)]
    if len(gaps) < 2:
        return f"{text}; both known in {len(gaps)}"
    mean, low, high, _ = t_interval(gaps)
    known = "" if len(gaps) == len(pairs) else f" in the {len(gaps)} where both are known"
    return (
        f"{text}; difference{known} {mean:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"
    )


def reaching(one: Sequence[Course], other: Sequence[Course], budget: float) -> tuple[str, str]:
    """How long `one` took beside `other` to the same value, as two texts.

    First to the best that `other` found in the whole budget, which `one` may miss; then to the
    worse of the two bests of each pair, which both reached. Ratios of epochs are geometric means.
    """
    pairs = list(zip(one, other, strict=True))
    theirs = [(a.cost_of(b.at(budget)), b.cost_of(b.at(budget))) for a, b in pairs]
    reached = [(a, b) for a, b in theirs if a <= budget]
    common = [(a, b, max(a.at(budget), b.at(budget))) for a, b in pairs]
    both = [(a.cost_of(v), b.cost_of(v)) for a, b, v in common if math.isfinite(v)]
    first = f"{len(reached)} of {len(pairs)}" + (
        f"; in these {_ratio(reached)}" if reached else ""
    )
    return first, f"{_ratio(both)}, {len(both)} of {len(pairs)}"


def _ratio(costs: Sequence[tuple[float, float]]) -> str:
    if not costs:
        return "unknown"
    mean, low, high, n = t_interval([math.log(a / b) for a, b in costs])
    if n < 2:
        return f"{math.exp(mean):.2f}"
    return f"{math.exp(mean):.2f} ({math.exp(low):.2f} to {math.exp(high):.2f})"
