"""One of several trials for each replicate, chosen where that replicate is not scored.

A choice by the mean of all replicates scores on what has chosen: the best of five equal trials of
three replicates looks 0.7 sd too good. Here the other replicates choose for each one. The
replicates' values then depend on each other, since each takes part in the others' choices, so the
standard error of their mean is the jackknife's, of choice and mean together.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sweepbook.stats.intervals import Difference, FloatArray, mean_variance, t_quantile

Mode = Literal["min", "max"]


def leave_one_out_picks(scores: ArrayLike, mode: Mode) -> NDArray[np.int64]:
    """(..., n) which arm the other replicates choose for each one; the first of equal ones.

    scores: (..., n_arms, n), without NaN. One replicate has no others: it chooses for itself.
    """
    table = np.asarray(scores, dtype=np.float64) * (1.0 if mode == "max" else -1.0)
    n = table.shape[-1]
    sums = table.sum(axis=-1, keepdims=True) - (table if n > 1 else 0.0)
    best = sums.max(axis=-2, keepdims=True)
    equal = np.isclose(sums, best, rtol=1e-12, atol=1e-15)  # not by the order of a sum
    return np.asarray(equal.argmax(axis=-2), dtype=np.int64)


def chosen_values(values: ArrayLike, scores: ArrayLike, mode: Mode) -> FloatArray:
    """(..., n) each replicate's value of the arm that the others' scores choose.

    values, scores: (..., n_arms, n).
    """
    picks = leave_one_out_picks(scores, mode)[..., None, :]
    found = np.take_along_axis(np.asarray(values, dtype=np.float64), picks, axis=-2)
    return np.asarray(found[..., 0, :])


def pseudo_values(values: ArrayLike, scores: ArrayLike, mode: Mode) -> FloatArray:
    """(..., n) the jackknife's: their sd / sqrt(n) is the standard error of the mean chosen value.

    n times the mean of `chosen_values`, minus n - 1 times the mean where one replicate is left
    out of choice and mean alike. One arm has its own values; so has one replicate.

    Source: Tukey (1958), Bias and confidence in not quite large samples.
    """
    table, chooses = np.asarray(values, np.float64), np.asarray(scores, np.float64)
    n, whole = table.shape[-1], chosen_values(values, scores, mode)
    if n < 2:
        return whole
    left_out = [
        chosen_values(np.delete(table, i, -1), np.delete(chooses, i, -1), mode).mean(axis=-1)
        for i in range(n)
    ]
    total = n * whole.mean(axis=-1, keepdims=True)
    return np.asarray(total - (n - 1) * np.stack(left_out, axis=-1))


def with_choice(
    found: Difference, values: ArrayLike, pseudo: ArrayLike, level: float = 0.95
) -> Difference:
    """An interval that ignores the choice, widened by what the choice adds to its variance.

    found: over these replicates' values (n,), or over them and test rows. The variance of their
    mean becomes the jackknife's where that is larger. Degrees of freedom: n - 1 for what the
    replicates contribute. Simulated (benchmarks/chosen_rate.py): at most 5 % of comparisons at
    the edge are decided falsely, at 3, 5 and 10 replicates. Where the replicates overlap, both
    variances grow alike.
    """
    sample, jackknife = np.asarray(values, np.float64), np.asarray(pseudo, np.float64)
    n = len(sample)
    if n < 2 or not (math.isfinite(found.se) and np.isfinite(jackknife).all()):
        return found
    of_mean = mean_variance(n, found.overlap)
    own, whole = (float(x.var(ddof=1)) * of_mean for x in (sample, jackknife))
    if whole <= own:
        return found
    variance = found.se**2 + whole - own
    df = min(found.df, (n - 1) * (variance / whole) ** 2)
    se = math.sqrt(variance)
    half = t_quantile(level, df) * se
    return found._replace(
        low=found.mean - half, high=found.mean + half, sd=se / math.sqrt(of_mean), se=se, df=df
    )
