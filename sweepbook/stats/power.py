"""How many replicates a difference needs, and how small a difference n replicates can tell.

Power of two-sided t tests from the noncentral t distribution; pure, nothing random.
"""

import functools
import math
from typing import NamedTuple

from sweepbook.stats.intervals import mean_variance, t_quantile

LARGEST_N = 1000  # beyond it "needed n" is not a plan any more
_EIGHTY = 1.2816  # standard errors on each side of an 80 % interval
LARGEST_SHIFT = 40.0  # standard errors; power is above 0.99 there from n = 2 on


def detectable_difference(
    sd: float,
    n: int,
    power: float = 0.8,
    level: float = 0.95,
    paired: bool = True,
    overlap: float = 0.0,
) -> float:
    """Smallest true difference that n replicates (per arm) tell from 0 with this power.

    sd: of the paired differences, or of one replicate where paired is False. NaN for n < 2. Raises
    ValueError for a power outside (0, 0.99].
    """
    if not 0 < power <= 0.99:
        raise ValueError(f"power must lie in (0, 0.99], for example 0.8, got {power}")
    if n < 2 or not math.isfinite(sd):
        return math.nan
    df, scale = _power_terms(n, paired, overlap)
    return _detectable_shift(df, power, level) * sd * scale


@functools.lru_cache(maxsize=1024)  # the claims of a study have few numbers of replicates
def _detectable_shift(df: int, power: float, level: float) -> float:
    """The shift in standard errors that has this power."""
    from scipy import optimize

    def missing(shift: float) -> float:
        return _power(shift, df, level) - power

    return float(optimize.brentq(missing, 0.0, LARGEST_SHIFT))


def needed_n(
    difference: float,
    sd: float,
    power: float = 0.8,
    level: float = 0.95,
    paired: bool = True,
    overlap: float = 0.0,
) -> int | None:
    """Replicates (per arm) needed to tell this difference from 0 with this power.

    None where the difference is 0, something is not finite, or more than LARGEST_N are needed:
    where replicates overlap, no number of them may do.
    """
    if difference == 0 or not (math.isfinite(difference) and math.isfinite(sd)):
        return None

    def enough(n: int) -> bool:
        df, scale = _power_terms(n, paired, overlap)
        return _power(min(abs(difference) / (sd * scale), LARGEST_SHIFT), df, level) >= power

    if sd == 0 or enough(2):
        return 2
    if not enough(LARGEST_N):
        return None
    low, high = 2, LARGEST_N  # power grows with n: bisect
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


class Range(NamedTuple):
    """Replicates that a comparison may need: about `likely`, between `low` and `high`.

    None: more than LARGEST_N, or it cannot be estimated.
    """

    low: int | None
    likely: int | None
    high: int | None


def needed_range(
    difference: float, sd: float, n: int, level: float = 0.95, overlap: float = 0.0
) -> Range:
    """Replicates needed for 80 % power, with what n replicates leave open about the difference.

    The observed difference in standard deviations, d, has about the standard error
    sqrt(1/n + d^2 / (2 (n - 1))); low and high are of the ends of its 80 % interval. Where this
    interval holds 0, no number would do at its lower end: high is None.
    Source of the standard error: Hedges and Olkin (1985).
    """
    likely = needed_n(difference, sd, level=level, overlap=overlap)
    if n < 2 or not sd > 0 or not math.isfinite(difference):
        return Range(likely, likely, likely)
    size = abs(difference) / sd
    half = _EIGHTY * math.sqrt(mean_variance(n, overlap) + size**2 / (2 * (n - 1)))
    ends = [
        needed_n(max(end, 0.0), 1.0, level=level, overlap=overlap)
        for end in (size + half, size - half)
    ]
    return Range(ends[0], likely, ends[1])


def _power_terms(n: int, paired: bool, overlap: float) -> tuple[int, float]:
    """Degrees of freedom, and standard error as a multiple of sd."""
    variance = mean_variance(n, overlap)
    return (n - 1, math.sqrt(variance)) if paired else (2 * n - 2, math.sqrt(2 * variance))


def _power(shift: float, df: float, level: float) -> float:
    """Power of a two-sided t test at a shift in standard errors: noncentral t, both tails."""
    from scipy import stats

    limit = t_quantile(level, df)
    upper, lower = stats.nct.sf(limit, df, shift), stats.nct.cdf(-limit, df, shift)
    if shift >= 6:  # the lower tail is below 1e-9, and scipy may give NaN
        return float(upper)
    return float(upper) + float(lower)
