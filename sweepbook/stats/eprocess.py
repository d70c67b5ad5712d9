"""Looks without a last one: the t e-process, which may be looked at after every replicate.

Under the edge the e value is the likelihood ratio of |t| with an effect of normal size 1 against
none. It is a supermartingale of mean 1, whatever the spread: it ever reaches 1/alpha in at most
alpha of all studies (Ville 1939). Source: Grünwald, de Heide and Koolen (2024), Safe testing;
Wang and Ramdas (2025), Anytime-valid t-tests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

RULE = "e-process"
_LARGEST = 700.0  # of a logarithm, beyond which e is told as this


def e_value(t: float, n: int) -> float:
    """The evidence of n values with this t statistic against the edge; NaN where t is.

    n: at least 2. About 20 decides at 5 %.

    >>> round(e_value(0.0, 4), 3), e_value(9.0, 5) > 20
    (0.447, True)
    """
    v = n - 1
    grown = math.log1p(t * t / v) - math.log1p(t * t / (v * (1 + n)))
    return math.exp(min((v + 1) / 2 * grown - math.log1p(n) / 2, _LARGEST))


@dataclass(frozen=True)
class Unlimited:
    """The rule of a study without a maximum, with the methods of `sequential.Spending`."""

    def nominal(self, n: int, alpha: float) -> float:
        """The two-sided p value of n replicates up to which they decide at alpha; 0 where none is.

        Raises ValueError unless 0 < alpha <= 0.5.
        """
        from scipy import special

        if not 0 < alpha <= 0.5:
            raise ValueError(f"alpha must lie in (0, 0.5], got {alpha}")
        v = n - 1
        ratio = (math.sqrt(1 + n) / alpha) ** (2 / (v + 1))
        if ratio >= 1 + n:
            return 0.0
        t = math.sqrt(v * (ratio - 1) / (1 - ratio / (1 + n)))
        return float(2 * special.stdtr(v, -t))

    def level(self, n: int, p: float) -> float:
        """The smallest alpha at which a two-sided p value of n replicates decides, at most 1."""
        from scipy import special

        if not 0 <= p <= 1:  # NaN too
            return 1.0
        t = float(-special.stdtrit(n - 1, max(p, 1e-300) / 2))
        return min(1 / e_value(t, n), 1.0)
