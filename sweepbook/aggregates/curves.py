"""Tidy frames -> tidy frames: one value per (trial, metric, fidelity) with its interval.

Everything here is pure. A trial is never averaged with another one; its replicates are, and only
when all of them have a value: where a replicate diverged the mean is NaN and n_diverged says how
many did. A replicate that ended before the others of its trial keeps its last values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.kept import lookup
from sweepbook.record.load import Record
from sweepbook.record.values import LAST_STEPS, carried, diverged
from sweepbook.stats.intervals import t_interval
from sweepbook.study.forms.estimator import Estimator

LEVEL = 0.95


def curve_table(record: Record, metrics: Sequence[str], trials: pd.DataFrame) -> pd.DataFrame:
    """Returns the mean of each metric over the replicates at every step, with a 95 % t interval.

    Args:
        record: as `load_record` returns it.
        metrics: columns of its reports.
        trials: the rows of its trials that are wanted, such as `select_trials` returns.

    Returns:
        A frame sorted by metric (in the given order), trial_id and fidelity. Its columns are
        trial_id, metric, the fidelity's own (such as epoch), mean, low, high, n (replicates of
        the trial), n_diverged, and replicate_0 ... replicate_{R-1}, the values themselves, which
        are NaN once a replicate has diverged. mean, low and high are NaN where a replicate has
        diverged or has no value; low and high also where n is 1. A step at which no replicate
        was evaluated has no row.

    Raises:
        ValueError: a metric is no column of the reports.
    """
    check_metrics(record, metrics)
    key = f"curves {list(metrics)} {list(trials['trial_id'])}"
    known = lookup(record).notes
    if key not in known:
        known[key] = _curve_table(record, metrics, trials)
    table: pd.DataFrame = known[key].copy()
    return table


def _curve_table(record: Record, metrics: Sequence[str], trials: pd.DataFrame) -> pd.DataFrame:
    unit = record.unit
    reports = record.reports[record.reports["trial_id"].isin(trials["trial_id"])]
    if reports.empty:
        return _empty_curve(unit)
    reports = carried(reports, unit)
    bad = diverged(reports, trials, record.metric, unit)
    index = ["trial_id", unit]
    wide_bad = _wide(reports.assign(value=bad.astype("float64")), index)
    n_diverged = wide_bad.fillna(0.0).sum(axis=1).astype("int64")
    sizes = n_replicates(trials, reports).reindex(wide_bad.index.get_level_values(0)).to_numpy()
    tables = []
    for metric in metrics:
        values = reports[metric].astype("float64").mask(bad)
        wide = _wide(reports.assign(value=values), index)
        table = _with_intervals(wide.to_numpy(), sizes, record.manifest.data.overlap)
        table.index = wide.index
        table = table.assign(metric=metric, n=sizes, n_diverged=n_diverged)
        table = table.join(wide.add_prefix("replicate_"))
        tables.append(table[wide.notna().any(axis=1) | (n_diverged > 0)].reset_index())
    first = ["trial_id", "metric", unit, "mean", "low", "high", "n", "n_diverged"]
    together = pd.concat(tables, ignore_index=True)
    return together[first + [name for name in together if str(name).startswith("replicate_")]]


def check_metrics(record: Record, metrics: Sequence[str]) -> None:
    """Raise ValueError, naming what is there, unless every metric is a column of the reports."""
    missing = [name for name in metrics if name not in record.reports]
    if missing and len(record.reports):
        raise ValueError(f"the reports have no {missing}; they have {list(record.reports)}")


def n_replicates(trials: pd.DataFrame, reports: pd.DataFrame) -> pd.Series[int]:
    """Replicates of each trial, by trial_id: what trials say, else what reports show."""
    shown = reports.groupby("trial_id")["replicate"].max() + 1
    if "n_replicates" not in trials:
        return shown.astype("int64")
    said = trials.set_index("trial_id")["n_replicates"].astype("float64")
    return said.fillna(shown.reindex(said.index)).fillna(0).astype("int64")


def _wide(reports: pd.DataFrame, index: list[str]) -> pd.DataFrame:
    """(trial, fidelity) x replicate 0..R-1, R the largest of all."""
    wide = reports.set_index([*index, "replicate"])["value"].unstack("replicate")
    return wide.reindex(columns=range(int(reports["replicate"].max()) + 1))


def _with_intervals(
    values: np.ndarray[Any, Any], sizes: np.ndarray[Any, Any], overlap: float
) -> pd.DataFrame:
    """mean, low, high of the first sizes[i] values of row i; a replicate without a row is NaN."""
    result = np.full((len(values), 3), np.nan)
    for size in np.unique(sizes):
        rows = sizes == size
        part = np.full((int(rows.sum()), int(size)), np.nan)
        width = min(int(size), values.shape[1])
        part[:, :width] = values[rows, :width]
        if size > 0:
            result[rows] = np.stack(t_interval(part, LEVEL, overlap)[:3], axis=1)
    return pd.DataFrame(result, columns=["mean", "low", "high"])


def _empty_curve(unit: str) -> pd.DataFrame:
    columns = ["trial_id", "metric", unit, "mean", "low", "high", "n", "n_diverged"]
    return pd.DataFrame({name: pd.Series(dtype="float64") for name in columns}).astype(
        {"trial_id": "str", "metric": "str"}
    )


def last_rows(curve: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Returns the row of each trial and metric at the trial's own last step.

    Args:
        curve: as `curve_table` returns it; its order is kept.
        unit: name of the fidelity's column, such as "epoch" (`record.unit`).
    """
    return curve.loc[curve.groupby(["trial_id", "metric"], sort=False)[unit].idxmax()]


