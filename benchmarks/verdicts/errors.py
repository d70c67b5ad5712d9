"""Errors of seeds, all with mean 0 and standard deviation 1."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]
ERRORS = ("normal", "t3", "skewed", "bimodal")
_FAILS, _FAR = 0.2, 25.0  # one seed in five, this many standard deviations of the others away


def draw(rng: np.random.Generator, errors: str, shape: tuple[int, ...]) -> Table:
    """Draws of one of ERRORS.

    t3: Student's t with 3 degrees of freedom. skewed: exponential. bimodal: one seed in five
    fails; it lies 25 standard deviations of the others below them.
    """
    if errors == "normal":
        return rng.standard_normal(shape)
    if errors == "t3":
        return rng.standard_t(3, shape) / math.sqrt(3)
    if errors == "skewed":
        return rng.exponential(1.0, shape) - 1.0
    good, fails = rng.standard_normal(shape), rng.random(shape) < _FAILS
    spread = math.sqrt(1 + _FAR**2 * _FAILS * (1 - _FAILS))
    return (good - _FAR * (fails - _FAILS)) / spread
