"""The scorecard: each published value of the records' studies beside the records' own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.kept import lookup
from sweepbook.aggregates.published import published_of
from sweepbook.findings.arm import measured
from sweepbook.findings.arms import settings_label, value_table
from sweepbook.record.load import Record
from sweepbook.stats.intervals import prediction_interval
from sweepbook.study.published import MINUTES, Published, PublishedValue

COLUMNS = (
    *("study", "record", "config", "epoch", "metric", "published", "mean", "sd", "n"),
    *("low", "high", "inside", "comparable", "note", "epoch_used", "trial_id", "data", "seed"),
)


def scorecard(records: Sequence[Record]) -> pd.DataFrame:
    """One row per record and published value of its study, in the order of both.

    Columns: study, record (its name), config, epoch (the printed step, whatever its unit), metric
    and published as printed; mean, sd and n over the replicates at epoch_used, which is the
    printed step, or the last where the trial was trained for less; low, high: 95 % prediction
    interval for one more replicate; inside: whether the published value, a single training, lies
    in it; comparable: True only for the published data at the printed step of a finished trial;
    note: why not; trial_id, data, seed. inside is null where a value is not comparable or there
    is one replicate. Minutes are those of one model on its own, one timing per replicate (n is 1
    where one was recorded for all), and of another machine: never comparable.
    """
    rows = [
        _row(record, published, value)
        for record in records
        if (published := published_of(record)) is not None
        for value in published.values
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame["inside"] = frame["inside"].astype("boolean")
    frame["comparable"] = frame["comparable"].astype("bool")
    return frame


def _row(record: Record, published: Published, printed: PublishedValue) -> dict[str, Any]:
    row: dict[str, Any] = {
        "study": record.study,
        "record": record.name,
        "config": settings_label(_said(published, printed)),
        "epoch": printed.fidelity,
        "metric": printed.metric,
        "published": printed.value,
        "n": 0,
        "inside": None,
        "comparable": False,
        "data": record.data_name,
        "seed": record.manifest.seed,
    }
    trials = lookup(record).trials(printed.settings)
    if len(trials) != 1:
        return row | {
            "note": f"{len(trials)} trials have these settings" if trials else "no trial"
        }
    return row | _beside(record, published, printed, trials[0])


def _beside(
    record: Record, published: Published, printed: PublishedValue, trial: Mapping[Any, Any]
) -> dict[str, Any]:
    """The columns of a value that come from the trial with its settings."""
    row: dict[str, Any] = {"trial_id": trial["trial_id"]}
    column = "single_s" if printed.metric == MINUTES else printed.metric
    table = value_table(record, str(trial["trial_id"]), column)
    if table is None:
        return row | {"note": f"not recorded: {column}"}
    last = int(table.index[-1])
    used = min(printed.fidelity, last)
    if record.unit != published.unit:  # a setting, and all that the printed one was trained
        used, last = last, printed.fidelity
    row["epoch_used"] = min(used, last)
    if used not in table.index:
        return row | {"note": f"{record.unit} {used} is missing"}
    at_step = pd.Series(table.loc[used], dtype="float64")
    values = measured(column, at_step).to_numpy()
    if printed.metric == MINUTES:
        values = values * last / 60  # a trial of one model alone, one timing per replicate
    note = _why_not(record, trial, published, printed, last)
    return row | _judged(values, printed.value, note, record.manifest.data.overlap)


def _judged(
    values: np.ndarray[Any, np.dtype[np.floating[Any]]], printed: float, note: str, overlap: float
) -> dict[str, Any]:
    """The replicates' values (n,) and, where nothing speaks against it, the verdict."""
    interval = prediction_interval(values, overlap=overlap)
    low, high = float(interval.low), float(interval.high)
    row = {
        "mean": float(interval.mean),
        "sd": float(values.std(ddof=1)) if len(values) > 1 else math.nan,
        "n": len(values),
        "low": low,
        "high": high,
        "comparable": not note,
        "note": note,
    }
    if not note and not math.isnan(low):
        row["inside"] = low <= printed <= high
    return row


def _said(published: Published, printed: PublishedValue) -> dict[str, Any]:
    """The settings that name a published value: all that are not the same unless said."""
    return {k: v for k, v in printed.settings.items() if published.usual.get(k) != v}


def _why_not(
    record: Record,
    trial: Mapping[Any, Any],
    published: Published,
    printed: PublishedValue,
    last: int,
) -> str:
    reasons = []
    if record.data_name != published.data:
        reasons.append("other data")
    if last < printed.fidelity:
        reasons.append(f"trained for {last} of {printed.fidelity} {published.unit}s")
    n_diverged = trial.get("n_diverged")
    if n_diverged == n_diverged and n_diverged:
        reasons.append(f"{int(n_diverged)} replicates diverged")
    elif trial["status"] != "finished":
        reasons.append(f"the trial was {trial['status']}")
    if printed.metric == MINUTES:
        reasons.append("another machine")
    return "; ".join(reasons)


def agreement(frame: pd.DataFrame) -> str:
    """How many published values lie inside, as a sentence; "" for an empty scorecard.

    The values of one trial share their replicates, so the count is no test: it describes.
    """
    if frame.empty:
        return ""
    judged = frame[frame["inside"].notna()]
    if judged.empty:
        parts = {part for note in frame["note"].dropna() for part in note.split("; ")}
        reasons = sorted({_without_counts(part) for part in parts})
        return f"Published values are shown, but none is comparable: {', '.join(reasons)}."
    inside, rest = int(judged["inside"].sum()), len(frame) - len(judged)
    tail = f" {rest} more are not comparable." if rest else ""
    return (
        f"{inside} of {len(judged)} comparable published values lie inside the 95 % prediction "
        f"interval for one more replicate.{tail}"
    )


def _without_counts(reason: str) -> str:
    """ "trained for 20 of 100 epochs" -> "fewer epochs"; another reason as it is."""
    return f"fewer {reason.split()[-1]}" if reason.startswith("trained for") else reason
