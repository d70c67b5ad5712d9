"""Components of variance: how much each source of chance moves a value, in a crossed design.

Every level of every source is combined with every level of the others, once. A value is then a
mean plus an effect of each source, of each pair of sources, and so on; each effect is drawn with
a variance of its own, its component. The effect of all sources together is one with whatever
else differs from run to run: the rest. (Bouthillier et al. 2021 look at the same sources one by
one; crossed, the pairs are seen as well.)
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from sweepbook.stats.intervals import FloatArray

LEAST = 2  # levels of a source: one shows no spread
_N_DRAWS = 20_000  # of an interval; its ends then move by about 2 % with other draws
_SEED = 20_210_000
Term = tuple[int, ...]


class Component(NamedTuple):
    """What one effect adds to the spread, on the scale of the values.

    Args:
        sources: the names of the sources whose effect it is; all of them for the rest.
        sd: estimated standard deviation, >= 0; 0 where the values show none.
        low, high: its interval at the asked level.
        share: of the sum of all estimated variances, 0..1; NaN where that is 0.
    """

    sources: tuple[str, ...]
    sd: float
    low: float
    high: float
    share: float


def components(
    values: FloatArray, sources: Sequence[str], *, level: float = 0.95
) -> list[Component]:
    """Returns the components of a crossed design, single sources first, the rest last.

    Estimates are those of the analysis of variance, set to 0 where they are negative. Intervals
    are generalized confidence intervals (Weerahandi 1993; Hannig, Iyer and Patterson 2006): each
    sum of squares is held against draws of its chi-squared distribution. They assume normal
    effects.

    Args:
        values: float (n_1, ..., n_k), one finite value per combination of levels.
        sources: k names, 1 <= k.
        level: of the intervals, between 0 and 1.

    Raises:
        ValueError: an axis with fewer than two levels, a value that is not finite, or as many
            names as there are no axes.

    Randomness: none; the draws have a fixed seed.
    """
    if values.ndim != len(sources) or not sources:
        raise ValueError(f"{values.ndim} axes of values need as many sources, got {len(sources)}")
    for name, n_levels in zip(sources, values.shape, strict=True):
        if n_levels < LEAST:
            raise ValueError(f"{name} needs at least {LEAST} levels, got {n_levels}")
    if not np.isfinite(values).all():
        raise ValueError(f"{int((~np.isfinite(values)).sum())} of the values are not finite")
    degrees, drawn = _chances(values.shape)
    squares = {term: _sum_of_squares(values, term) for term in degrees}
    means = {term: square / degrees[term] for term, square in squares.items()}
    pivots = {term: square / drawn[term] for term, square in squares.items()}
    found = []
    for term in squares:
        variance = max(float(_variance(means, term, values.shape)), 0.0)
        pivot = np.maximum(_variance(pivots, term, values.shape), 0.0)
        low, high = np.quantile(pivot, [(1 - level) / 2, (1 + level) / 2])
        names = tuple(sources[i] for i in term)
        found.append((names, variance, math.sqrt(low), math.sqrt(high)))
    total = sum(variance for _, variance, *_ in found)
    return [
        Component(names, math.sqrt(v), low, high, v / total if total else math.nan)
        for names, v, low, high in found
    ]


@functools.lru_cache(maxsize=4)
def _chances(shape: tuple[int, ...]) -> tuple[dict[Term, int], dict[Term, FloatArray]]:
    """The degrees of freedom of each effect, and draws of its chi-squared distribution."""
    rng = np.random.default_rng(_SEED)
    degrees = {term: math.prod(shape[i] - 1 for i in term) for term in _terms(len(shape))}
    return degrees, {term: rng.chisquare(df, _N_DRAWS) for term, df in degrees.items()}


def _terms(n_sources: int) -> list[Term]:
    """The effects: of each source, of each pair, ..., of all of them."""
    return [
        term for size in range(1, n_sources + 1) for term in combinations(range(n_sources), size)
    ]


def _sum_of_squares(values: FloatArray, term: Term) -> float:
    """The sum of squares of one effect: of the means over all else, without smaller effects."""
    others = tuple(axis for axis in range(values.ndim) if axis not in term)
    means = values.mean(others, keepdims=True)
    effect = means
    for axis in term:
        effect = effect - effect.mean(axis, keepdims=True)
    n_each = math.prod(values.shape[axis] for axis in others)
    return float((effect**2).sum() * n_each)


def _variance(
    squares: Mapping[Term, float | FloatArray], term: Term, shape: Sequence[int]
) -> FloatArray:
    """The component from mean squares: those of larger effects are taken out, in turn."""
    total = np.zeros(())
    for larger, square in squares.items():
        if set(term) <= set(larger):
            total = total + (-1) ** (len(larger) - len(term)) * np.asarray(square)
    return total / math.prod(n for axis, n in enumerate(shape) if axis not in term)
