"""Seeds that fail: what one more of them would do to a comparison of a few replicates.

Where one seed in five fails, five replicates hold no failed one in a third of all samples. Their t
interval is then narrow and wrong. So a verdict must also stand after appending one imaginary seed
that is as bad (or as good) as the most unusual one that was seen in any trial of the study.
"""

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sweepbook.stats.intervals import (
    Difference,
    FloatArray,
    interval_at,
    mean_variance,
    one_run_variance,
)

LEAST = 3  # replicates of a trial whose spread tells anything
_NORMAL = 1.4826  # standard deviation over median absolute deviation of normal values
_SCATTERED = 4.0  # times the spread of all: such a trial scatters as a whole, no seed of it fails
_CHANCE = 0.05  # that the most unusual of all normal values counts as unusual


class Unusual(NamedTuple):
    """How far the most unusual seeds lie from the median of their trial.

    low <= 0 <= high; 0 where no seed is unusual. n: seeds that were looked at.
    """

    low: float = 0.0
    high: float = 0.0
    n: int = 0

    def of_difference(self) -> "Unusual":
        """The same of a difference of two arms, in either of which a seed may be unusual."""
        return Unusual(min(self.low, -self.high), max(self.high, -self.low), self.n)


def unusual_seeds(arms: Sequence[FloatArray], others: Sequence[FloatArray] = ()) -> Unusual:
    """The most unusual seeds of some trials, as distances from their trial's median.

    arms: of the trials that are compared, (n_replicates,) each; others: of the study's other
    trials, on the same scale. A seed is unusual if it lies further from the median than the
    largest of as many normal values would in about 9 of 10 studies; the spread is the median
    absolute distance, over all trials or in its own, whichever is larger. Trials of fewer than 3
    replicates or with a value that is not finite are left out, and so are others that scatter as
    a whole: whose own distance is more than 4 times that of the arms.
    """

    from scipy import special

    compared, further = _scatters(arms), _scatters(others)
    if not compared and not further:
        return Unusual()
    most = _SCATTERED * _typical(compared or further) or math.inf  # arms without any spread
    kept = compared + [one for one in further if one.own <= most]
    typical, n = _typical(kept), sum(one.n for one in kept)
    limit = -float(special.ndtri(_CHANCE / 2 / n)) * _NORMAL
    least = limit * np.maximum(typical, [one.own for one in kept])
    lowest, highest = (np.array(ends) for ends in zip(*(one.ends for one in kept), strict=True))
    low = float(lowest[lowest < -least].min(initial=0.0))
    high = float(highest[highest > least].max(initial=0.0))
    return Unusual(low, high, n)


class _Scatter(NamedTuple):
    """How the n values of a trial lie about their median.

    own: the lower median of the distances, which one of three seeds that fails does not move.
    rest: the distances without the smallest, since the median was fitted. ends: the lowest value
    and the highest, as differences from the median.
    """

    n: int
    own: float
    rest: FloatArray
    ends: tuple[float, float]


def _scatters(arms: Sequence[FloatArray]) -> list[_Scatter]:
    found = (_scatter_of(np.asarray(arm, dtype=np.float64).tobytes()) for arm in arms)
    return [one for one in found if one is not None]


@functools.lru_cache(maxsize=2**16)  # each claim of a study looks at the same trials
def _scatter_of(values: bytes) -> _Scatter | None:
    """None of a trial that tells nothing: too few replicates, or a value that is not finite."""
    arm = np.frombuffer(values)
    if len(arm) < LEAST or not np.isfinite(arm).all():
        return None
    distances = arm - np.median(arm)
    rest = np.sort(np.abs(distances))[1:]
    ends = (float(distances.min()), float(distances.max()))
    return _Scatter(len(arm), float(rest[(len(rest) - 1) // 2]), rest, ends)


def _typical(trials: Sequence[_Scatter]) -> float:
    """Median absolute distance over all trials."""
    return float(np.median(np.concatenate([one.rest for one in trials])))


def one_more(
    values: FloatArray, found: Difference, unusual: Unusual, one_run: bool = False
) -> list[Difference]:
    """The estimate `found` of values (n,) with one imaginary unusual seed, low and high, each.

    Degrees of freedom stay those of `found`, so that the critical value is the same. [] where
    nothing is unusual or where there is no interval. one_run: `found` is from one further run,
    which scatters as well (`against_one_run`).
    """
    if not math.isfinite(found.se) or not len(values):
        return []
    middle, n = float(np.median(values)), len(values)
    own = float(values.std(ddof=1)) if n > 1 else 0.0
    overlap = found.overlap
    wider = found.se / own / math.sqrt(mean_variance(n, overlap)) if own > 0 else 1.0
    grown = []
    for distance in (unusual.low, unusual.high):
        if distance:
            sample = np.append(values, middle + distance)
            sd = float(sample.std(ddof=1))
            se = wider * sd * math.sqrt(mean_variance(n + 1, overlap))
            se = sd * math.sqrt(one_run_variance(n + 1, overlap)) if one_run else se
            grown.append(found._replace(mean=float(sample.mean()), sd=sd, se=se))
    return grown


def reach(found: Difference, more: Sequence[Difference], level: float) -> tuple[float, float]:
    """All that the interval of `found` reaches, with one more seed or without; NaN for none."""
    ends = [interval_at(one, level) for one in (found, *more)]
    return min(low for low, _ in ends), max(high for _, high in ends)


def one_more_of_two(
    first: FloatArray, second: FloatArray, found: Difference, unusual: Unusual
) -> list[Difference]:
    """The same for an unpaired difference of two samples: the seed is one of either sample."""
    if not math.isfinite(found.se):
        return []
    overlap = found.overlap
    plain = sum(_variance(one, overlap) for one in (first, second))
    rest = max(found.se**2 - plain, 0.0)  # what a choice of trials adds
    grown = []
    for sample, other, sign in ((first, second, 1.0), (second, first, -1.0)):
        known = rest + _variance(other, overlap)
        for distance in (unusual.low, unusual.high):
            if distance:
                larger = np.append(sample, float(np.median(sample)) + distance)
                mean = sign * float(larger.mean() - other.mean())
                se = math.sqrt(_variance(larger, overlap) + known)
                sd = se / math.sqrt(mean_variance(found.n, overlap))
                grown.append(found._replace(mean=mean, se=se, sd=sd))
    return grown


def _variance(sample: FloatArray, overlap: float) -> float:
    """Of the mean of a sample."""
    return float(sample.var(ddof=1)) * mean_variance(len(sample), overlap)
