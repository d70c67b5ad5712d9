"""How often folds of one data set call one of two equal learners better, naively and corrected.

Each row has a class and two views of it, five numbers each, which are drawn alike. One learner
sees the first view alone, the other the second: by symmetry both are equally good on average over
data sets, so whoever says that one is better, at 5 %, is wrong. Each run draws a data set of its
own, splits it, and tests the differences of the accuracies, with t on the spread of the replicates
as it is (naive), and with the variance of Nadeau and Bengio (2003), as the findings do. For the
power, the first view is made clearer.

    python -m benchmarks.folds > benchmarks/folds.md      # some minutes
    python -m benchmarks.folds --runs 200                 # a short form
"""

import argparse
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from sweepbook.stats.intervals import one_sample, p_value

N_ROWS, N_VIEW, CLEAR = 200, 5, 0.35  # CLEAR: distance of the classes in each number, in sd
CLEARER = 0.6  # of the first view where it is the better one
ALPHA = 0.05
Array = np.ndarray[Any, np.dtype[np.float64]]


class Scheme(NamedTuple):
    """How a data set is split: `repeats` times into folds, or `repeats` random splits.

    folds: 0: random splits, of which a fifth is validated on.
    """

    name: str
    folds: int
    repeats: int

    @property
    def overlap(self) -> float:
        """n_test / n_train."""
        return 1 / (self.folds - 1) if self.folds else 0.25

    def splits(self, rng: np.random.Generator) -> Iterator[np.ndarray[Any, Any]]:
        """Which rows each replicate is validated on."""
        for _ in range(self.repeats):
            order = rng.permutation(N_ROWS)
            yield from np.split(order, self.folds) if self.folds else [order[: N_ROWS // 5]]


SCHEMES = (
    Scheme("5 folds", 5, 1),
    Scheme("10 folds", 10, 1),
    Scheme("10 times 5 folds", 5, 10),
    Scheme("10 times 10 folds", 10, 10),
    Scheme("10 random splits", 0, 10),
    Scheme("50 random splits", 0, 50),
)


def nearest_mean(x: Array, y: Array, new: Array) -> Array:
    """The class whose mean is nearer."""
    means = np.stack([x[y == label].mean(axis=0) for label in (0, 1)])
    return np.asarray(((new[:, None] - means) ** 2).sum(axis=-1).argmin(axis=-1), dtype=float)


def nearest_row(x: Array, y: Array, new: Array) -> Array:
    """The class of the nearest row."""
    distance = (x**2).sum(axis=1) - 2 * new @ x.T
    return np.asarray(y[distance.argmin(axis=1)])


Learner = Callable[[Array, Array, Array], Array]
LEARNERS: dict[str, Learner] = {"nearest mean": nearest_mean, "nearest row": nearest_row}


class Rates(NamedTuple):
    """How many of `runs` say that the learners differ, by each of the tests."""

    naive: int
    corrected: int
    runs: int


def simulate(learner: str, scheme: Scheme, runs: int, clear: float = CLEAR) -> Rates:
    """Counts over data sets of their own; clear: of the first view."""
    rng = np.random.default_rng([scheme.folds, scheme.repeats, len(learner), runs])
    naive = corrected = 0
    for _ in range(runs):
        differences = _differences(LEARNERS[learner], scheme, rng, clear)
        naive += p_value(one_sample(differences)) <= ALPHA
        corrected += p_value(one_sample(differences, overlap=scheme.overlap)) <= ALPHA
    return Rates(naive, corrected, runs)


def _differences(
    learner: Learner, scheme: Scheme, rng: np.random.Generator, clear: float
) -> list[float]:
    """Of the accuracies on the two views, one per replicate, on one new data set."""
    y = rng.permutation(np.arange(N_ROWS) % 2).astype(float)
    shift = (2 * y - 1)[:, None]
    views = [rng.normal(shift * size, 1.0, (N_ROWS, N_VIEW)) for size in (clear, CLEAR)]
    found = []
    for val in scheme.splits(rng):
        train = np.ones(N_ROWS, dtype=bool)
        train[val] = False
        right = [(learner(x[train], y[train], x[val]) == y[val]).mean() for x in views]
        found.append(float(right[0] - right[1]))
    return found


def main() -> None:
    """Prints the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000, help="data sets of each row")
    runs = parser.parse_args().runs
    most = int(stats.binom.ppf(0.999, runs, ALPHA))
    print("# Folds of one data set: how often equal learners are called different\n")
    print(" ".join((__doc__ or "").split("    python")[0].split("\n", 1)[1].split()) + "\n")
    print("| learners | splits | equal: naive | equal: corrected | one better: corrected |")
    print("| --- | --- | ---: | ---: | ---: |")
    above = []
    for learner in LEARNERS:
        for scheme in SCHEMES:
            equal = simulate(learner, scheme, runs)
            better = simulate(learner, scheme, runs, CLEARER)
            cells = [f"{n} ({100 * n / runs:.1f} %)" for n in (*equal[:2], better.corrected)]
            print(f"| {learner} | {scheme.name} | {' | '.join(cells)} |", flush=True)
            above += [f"{learner}, {scheme.name}"] if equal.corrected > most else []
    print(f"\nEach number is of {runs:,} data sets that say at 5 % that one is better.")
    told = "; ".join(above) or "none"
    print(f"\nThe corrected test errs in more than 5 % beyond chance (over {most}): {told}.")


if __name__ == "__main__":
    main()
