"""Counts that are looked at several times: exact, with alpha spent as in stats.sequential.

k of n replicates do something. Against a share p, the boundary of each look is the least count
that keeps the chance of having crossed any boundary so far at most tail * n / n_max. What one look
cannot spend, since counts are whole numbers, the next ones may.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sweepbook.stats.intervals import FloatArray

_STEPS = 50  # halvings of an interval of shares: more than a float tells apart


def upper_limits(looks: Sequence[int], share: float, tail: float) -> list[int]:
    """The least count of each look that says "the share is above this", n + 1 where none does.

    looks: rising numbers of replicates. share: in [0, 1]. tail: chance that any of them is reached
    where the share is exactly this, in (0, 1); for both sides together alpha / 2. Pure, exact.
    """
    alive: FloatArray = np.ones(1)  # chance of each count without a crossing so far
    crossed, before, limits = 0.0, 0, []
    for n in looks:
        alive = np.convolve(alive, _binomial(n - before, share))
        beyond = np.append(np.cumsum(alive[::-1])[::-1], 0.0)  # chance of at least k, k = 0..
        allowed = tail * n / looks[-1] - crossed
        limit = int(np.argmax(beyond <= allowed + 1e-15))
        crossed += float(beyond[limit])
        alive = alive[:limit] if limit else np.zeros(1)
        limits.append(max(limit, 0) if limit < len(beyond) - 1 else n + 1)
        before = n
    return limits


def crosses(ks: Sequence[int], looks: Sequence[int], share: float, tail: float) -> bool:
    """Whether the counts of the looks so far say at any of them that the share is above this.

    ks: one count for each of the first looks.
    """
    limits = upper_limits(looks, share, tail)
    return any(k >= limit for k, limit in zip(ks, limits, strict=False))


def repeated_share(
    ks: Sequence[int], looks: Sequence[int], alpha: float = 0.05
) -> tuple[float, float]:
    """The repeated interval of the share: all that no look so far has excluded, at 1 - alpha.

    ks: one count for each of the first looks.
    """
    ns = list(looks[: len(ks)])
    low = _lower_end(ks, looks, alpha / 2)
    high = 1 - _lower_end([n - k for k, n in zip(ks, ns, strict=True)], looks, alpha / 2)
    return low, high


def _lower_end(ks: Sequence[int], looks: Sequence[int], tail: float) -> float:
    if not any(ks):
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if crosses(ks, looks, middle, tail) else (low, middle)
    return low


def _binomial(n: int, share: float) -> FloatArray:
    from scipy import stats

    return np.asarray(stats.binom.pmf(np.arange(n + 1), n, share), dtype=np.float64)
