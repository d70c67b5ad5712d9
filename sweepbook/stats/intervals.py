"""Statistics of replicates: pure functions from numbers to numbers.

A handful of replicates is the usual case, so every interval here is a t interval: at n = 5 a
percentile bootstrap of the mean covers about 84 % where it says 95 %. Three rules hold throughout:
NaN in gives NaN out (a diverged replicate is never dropped silently), one value has NaN bounds,
and the order of replicates does not matter. Nothing here is random.

Folds of one data set share training rows, so their values vary together and their spread is too
small. `overlap` is n_test / n_train of such replicates, 0 of others: the variance of their mean is
then sd^2 * (1/n + overlap), instead of sd^2 / n (the corrected resampled t test of Nadeau and
Bengio 2003, Inference for the generalization error, Machine Learning 52).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


class Interval(NamedTuple):
    """A mean and its two-sided interval; arrays of one shape (0-d for one sample), n counted."""

    mean: FloatArray
    low: FloatArray
    high: FloatArray
    n: int


class Difference(NamedTuple):
    """A difference of two means with its interval.

    n: pairs, or the smaller arm; sd: of one difference (Welch: se * sqrt(n), so that needed_n of a
    paired test applies to it); df: degrees of freedom. All NaN where it cannot be estimated.
    overlap: of the replicates.
    """

    mean: float
    low: float
    high: float
    n: int
    sd: float
    se: float
    df: float
    overlap: float = 0.0


def t_interval(values: ArrayLike, level: float = 0.95, overlap: float = 0.0) -> Interval:
    """Mean and two-sided t interval along the last axis.

    values: (..., n). Equal values have an interval of width 0; n = 1 has NaN bounds.

    >>> interval = t_interval([1.0, 2.0, 3.0])
    >>> float(interval.mean), round(float(interval.low), 3), interval.n
    (2.0, -0.484, 3)
    """
    return _interval(values, level, lambda n: mean_variance(n, overlap))


def mean_variance(n: int, overlap: float = 0.0) -> float:
    """Variance of the mean of n replicates, in units of sd^2, the variance that they show."""
    return 1 / n + overlap


def prediction_interval(
    values: ArrayLike, level: float = 0.95, m: float = 1, overlap: float = 0.0
) -> Interval:
    """Mean, and the interval that holds the mean of m further replicates (m = 1: one more).

    values: (..., n) along the last axis; half width t(n - 1) * sd * sqrt(1/m + 1/n), normal
    errors. With an overlap the further ones are of other data, and overlap is added twice: both
    means vary with their data. Raises ValueError where level is outside (0, 1) or m < 1.
    """
    if m < 1:
        raise ValueError(f"m must be at least 1 further replicate, got {m}")
    return _interval(values, level, lambda n: 1 / m + overlap + mean_variance(n, overlap))


def _interval(values: ArrayLike, level: float, variance: Callable[[int], float]) -> Interval:
    """variance: n replicates -> the estimate's, in units of the variance that they show."""
    _check_level(level)
    sample = np.atleast_1d(np.asarray(values, dtype=np.float64))
    n = sample.shape[-1]
    empty = np.full(sample.shape[:-1], np.nan)
    if n == 0:
        return Interval(empty, empty, empty, 0)
    with np.errstate(invalid="ignore"):  # inf - inf: NaN is the answer
        mean = np.asarray(sample.mean(axis=-1))
        if n == 1:
            return Interval(mean, empty, empty, 1)
        sd = np.asarray(sample.std(axis=-1, ddof=1))
        half = t_quantile(level, n - 1) * sd * math.sqrt(variance(n))
    return Interval(mean, np.asarray(mean - half), np.asarray(mean + half), n)


def paired_difference(
    a: "pd.Series[float]", b: "pd.Series[float]", level: float = 0.95, overlap: float = 0.0
) -> Difference:
    """Mean of a - b over replicates that share split and seeds, with its t interval.

    a, b: values indexed by replicate id, in any order. Raises ValueError where the ids differ or
    repeat: pairs must be complete.
    """
    if set(a.index) != set(b.index) or a.index.has_duplicates or b.index.has_duplicates:
        raise ValueError(
            f"pairs need the same replicates once each, got {list(a.index)} and {list(b.index)}"
        )
    return one_sample(np.asarray(a - b.reindex(a.index), dtype=np.float64), level, overlap)


