"""Paths of t over the looks of a study whose true difference lies at the edge, and boundaries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweepbook.stats.intervals import FloatArray

_CHUNK = 250_000  # paths that are drawn at a time


def t_paths(
    looks: Sequence[int], n_paths: int, rng: np.random.Generator, shift: float = 0.0
) -> NDArray[np.float32]:
    """t = (mean - edge) / (s / sqrt(n)) of normal values at each look, (n_looks, n_paths).

    looks: rising numbers of values, from 2 on. shift: how far the true mean lies from the edge, in
    standard deviations. The sum and the sum of squares of the values that come between two looks
    are drawn as a normal and a chi-squared number. Randomness: `rng`, in chunks of paths.
    """
    made = np.empty((len(looks), n_paths), dtype=np.float32)
    for begin in range(0, n_paths, _CHUNK):
        size = min(_CHUNK, n_paths - begin)
        total, squares, before = np.zeros(size), np.zeros(size), 0
        for place, n in enumerate(looks):
            further = n - before
            drawn = rng.standard_normal(size) + shift * math.sqrt(further)
            total += math.sqrt(further) * drawn
            squares += drawn**2
            if further > 1:
                squares += 2 * rng.standard_gamma((further - 1) / 2, size)
            variance = np.maximum(squares - total**2 / n, 1e-30) / (n - 1)
            made[place, begin : begin + size] = total / np.sqrt(n * variance)
            before = n
    return made


def crossings(
    looks: Sequence[int], alphas: Sequence[float], n_paths: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], FloatArray]:
    """Boundaries of |t| for each of some falling alphas, as counts and as nominal levels.

    Returns two arrays (n_alphas, n_looks): how many paths each look may cross for the first time,
    and the two-sided p value of its boundary. The first look's is exact.
    """
    from scipy import special

    paths = np.abs(t_paths(looks, n_paths, rng))
    shares = np.diff((0, *looks)) / looks[-1]
    counts = np.rint(np.outer(alphas, shares) * n_paths).astype(np.int64)
    limits = np.empty(counts.shape)
    for row, alpha in enumerate(alphas):
        first = -float(special.stdtrit(looks[0] - 1, alpha * shares[0] / 2))
        crossed = _cross(paths, counts[row], first, limits[row])
        paths = paths[:, crossed]  # what a smaller alpha lets cross, this one did as well
    freedom: NDArray[Any] = np.asarray(looks) - 1
    return counts, np.asarray(2 * special.stdtr(freedom, -limits), dtype=np.float64)


def _cross(
    paths: NDArray[np.float32], counts: NDArray[np.int64], first: float, limits: FloatArray
) -> NDArray[np.bool_]:
    """Fills in the boundaries of one alpha, and returns which paths cross any of them."""
    crossed = np.zeros(paths.shape[1], dtype=np.bool_)
    for place, count in enumerate(counts.tolist()):
        limits[place] = first if place == 0 else _largest(paths[place][~crossed], count)
        crossed |= paths[place] >= limits[place]
    return crossed


def _largest(values: NDArray[np.float32], count: int) -> float:
    """The count-th largest value: inf where none is to cross, 0 where all may."""
    if count < 1:
        return math.inf
    if count > len(values):
        return 0.0
    return float(np.partition(values, len(values) - count)[len(values) - count])
