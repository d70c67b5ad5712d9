"""Trials trained anew, and the first number of each that is not the recorded one."""

import contextlib
import math
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.record.batches.ranges import batches_of, to_train
from sweepbook.record.columns import plain_cell
from sweepbook.record.load import Record
from sweepbook.record.planned import Trial
from sweepbook.tune.worker.assignment import Assignment
from sweepbook.tune.worker.output import redirected
from sweepbook.tune.worker.run import reports

_ID = "retrained"


def differences(
    record: Record, trial_ids: Sequence[str], most: int | None = None
) -> Iterator[tuple[str, str | None]]:
    """Trains trials anew, in this process, and compares every number but times.

    Args:
        most: fidelity steps to train of each; None: all of them.

    Yields:
        trial_id and the first difference, or None where every number is the recorded one.
    """
    planned = {t.trial_id: t for t in record.manifest.trials}
    own = record.reports.groupby("trial_id")[record.unit]
    for trial_id in trial_ids:
        trial = planned[trial_id]
        # the config keeps its own length: it may shape the training (a schedule, the last step)
        steps = trial.max_fidelity
        if most is not None:  # up to a step that was reported
            steps = min((at for at in own.get_group(trial_id) if at >= most), default=steps)
        yield trial_id, _difference(record, _cut(trial, steps))


def _cut(trial: Trial, steps: int) -> Trial:
    """The trial, trained for so many steps only."""
    ends_itself = trial.ends_itself and steps == trial.max_fidelity
    return replace(trial, max_fidelity=steps, ends_itself=ends_itself)


def _difference(record: Record, trial: Trial) -> str | None:
    fresh, predictions = _trained(trial)
    of_trial = record.reports["trial_id"] == trial.trial_id
    rows = record.reports[of_trial & (record.reports[trial.unit] <= trial.max_fidelity)]
    key = ["replicate", trial.unit]
    both = rows.merge(fresh, on=key, suffixes=("", " anew"), how="inner")
    if not len(rows) == len(both) == len(fresh):
        return f"{len(rows)} rows are recorded, but retraining gave {len(fresh)}"
    recorded = rows.columns[rows.notna().any()].drop("trial_id")
    for column in recorded.union(fresh.columns).difference(key):
        if column.endswith("_s"):
            continue  # measured seconds differ from one training to the next
        if column not in fresh:
            return f"{column} is recorded, but retraining did not give it"
        again = both.get(f"{column} anew")
        if again is None:
            return f"{column} is not recorded, but retraining gave it"
        cells = (map(plain_cell, own) for own in (both[column], again))
        for i, (old, new) in enumerate(zip(*cells, strict=True)):
            if not _same(old, new):
                at = f"replicate {both['replicate'][i]}, {trial.unit} {both[trial.unit][i]}"
                return f"{column} at {at}: {_first(old, new)}"
    planned = next(one for one in record.manifest.trials if one.trial_id == trial.trial_id)
    is_whole = trial.max_fidelity == planned.max_fidelity
    return _other_predictions(record, trial, predictions) if is_whole else None


def _other_predictions(record: Record, trial: Trial, fresh: pd.DataFrame | None) -> str | None:
    """The first recorded prediction of a trial that its training has not given again."""
    known = record.predictions()
    known = known[known["trial_id"] == trial.trial_id]
    if known.empty:
        return None
    if fresh is None:
        return "predictions are recorded, but retraining gave none"
    key, values = ["replicate", "split", "row_id"], ["label", "predicted", "probability"]
    both = [
        frame.astype({"split": "str"}).sort_values(key, ignore_index=True)[[*key, *values]]
        for frame in (known, fresh)
    ]
    if len(both[0]) != len(both[1]):
        return f"{len(known)} predictions are recorded, but retraining gave {len(fresh)}"
    for column in (*key, *values):
        old, new = (frame[column].to_numpy() for frame in both)
        if len(places := np.flatnonzero((old != new) & ~(pd.isna(old) & pd.isna(new)))):
            at = ", ".join(f"{name} {both[0][name][places[0]]}" for name in key)
            return f"{column} of the predictions at {at}: {_first(old[places[0]], new[places[0]])}"
    return None


def _trained(trial: Trial) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The rows and the predictions of a trial, whose batches of replicates are trained in turn."""
    rows: list[dict[str, Any]] = []
    parts = []
    for batch in batches_of(trial):
        own, predictions = _train(to_train(trial, batch))
        rows += [row for row in own if row["replicate"] in batch]  # a companion's are left out
        if predictions is not None:
            parts.append(predictions[predictions["replicate"].isin(batch)])
    return pd.DataFrame(rows), pd.concat(parts, ignore_index=True) if parts else None


def _train(trial: Trial) -> tuple[list[dict[str, Any]], pd.DataFrame | None]:
    """The rows and the predictions of a trial, trained in a folder that holds nothing else.

    It has an id of its own there, too: a record's could name a file elsewhere.
    """
    rows: list[dict[str, Any]] = []
    last = f"trial {trial.trial_id} retrained: it reported nothing"
    with tempfile.TemporaryDirectory() as folder:
        for name in ("checkpoints", "parts"):
            (Path(folder) / name).mkdir()
        with contextlib.closing(
            reports(Assignment(replace(trial, trial_id=_ID), [folder], []))
        ) as made:
            while (report := _next(made)) is not None:
                rows += report["rows"]
                last = f"trial {trial.trial_id} retrained to {trial.unit} {report['fidelity']}"
                if sys.stderr.isatty():  # one line, written over at each step
                    print(f"\r{last}", end="", file=sys.stderr)
        found = Path(folder) / "parts" / f"predictions-{_ID}.parquet"
        predictions = pd.read_parquet(found) if found.is_file() else None
    print("" if sys.stderr.isatty() else last, file=sys.stderr)
    return rows, predictions


def _next(made: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
    """The next report; what the trainable prints is in the log of its first training."""
    with redirected(Path(os.devnull)):
        return next(made, None)


def _same(old: Any, new: Any) -> bool:
    """Whether two cells hold the same bits, however a table keeps them."""
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_same, old, new))
    missing = [v is None or (isinstance(v, float) and math.isnan(v)) for v in (old, new)]
    if any(missing):
        return all(missing)
    return bool(np.array_equal(old, new))


def _first(old: Any, new: Any) -> str:
    """Where two cells differ first, in words."""
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        i = next(i for i, both in enumerate(zip(old, new, strict=True)) if not _same(*both))
        return f"entry {i} is {old[i]} in the record and {new[i]} when retrained"
    return f"{old} in the record, {new} when retrained"