def one_sample(values: ArrayLike, level: float = 0.95, overlap: float = 0.0) -> Difference:
    """Mean of values (n,) with its t interval, as a Difference (from 0)."""
    sample = np.asarray(values, dtype=np.float64)
    interval = t_interval(sample, level, overlap)
    with np.errstate(invalid="ignore"):
        sd = float(sample.std(ddof=1)) if interval.n > 1 else math.nan
    low, high = float(interval.low), float(interval.high)
    se = sd * math.sqrt(mean_variance(max(interval.n, 1), overlap))
    return Difference(float(interval.mean), low, high, interval.n, sd, se, interval.n - 1, overlap)


def against_one_run(values: ArrayLike, level: float = 0.95, overlap: float = 0.0) -> Difference:
    """Mean of values (n,) from what one more run gave, which scatters as they do.

    A printed number of a single training is no constant: its standard deviation is that of the
    values, so the standard error is sd * sqrt(1 + 1/n). values: minus the printed number. With an
    overlap it is that of `prediction_interval`.
    """
    found = one_sample(values, level, overlap)
    wider = found._replace(se=found.sd * math.sqrt(one_run_variance(max(found.n, 1), overlap)))
    low, high = interval_at(wider, level)
    return wider._replace(low=low, high=high)


def one_run_variance(n: int, overlap: float = 0.0) -> float:
    """Variance of the mean of n replicates minus one further run, in units of sd^2."""
    return 1 + overlap + mean_variance(n, overlap)


def welch_difference(
    a: ArrayLike, b: ArrayLike, level: float = 0.95, overlap: float = 0.0
) -> Difference:
    """Mean of a minus mean of b for unpaired samples (n_a,), (n_b,) of unequal variance.

    Source: Welch (1947), degrees of freedom of Welch and Satterthwaite. One value in either arm
    gives NaN bounds; two constant samples an interval of width 0.
    """
    _check_level(level)
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    n = min(len(first), len(second))
    if n == 0:
        return Difference(math.nan, math.nan, math.nan, 0, math.nan, math.nan, math.nan)
    with np.errstate(invalid="ignore"):
        mean = float(first.mean() - second.mean())
        if n == 1:
            return Difference(mean, math.nan, math.nan, 1, math.nan, math.nan, math.nan)
        parts = [mean_variance(len(x), overlap) * float(x.var(ddof=1)) for x in (first, second)]
    se = math.sqrt(sum(parts))
    df = float(len(first) + len(second) - 2)
    if se > 0:  # scaled by se**2 first: tiny variances must not underflow
        shares = [part / se / se for part in parts]
        df = 1 / sum(s**2 / (len(x) - 1) for s, x in zip(shares, (first, second), strict=True))
    half = t_quantile(level, df) * se
    sd = se / math.sqrt(mean_variance(n, overlap))
    return Difference(mean, mean - half, mean + half, n, sd, se, df, overlap)


def interval_at(difference: Difference, level: float) -> tuple[float, float]:
    """The interval of a difference at another level; NaN where it has none."""
    if not math.isfinite(difference.se):
        return math.nan, math.nan
    half = t_quantile(level, difference.df) * difference.se
    return difference.mean - half, difference.mean + half


def p_value(difference: Difference, null: float = 0.0) -> float:
    """Two-sided p of "the true difference is null"; NaN where there is no interval."""

    from scipy import special

    gap = difference.mean - null
    if not math.isfinite(difference.se) or not math.isfinite(gap):
        return math.nan
    if difference.se == 0:
        return 1.0 if gap == 0 else 0.0
    return float(2 * special.stdtr(difference.df, -abs(gap) / difference.se))


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), for example 0.95, got {level}")


def t_quantile(level: float, df: float) -> float:
    """Quantile of the t distribution that leaves (1 - level) / 2 above it."""
    from scipy import special

    return float(special.stdtrit(df, (1 + level) / 2))
