"""How far the value of a chosen trial flatters, and how often its comparison is decided falsely.

A model is trained at k learning rates with n seeds each; the rates are equally good in truth, or
each is `step` points worse than the one before it. Validation chooses the rate, and the test
values of the same seeds are compared with another model's that is exactly as good as the best
rate: one that every seed gives alike, one of a single rate, or one whose rate is chosen as well.
So each comparison that is decided is decided falsely; 5 % may be. Before: all seeds choose, and
are scored. After: for each seed the other seeds choose, with the jackknife's standard error.
What exceeds 5 % then is the t interval itself, of skewed errors against a constant.

    python -m benchmarks.chosen_rate     # prints a table in seconds
"""

import argparse
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sweepbook.stats.choice import chosen_values, pseudo_values
from sweepbook.stats.intervals import t_quantile

SD = 3.0  # points, over seeds
FAILS_BY, FAILING = 5.4, 0.3
SHARED = 0.9  # correlation of a seed's validation and test values
OTHERS = ("alike", "one rate", "chosen")
Array = np.ndarray[Any, np.dtype[np.float64]]


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.normal(0, SD, shape)


def _t3(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.standard_t(3, shape) * SD / np.sqrt(3)


def _skewed(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return (1 - rng.exponential(1, shape)) * SD


def _failing(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Three seeds in ten fail by 5.4 points."""
    return rng.normal(0, 1, shape) - FAILS_BY * ((rng.random(shape) < FAILING) - FAILING)


ERRORS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Array]] = {
    "normal": _normal,
    "t3": _t3,
    "skewed": _skewed,
    "3 of 10 fail": _failing,
}


class Rate(NamedTuple):
    """Of one way to choose: mean error of the model's value in points, and shares of all runs."""

    flattery: float
    covers: float
    too_good: float
    too_bad: float

    @property
    def false(self) -> float:
        """Share of the comparisons that are decided, one way or the other."""
        return self.too_good + self.too_bad


def simulate(
    errors: str, n: int, other: str, k: int = 5, step: float = 0.0, n_runs: int = 4000
) -> tuple[Rate, Rate]:
    """Error rates before and after, of n seeds and k rates; other: one of `OTHERS`."""
    rng = np.random.default_rng([n, k])
    before, after = _model(rng, errors, (n_runs, k, n), step)
    others = _model(rng, errors, (n_runs, k if other == "chosen" else 1, n), step)
    if other == "alike":
        nothing = np.zeros((n_runs, n))
        others = ((nothing, nothing), (nothing, nothing))
    return (
        _rate(before[0] - others[0][0], before[1] - others[0][1], before[0]),
        _rate(after[0] - others[1][0], after[1] - others[1][1], after[0]),
    )


def _model(
    rng: np.random.Generator, errors: str, shape: tuple[int, ...], step: float
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """(values, what their standard error is of) before and after, each (n_runs, n)."""
    means = -step * np.arange(shape[1])[None, :, None]
    own = ERRORS[errors](rng, shape)
    test = means + SHARED * own + np.sqrt(1 - SHARED**2) * ERRORS[errors](rng, shape)
    val = means + own
    best = val.mean(axis=2).argmax(axis=1)[:, None, None]
    naive = np.take_along_axis(test, best, axis=1)[:, 0]
    values, pseudo = chosen_values(test, val, "max"), pseudo_values(test, val, "max")
    return (naive, naive), (values, pseudo)


def _rate(values: Array, pseudo: Array, model: Array) -> Rate:
    n = values.shape[1]
    variance = np.maximum(values.var(axis=1, ddof=1), pseudo.var(axis=1, ddof=1))
    half = t_quantile(0.95, n - 1) * np.sqrt(variance / n)
    mean = values.mean(axis=1)
    low, high = mean - half > 0, mean + half < 0
    covers = 1 - float(low.mean() + high.mean())
    return Rate(float(model.mean()), covers, float(low.mean()), float(high.mean()))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chosen_rate", description=__doc__)
    parser.add_argument("--runs", type=int, default=4000, help="simulated studies of each row")
    args = parser.parse_args()
    columns = "flattery  covers  false (too good + too bad)"
    print(f"{'':52}before: {columns}    after: {columns}")
    for errors, other, step, n in itertools.product(ERRORS, OTHERS, (0.0, 1.5), (3, 5, 10)):
        found = simulate(errors, n, other, step=step, n_runs=args.runs)
        print(f"{errors:12}  other: {other:11}  step {step:3}  n = {n:2}   ", end="")
        for rate in found:
            print(f"{rate.flattery:8.2f} {100 * rate.covers:8.1f} %"
                  f"{100 * rate.false:7.1f} % ({100 * rate.too_good:4.1f} + "
                  f"{100 * rate.too_bad:4.1f})     ", end="")  # fmt: skip
        print()


if __name__ == "__main__":
    main()
