"""Shares: how many of n replicates, trials or rows do something, and what that tells of all."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sweepbook.stats.intervals import Interval

MOST = 0.8  # of the seeds: what "learns" and "does not learn" claim at least


class Share(NamedTuple):
    """k of n, and the exact interval of the share that they are a sample of."""

    k: int
    n: int
    low: float
    high: float

    @property
    def is_mixed(self) -> bool:
        """Whether some of them do and some do not."""
        return 0 < self.k < self.n


def exact_share(k: int, n: int, level: float = 0.95) -> Share:
    """Share k of n with the exact interval of Clopper and Pearson (1934).

    Each end alone is wrong in at most (1 - level) / 2 of all samples, whatever the share. Without
    anything counted the interval is 0 to 1. Raises ValueError unless 0 <= k <= n.

    >>> exact_share(17, 17).low > 0.8, exact_share(16, 16).low > 0.8
    (True, False)
    """

    from scipy import stats

    _check(k, n)
    if n == 0:
        return Share(0, 0, 0.0, 1.0)
    tail = (1 - level) / 2
    low = float(stats.beta.ppf(tail, k, n - k + 1)) if k else 0.0
    high = float(stats.beta.ppf(1 - tail, k + 1, n - k)) if k < n else 1.0
    return Share(k, n, low, high)


def at_chance(values: ArrayLike, threshold: float, level: float = 0.95) -> Share:
    """How many of n replicates stay at chance: at or below threshold, or NaN (diverged).

    threshold: stated beforehand (the share of the largest class plus the smallest difference that
    matters), never tuned on the values. No t interval describes a sample that is part chance, part
    learned: such a sample is reported by its count.
    """
    sample = np.asarray(values, dtype=np.float64)
    return exact_share(int((~(sample > threshold)).sum()), len(sample), level)


def wilson_interval(k: int, n: int, level: float = 0.95) -> Interval:
    """Share k of n with Wilson's interval, which stays inside [0, 1]; n = 0 gives NaN.

    It covers 95 % on average over the shares, and decides nothing. Raises ValueError unless
    0 <= k <= n.
    """

    from scipy import stats

    _check(k, n)
    if n == 0:
        nothing = np.asarray(math.nan)
        return Interval(nothing, nothing, nothing, 0)
    bounds = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    return Interval(np.asarray(k / n), np.asarray(bounds.low), np.asarray(bounds.high), n)


def _check(k: int, n: int) -> None:
    if not 0 <= k <= n:
        raise ValueError(f"0 <= k <= n must hold, got k = {k}, n = {n}")
