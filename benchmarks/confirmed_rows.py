"""How much of a search's flattery stays where the validation rows that chose also confirm.

Sixteen configs, equally good in truth, are trained once each; validation accuracy chooses one,
which is trained anew with five fresh seeds. A row is right where a sum of four normal parts is
below a threshold: what all models share, what a config shares with itself (its own hard rows),
what a seed adds as a whole, and the rest. So a config that happens to suit the validation rows
suits them with fresh seeds, too. Before: the mean on the validation rows. After: on as many test
rows.

    python -m benchmarks.confirmed_rows     # prints three lines; less than a minute
"""

import argparse
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from sweepbook.stats.intervals import one_sample

CONFIGS, SEEDS, ACCURACY = 16, 5, 0.94
ROWS, SEED = 0.8, 0.0001  # shares of the variance: of the rows, of a seed as a whole
OWN = (0.15, 0.3, 0.5)  # of the rows' share, what a config has for itself
Array = np.ndarray[Any, np.dtype[np.float64]]


class Confirmed(NamedTuple):
    """In points: mean error of the search's value, and of the confirmed one before and after; and
    how often the interval before, t over seeds, holds the truth."""

    search: float
    before: float
    after: float
    covers_before: float


def simulate(own: float, n_rows: int = 13_363, n_runs: int = 200, seed: int = 0) -> Confirmed:
    """Of `n_runs` searches with their confirmation; own: a share of the variance, below ROWS."""
    rng = np.random.default_rng(seed)
    runs = np.array([_run(rng, n_rows, own) for _ in range(n_runs)])
    errors, covered = 100 * runs[:, :3].mean(axis=0), float(runs[:, 3].mean())
    return Confirmed(*map(float, errors), covered)


def _run(rng: np.random.Generator, n_rows: int, own: float) -> list[float]:
    shared = np.sqrt(ROWS - own) * rng.normal(size=(2, n_rows))  # validation and test
    rows = shared + np.sqrt(own) * rng.normal(size=(CONFIGS, 2, n_rows))
    val = np.array([_right(rng, rows[config, 0], 1).mean() for config in range(CONFIGS)])
    best = int(val.argmax())
    found = [one_sample(_right(rng, rows[best, i], SEEDS).mean(axis=0)) for i in (0, 1)]
    # what all models share flatters nobody: it is taken off, so that fewer runs are enough
    rest = np.sqrt(1 - ROWS + own)
    luck = [float(_expected(row, rest).mean()) - ACCURACY for row in shared]
    values = [
        float(val[best]) - luck[0],
        *(one.mean - by for one, by in zip(found, luck, strict=True)),
    ]
    holds = found[0].low <= ACCURACY <= found[0].high
    return [value - ACCURACY for value in values] + [float(holds)]


def _expected(shared: Array, rest: float) -> Array:
    """How probable a right answer is on each row, given what all models share of it."""
    return np.asarray(stats.norm.cdf((stats.norm.ppf(ACCURACY) - shared) / rest))


def _right(rng: np.random.Generator, rows: Array, n_seeds: int) -> Array:
    """(n_rows, n_seeds) which rows are right."""
    whole = np.sqrt(SEED) * rng.normal(size=(1, n_seeds))
    rest = np.sqrt(1 - ROWS - SEED) * rng.normal(size=(len(rows), n_seeds))
    return (rows[:, None] + whole + rest < stats.norm.ppf(ACCURACY)).astype(np.float64)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.confirmed_rows", description=__doc__
    )
    parser.add_argument("--rows", type=int, default=13_363, help="of each split")
    parser.add_argument("--runs", type=int, default=200, help="simulated searches of each line")
    args = parser.parse_args()
    for own in OWN:
        found = simulate(own, args.rows, args.runs)
        print(f"a config's own share {own:4}: the search flatters by {found.search:.2f} points; "
              f"confirmed on the rows that chose by {found.before:.2f}, where a t interval over "
              f"seeds holds the truth in {100 * found.covers_before:.0f} %; on test rows by "
              f"{found.after:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