def best_rows(curve: pd.DataFrame, mode: str) -> pd.DataFrame:
    """Each trial's and metric's row with the best mean; the first of equals; none if all NaN."""
    known = curve[curve["mean"].notna()]
    groups = known.groupby(["trial_id", "metric"], sort=False)["mean"]
    return known.loc[groups.idxmin() if mode == "min" else groups.idxmax()]


def end_steps(record: Record) -> int:
    """How many steps a trial's value at its end is the mean of: 5, as in the findings.

    1 where a step is no whole pass over the data to average over (the fidelity has a `count`),
    where an estimator is fitted once, and in a search, which compares its trials by their last
    step.
    """
    study = record.manifest.study
    is_once = isinstance(study.trainable, Estimator) and not study.fidelity.setting
    is_last = study.fidelity.count or record.manifest.search or is_once
    return 1 if is_last else LAST_STEPS


def end_table(record: Record, metrics: Sequence[str], trials: pd.DataFrame) -> pd.DataFrame:
    """Returns the value of each metric at each trial's end, the number that findings compare.

    It is each replicate's mean over its last five steps, the mean of these, and its 95 % t
    interval. Where the study's `Fidelity` has a `count`, and in a search, it is the value of the
    last step. A metric that was not evaluated at all of these steps has the mean over those at
    which it was.

    Args:
        record: as `load_record` returns it.
        metrics: columns of its reports.
        trials: the rows of its trials that are wanted.

    Returns:
        The columns of `curve_table`, one row for each trial and metric: the fidelity's own column
        says the last step, and `since` the first step of the mean.

    Raises:
        ValueError: a metric is no column of the reports.
    """
    curve = curve_table(record, metrics, trials)
    return end_rows(curve, record.unit, end_steps(record), record.manifest.data.overlap)


def end_rows(curve: pd.DataFrame, unit: str, n_steps: int, overlap: float = 0.0) -> pd.DataFrame:
    """`end_table` of a curve.

    curve: as `curve_table` returns it; n_steps: as `end_steps` says; overlap: of the replicates.
    """
    keys = ["trial_id", "metric"]
    ends = last_rows(curve, unit).set_index(keys)
    names = [str(name) for name in curve if str(name).startswith("replicate_")]
    last = curve.groupby(keys)[unit].transform("max")
    values = curve[curve[unit] > last - n_steps].groupby(keys)[names].mean(skipna=False)
    ends[names] = values.loc[ends.index]
    bounds = _with_intervals(ends[names].to_numpy(), ends["n"].to_numpy(), overlap)
    ends[["mean", "low", "high"]] = bounds.to_numpy()
    steps = curve.groupby("trial_id")[unit].agg(["min", "max"])
    since = steps["min"].combine(steps["max"] - n_steps + 1, max)
    ends = ends.reset_index()
    return ends[list(curve.columns)].assign(since=ends["trial_id"].map(since))


def extreme_trials(
    record: Record, select: str, mode: str, trials: pd.DataFrame
) -> tuple[str, str] | None:
    """trial_ids of the best and the worst trial by the mean of `select` at their ends.

    Only finished trials whose replicates all have a value are candidates: a stopped trial is
    censored and a diverged one has no mean. None if there are fewer than two.

    Raises:
        ValueError: `select` is a test metric, which may choose nothing.
    """
    if select.startswith("test"):
        raise ValueError(f"select on a validation metric, not on {select!r}")
    finished = trials[trials["status"] == "finished"]
    ends = end_table(record, [select], finished)
    ends = ends[ends["mean"].notna()].sort_values(["mean", "trial_id"], ascending=mode == "min")
    if len(ends) < 2:
        return None
    return str(ends["trial_id"].iloc[0]), str(ends["trial_id"].iloc[-1])
