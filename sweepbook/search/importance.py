"""How much each setting matters, at a step that all trials have, and by chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sweepbook.aggregates.search import Search
from sweepbook.search.evaluator import BEST_SHARE, LEAST_BEST, FloatArray, PedAnova

LEAST_TRIALS = 10  # with fewer an importance is noise
SHUFFLES_PER_SETTING = 40  # of the values over the trials; so many give the limit of each
_BAND = (0.05, 0.95)  # quantiles over the shuffles
_BEYOND = 0.05  # share of the shuffles with any setting above its limit, at most


@dataclass(frozen=True, eq=False)
class Compared:
    """The trials whose values importances compare: all at the same step, where some were stopped.

    trials: rows of Search.trials, with the value at `step`. step: None: each trial's own last,
    and these differ. is_full: whether the values are those at full length.
    """

    trials: pd.DataFrame
    step: int | None
    is_full: bool

    @property
    def n_best(self) -> int:
        """How many trials count as the best ones."""
        return max(LEAST_BEST, math.ceil(BEST_SHARE * len(self.trials)))


def compared(search: Search) -> Compared:
    """The trials with a value at the first rung that stopped any: the last step that all reach.

    Those that survive were chosen by their values, so that what tells them apart is not what
    told them from the others. Without stopped trials: the values at full length.
    """
    stopped = search.trials[search.trials["status"] == "stopped"]
    if stopped.empty:
        lasts = search.full["last"].unique()
        return Compared(search.full, int(lasts[0]) if len(lasts) == 1 else None, True)
    step = int(stopped["last"].min())
    curve = search.curve
    means = curve[curve[search.record.unit] == step].set_index("trial_id")["mean"]
    trials = search.trials.assign(value=search.trials["trial_id"].map(means).astype("float64"))
    return Compared(trials[np.isfinite(trials["value"])], step, False)


def importances(search: Search) -> pd.Series[float]:
    """Importance of each setting that varied, the sum 1, in their order, by setting.

    PED-ANOVA: what tells the best trials (a tenth of them, 5 at least) from all of them.

    Raises:
        ValueError: fewer than 10 trials with a value, or fewer than 2 settings that varied.
    """
    trials = _enough(search)
    found = PedAnova(search, trials.trials).of(_costs(search, trials))
    return pd.Series(found / (found.sum() or 1.0), list(search.varied()))


def importance_table(search: Search) -> pd.DataFrame:
    """Importance of each setting that varied, largest first, beside what chance gives.

    Chance: the values are shuffled over the trials, so that no setting has an effect. The
    shuffles are the same at every call. A setting is compared with itself, before importances
    are scaled to the sum 1: a continuous setting has a larger one by chance than a choice of
    two, and a strong setting leaves little of the sum to others.

    Columns: setting; importance (sum 1); null_low, null_high (5 % and 95 % of it by chance, in
    the same unit); limit (by chance 1 search in 20 has any setting above its own limit, which is
    the same quantile for each; 1 where it is more); largest_null_low, largest_null_high (5
    % and 95 % of the largest importance by chance, where each shuffle has the sum 1); n (trials
    compared); the unit's column (the step of their values; empty where it differs).

    Raises:
        ValueError: as importances.
    """
    trials = _enough(search)
    evaluate, costs = PedAnova(search, trials.trials), _costs(search, trials)
    rng = np.random.default_rng(0)
    n_shuffles = SHUFFLES_PER_SETTING * len(search.varied())
    orders = [costs, *(rng.permutation(costs) for _ in range(n_shuffles - 1))]
    null = np.array([evaluate.of(order) for order in orders])
    total = null[0].sum() or 1.0
    low, high = np.quantile(null, _BAND, axis=0)
    shares = null / np.maximum(null.sum(axis=1, keepdims=True), 1e-300)
    largest_low, largest_high = np.quantile(shares.max(axis=1), _BAND)
    table = pd.DataFrame(
        {
            **{"setting": list(search.varied()), "importance": null[0] / total},
            **{"null_low": low / total, "null_high": np.minimum(1.0, high / total)},
            "limit": np.minimum(1.0, _limits(null) / total),
            **{"largest_null_low": largest_low, "largest_null_high": largest_high},
            "n": len(trials.trials),
            search.record.unit: pd.array([trials.step] * len(low), dtype="Int64"),
        }
    )
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def _limits(null: FloatArray) -> FloatArray:
    """Of each setting one of its values, with as many above in each, seldom any in a shuffle."""
    ordered: FloatArray = np.sort(null, axis=0)[::-1]
    for n_above in range(int(_BEYOND * len(null)), 0, -1):
        if (null > ordered[n_above]).any(axis=1).mean() <= _BEYOND:
            return np.asarray(ordered[n_above])
    return np.asarray(ordered[0])


def _enough(search: Search) -> Compared:
    found, varied = compared(search), search.varied()
    if len(found.trials) < LEAST_TRIALS:
        at = "at full length" if found.is_full else f"at {search.record.unit} {found.step}"
        raise ValueError(
            f"importances need at least {LEAST_TRIALS} trials with a value {at}, got "
            f"{len(found.trials)}"
        )
    if len(varied) < 2:
        raise ValueError(f"importances need at least 2 settings that varied, got {len(varied)}")
    return found


def _costs(search: Search, found: Compared) -> FloatArray:
    """The values, signed so that smaller is better."""
    sign = -1.0 if search.record.mode == "max" else 1.0
    return sign * found.trials["value"].to_numpy(dtype="float64")
