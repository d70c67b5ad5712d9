"""Looks at a growing number of replicates: at each of them, which p value decides at level alpha.

Whoever looks once more errs once more. So alpha is spent: by the look at n replicates of n_max, at
most alpha * n / n_max of all studies may have crossed a boundary by chance (the spending function
of Kim and DeMets 1987 with rho = 1; Lan and DeMets 1983). At the edge itself t = (mean - edge) /
(s / sqrt(n)) has the same joint distribution over the looks whatever the spread is, so that its
boundaries are found by drawing such paths. They are kept as nominal levels: the two-sided p value
of a look's own t test that crosses. A test with other degrees of freedom (Welch's) uses the same.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sweepbook.stats.intervals import FloatArray
from sweepbook.stats.paths import crossings

N_PATHS, SEED = 2_000_000, 20
_MOST_VALUES = 120_000_000  # of all paths at all looks, 4 bytes each
_ALPHAS = tuple(float(a) for a in np.geomspace(0.5, 0.0005, 37))
_LEAST_COUNT = 200  # paths beyond a boundary: with fewer the bound of Bonferroni is taken
RULE = "alpha * n / n_max (Kim and DeMets 1987, rho = 1)"


@dataclass(frozen=True, kw_only=True)
class Spending:
    """The nominal levels of all looks, at each of a falling grid of alphas.

    Args:
        looks: numbers of replicates, increasing; the last one is n_max.
        alphas: from 0.5 down to the least one that enough paths have crossed.
        levels: one tuple per alpha with the two-sided nominal level of each look.
    """

    looks: tuple[int, ...]
    alphas: tuple[float, ...]
    levels: tuple[tuple[float, ...], ...]

    @property
    def n_max(self) -> int:
        """The number of replicates of the last look."""
        return self.looks[-1]

    def share(self, n: int) -> float:
        """The share of alpha that the look at n replicates may spend for the first time.

        Raises ValueError where n is none of the looks.
        """
        place = self._place(n)
        return (n - (self.looks[place - 1] if place else 0)) / self.n_max

    def nominal(self, n: int, alpha: float) -> float:
        """The two-sided p value of the look at n replicates up to which it decides at alpha.

        Below the grid it is alpha times the look's share, which no joint distribution can make
        wrong (Bonferroni). Raises ValueError unless 0 < alpha <= 0.5.
        """
        if not 0 < alpha <= self.alphas[0]:
            raise ValueError(f"alpha must lie in (0, {self.alphas[0]}], got {alpha}")
        if alpha < self.alphas[-1]:
            return alpha * self.share(n)
        column = self._columns[self._place(n)]
        return float(np.exp(np.interp(math.log(alpha), self._logs, column)))

    def level(self, n: int, p: float) -> float:
        """The smallest alpha at which a p value of the look at n replicates decides, at most 1.

        1 where it is above 0.5, and for a p value that is NaN.

        >>> spending = spending_of((5, 10), n_paths=20_000)
        >>> round(spending.level(5, 0.025), 3), spending.level(5, 0.9)
        (0.05, 1.0)
        """
        column = self._columns[self._place(n)]
        if not p <= math.exp(column[-1]):
            return 1.0
        if p <= math.exp(column[0]):
            return min(p / self.share(n), self.alphas[-1])
        return float(np.exp(np.interp(math.log(p), column, self._logs)))

    def as_json(self) -> dict[str, Any]:
        """The boundaries as plain values, so that a record keeps those that it was begun with."""
        levels = [[float(f"{one:.6g}") for one in row] for row in self.levels]
        return {"looks": list(self.looks), "alphas": list(self.alphas), "levels": levels}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Spending:
        """The boundaries of `as_json`; raises ValueError where they are not complete."""
        try:
            looks, alphas = tuple(map(int, content["looks"])), tuple(map(float, content["alphas"]))
            levels = tuple(tuple(map(float, row)) for row in content["levels"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"boundaries lack a value: {error}") from error
        if len(levels) != len(alphas) or {len(row) for row in levels} != {len(looks)}:
            raise ValueError("boundaries must have a level for each look and each alpha")
        return cls(looks=looks, alphas=alphas, levels=levels)

    def _place(self, n: int) -> int:
        if n not in self.looks:
            raise ValueError(f"n must be one of the looks {self.looks}, got {n}")
        return self.looks.index(n)

    @functools.cached_property
    def _logs(self) -> FloatArray:
        return np.asarray(np.log(self.alphas[::-1]), dtype=np.float64)

    @functools.cached_property
    def _columns(self) -> FloatArray:
        """(n_looks, n_alphas): logarithms of the nominal levels, each row rising with alpha."""
        return np.asarray(np.log(self.levels[::-1]).T, dtype=np.float64)


def check_looks(looks: Sequence[int]) -> tuple[int, ...]:
    """The looks as a tuple; raises ValueError unless they rise from at least 2 replicates on."""
    given = tuple(looks)
    rises = all(a < b for a, b in zip(given, given[1:], strict=False))
    if not given or not rises or given[0] < 2:
        raise ValueError(f"looks must be rising numbers of replicates from 2 on, got {given}")
    return given


@functools.lru_cache(maxsize=16)
def spending_of(looks: tuple[int, ...], n_paths: int = N_PATHS, seed: int = SEED) -> Spending:
    """The boundaries of some looks, drawn from `n_paths` paths of t under the edge.

    The first look's are exact. The others' are smoothed: over the grid, the logarithm of (nominal
    level / what the look may spend) is a parabola in the logarithm of alpha, at least 0.

    Randomness: a generator with this seed; the same arguments give the same boundaries.
    """
    looks = check_looks(looks)
    n = min(n_paths, _MOST_VALUES // len(looks))
    counts, levels = crossings(looks, _ALPHAS, n, np.random.default_rng(seed))
    shares = np.diff((0, *looks)) / looks[-1]
    enough = int((counts.min(axis=1) >= _LEAST_COUNT).sum())
    used = max(enough, 4)
    alphas = np.array(_ALPHAS[:used])
    spent = alphas[:, None] * shares
    smooth = np.empty_like(spent)
    for place in range(len(looks)):
        ratio = np.log(levels[:used, place] / spent[:, place])
        fit = np.polynomial.Polynomial.fit(
            np.log(alphas), ratio, 2, w=np.sqrt(counts[:used, place])
        )
        smooth[:, place] = np.exp(np.maximum(fit(np.log(alphas)), 0.0)) * spent[:, place]
    smooth[:, 0] = spent[:, 0]
    smooth = np.minimum.accumulate(smooth, axis=0)  # a smaller alpha never decides more
    return Spending(
        looks=looks,
        alphas=tuple(alphas.tolist()),
        levels=tuple(tuple(row) for row in smooth.tolist()),
    )
