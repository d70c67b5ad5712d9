"""How likely a comparison still is to be decided, as it looks now."""

from __future__ import annotations

import math

LEAST, FROM = 0.1, 15  # given up below this conditional power, from so many replicates on


def conditional_power(
    gap: float, seeds_se: float, se: float, n: int, n_max: int, critical: float
) -> float:
    """Chance that the last look crosses its boundary, if the estimate so far is the truth.

    Where all of the standard error shrinks with the seeds this is
    Phi((t / sqrt(f) - critical) / sqrt(1 - f)), f = n / n_max (Lan, Simon and Halperin 1982).
    What does not shrink with them (test rows, a printed run) stays as it is.

    Args:
        gap: estimate minus edge, > 0 on the side that is to be decided for.
        seeds_se: standard error that comes from the n seeds. se: all of it, at least seeds_se.
        critical: |t| that decides at the last look.

    Returns: in [0, 1]; NaN where a number is. At n = n_max it is 0 or 1.
    """
    from scipy import special

    numbers = (gap, seeds_se, se, critical)
    if any(math.isnan(one) for one in numbers):
        return math.nan
    f = n / n_max
    stays = max(se**2 - seeds_se**2, 0.0)
    last = math.sqrt(stays + seeds_se**2 * f)
    if last == 0:
        return float(gap > 0)
    missing = critical * last - gap
    spread = math.sqrt(max(1 - f, 0.0) * f) * seeds_se
    if spread == 0:
        return float(missing <= 0)
    return float(special.ndtr(-missing / spread))
