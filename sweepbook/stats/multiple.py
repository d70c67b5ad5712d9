"""Several comparisons that are decided together."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sweepbook.stats.intervals import FloatArray


def holm(p: ArrayLike) -> FloatArray:
    """Holm's adjusted p values, in the order given; NaN stays NaN and counts as no comparison.

    p: (n,) in [0, 1]. Source: Holm (1979). An adjusted value <= alpha keeps the family's chance of
    any false rejection at alpha.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    raw = np.asarray(p, dtype=np.float64)
    adjusted = np.full(raw.shape, np.nan)
    order = np.flatnonzero(~np.isnan(raw))
    order = order[np.argsort(raw[order], kind="stable")]
    steps = raw[order] * (len(order) - np.arange(len(order)))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def holm_factors(p: ArrayLike, alpha: float) -> NDArray[np.int64]:
    """By how much Holm's method multiplies each p value at the step at which it decides.

    A hypothesis is rejected where p * factor <= alpha, and exactly then the interval at the level
    1 - alpha / factor excludes what it claims: an interval at this level and the verdict agree.
    Hypotheses behind the first that is not rejected share its factor. NaN has the factor 1.

    >>> holm_factors([0.01, 0.04, 0.03], 0.05).tolist()
    [3, 2, 2]
    """
    raw = np.asarray(p, dtype=np.float64)
    factors = np.ones(raw.shape, dtype=np.int64)
    order = np.flatnonzero(~np.isnan(raw))
    order = order[np.argsort(raw[order], kind="stable")]
    steps = len(order) - np.arange(len(order))
    failing = np.flatnonzero(raw[order] * steps > alpha)
    if len(failing):
        steps[failing[0] :] = steps[failing[0]]
    factors[order] = steps
    return factors
