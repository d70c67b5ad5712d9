"""Counts that are looked at several times: exact, with alpha spent as in stats.sequential.

k of n replicates do something. Against a share p, the boundary of each look is the least count
that keeps the chance of having crossed any boundary so far at most tail * n / n_max. What one look
cannot spend, since counts are whole numbers, the next ones may.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sweepbook.stats.intervals import FloatArray

_STEPS = 30  # halvings of an interval of shares, to a billionth
_LARGEST = 700.0  # of a logarithm, beyond which an e value is told as this


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
    """The chance of each count of n, 0..n."""
    from scipy import special

    k = np.arange(n + 1)
    logs = -special.betaln(k + 1, n - k + 1) - math.log1p(n)
    logs = logs + special.xlogy(k, share) + special.xlog1py(n - k, -share)
    return np.asarray(np.exp(logs), dtype=np.float64)


def e_value(k: int, n: int, share: float) -> float:
    """The evidence of k of n against a share, where there is no last look (see stats.eprocess).

    The likelihood ratio of any share, each as likely, against this one; share: in (0, 1).
    """
    from scipy import special

    against = k * math.log(share) + (n - k) * math.log1p(-share)
    return math.exp(min(float(special.betaln(k + 1, n - k + 1)) - against, _LARGEST))


def lasting_share(
    ks: Sequence[int], ns: Sequence[int], alpha: float = 0.05
) -> tuple[float, float]:
    """All shares, to a thousandth, against which no look so far has an e value of 1 / alpha."""
    grid = [i / 1000 for i in range(1, 1000)]
    stay = [
        share
        for share in grid
        if max(e_value(k, n, share) for k, n in zip(ks, ns, strict=True)) < 1 / alpha
    ]
    if not stay:
        return 0.0, 1.0
    return (0.0 if not any(ks) else stay[0]), (1.0 if list(ks) == list(ns) else stay[-1])
