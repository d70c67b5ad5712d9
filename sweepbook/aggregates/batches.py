"""Per-batch losses and optimizer steps of each trial: frame -> frame, pure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.curves import end_steps
from sweepbook.record.load import Record

BINS = 250  # a curve of more points than a printed line has dots only grows the file
_TIMES = ("time_s", "n_steps", "single_s")
QUANTILES = (0.05, 0.95)


def batch_table(record: Record, trials: pd.DataFrame, bins: int = BINS) -> pd.DataFrame:
    """Training loss per optimizer step, steps pooled into at most `bins` equal stretches.

    Reads `batch_losses`, a list per (trial, replicate, epoch), in the order of training. Returns
    one row per trial and stretch: trial_id, step_first, step_last (counted from 1), mean, low,
    high (mean and 5 % and 95 % quantile over the stretch's batches of all replicates; NaN if any
    is not finite), n (losses pooled), n_not_finite. Trials without per-batch losses have no row.
    """
    columns = ["trial_id", "step_first", "step_last", "mean", "low", "high", "n", "n_not_finite"]
    empty = pd.DataFrame({name: pd.Series(dtype="float64") for name in columns})
    if "batch_losses" not in record.reports:
        return empty.astype({"trial_id": "str"})
    tables = []
    for trial_id in trials["trial_id"]:
        rows = record.reports[record.reports["trial_id"] == trial_id]
        losses = [
            np.concatenate([np.atleast_1d(np.asarray(x, dtype="float64")) for x in epochs])
            for _, epochs in rows.dropna(subset=["batch_losses"]).groupby("replicate")[
                "batch_losses"
            ]
        ]
        if losses:
            tables.append(_stretches(_stacked(losses), bins).assign(trial_id=trial_id))
    return pd.concat(tables, ignore_index=True)[columns] if tables else empty


def _stacked(losses: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """(R, longest): replicates cut off early are filled with NaN."""
    stacked = np.full((len(losses), max(len(row) for row in losses)), np.nan)
    for row, values in zip(stacked, losses, strict=True):
        row[: len(values)] = values
    return stacked


def _stretches(losses: np.ndarray[Any, Any], bins: int) -> pd.DataFrame:
    edges = np.linspace(0, losses.shape[1], min(bins, losses.shape[1]) + 1).round().astype(int)
    rows = []
    for first, last in zip(edges[:-1], edges[1:], strict=True):
        part = losses[:, first:last]
        bad = int((~np.isfinite(part)).sum())
        values = (np.nan,) * 3 if bad else (part.mean(), *np.quantile(part, QUANTILES))
        rows.append((first + 1, last, *values, part.size, bad))
    names = ["step_first", "step_last", "mean", "low", "high", "n", "n_not_finite"]
    return pd.DataFrame(rows, columns=names)


def step_table(record: Record, trials: pd.DataFrame) -> pd.DataFrame:
    """Optimizer steps and seconds per unit of fidelity, one row per trial that reported.

    Columns: trial_id, the fidelity's own (its last value), steps (n_steps at the last fidelity
    divided by it), seconds, seconds_low, seconds_high (mean, smallest and largest time_s of one
    unit, for the whole stack of replicates), n (units timed), n_replicates (trained together),
    single_seconds (one model on its own, where measured as single_s, else NaN: the mean of the
    replicates at the trial's end, as in the findings).
    """
    unit = record.unit
    rows = record.reports[record.reports["trial_id"].isin(trials["trial_id"])]
    rows = rows.assign(**{name: np.nan for name in _TIMES if name not in rows})
    per_unit = rows.groupby(["trial_id", unit]).agg(
        seconds=("time_s", "max"),
        steps=("n_steps", "max"),
        size=("replicate", "nunique"),
    )
    ended = rows[unit] > rows.groupby("trial_id")[unit].transform("max") - end_steps(record)
    alone = rows[ended].groupby("trial_id")["single_s"].mean()
    groups = per_unit.reset_index().groupby("trial_id")
    table = groups.agg(
        seconds=("seconds", "mean"),
        seconds_low=("seconds", "min"),
        seconds_high=("seconds", "max"),
        n=("seconds", "count"),
        n_replicates=("size", "max"),
    ).assign(single_seconds=alone)
    last = per_unit.reset_index().loc[groups[unit].idxmax()].set_index("trial_id")
    table = table.assign(**{unit: last[unit], "steps": last["steps"] / last[unit]}).reset_index()
    first = ["trial_id", unit, "steps", "seconds", "seconds_low", "seconds_high"]
    return table[[*first, "n", "n_replicates", "single_seconds"]]
