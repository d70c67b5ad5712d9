"""The door of a record's tables: its files as frames, checked, sorted and without doubles."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sweepbook.record.columns import fitting
from sweepbook.record.manifest import Manifest
from sweepbook.record.schema.tables import PREDICTIONS, STATUSES, TRIAL_NEEDS, TRIALS, of_reports
from sweepbook.record.storage.inside import file_in
from sweepbook.record.storage.ours import part_paths, prediction_paths
from sweepbook.record.storage.places import Place
from sweepbook.record.storage.tables import read_table, to_pandas
from sweepbook.study.texts import visible

TRIAL_COLUMNS = {
    "trial_id": "str",
    "study": "str",
    "status": "str",
    "reason": "str",
    "error": "str",
    "seed": "float64",
    "n_replicates": "float64",
    "last_fidelity": "float64",
    "time_total_s": "float64",
}
PREDICTION_COLUMNS = {
    "trial_id": "str", "replicate": "int64", "split": "str", "row_id": "int64",
    "label": "int64", "predicted": "int64", "probability": "float64",
}  # fmt: skip
_NOT_ENDED = ("running", "pending")
_READ_ATTEMPTS = 3  # a study may compact its parts between our listing and our reading


def look_again(folder: Place, read: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """What `read` finds, read again where a part was compacted after it had been listed."""
    for _ in range(_READ_ATTEMPTS):
        try:
            return read()
        except FileNotFoundError:
            continue
    raise ValueError(
        f"{folder}: its parts vanish while they are read; try again when nobody writes there"
    )


def read_reports(folder: Place, unit: str, metric: str) -> pd.DataFrame:
    key, known = ["trial_id", "replicate", unit], of_reports(unit, metric)
    # Parts before reports.parquet: a writer that compacts in between hides nothing this way.
    paths = _there(folder, part_paths(folder))
    parts = [read_table(path, known) for path in paths]
    compacted = file_in(folder, "reports.parquet")
    if compacted:
        paths, parts = [compacted, *paths], [read_table(compacted, known), *parts]
    if not parts:
        return _empty({"trial_id": "str", "replicate": "int64", unit: "int64"})
    for path, part in zip(paths, parts, strict=True):
        if missing := [name for name in key if name not in part.column_names]:
            raise ValueError(f"{path}: the reports lack the columns {missing}")
    try:
        table = pa.concat_tables(fitting(parts), promote_options="permissive")
    except (pa.ArrowException, TypeError) as error:
        raise ValueError(f"{folder}: its parts do not fit together: {error}") from error
    # Arrow sorts and dedupes the keys alone; the wide rows move once, in `take`.
    rows = pa.array(np.arange(table.num_rows))
    last = table.select(key).append_column("row", rows).group_by(key).aggregate([("row", "max")])
    order = last.sort_by([(name, "ascending") for name in key])["row_max"]
    in_order = len(order) == table.num_rows and pc.all(pc.equal(order, rows)).as_py()
    return to_pandas(table if in_order else table.take(order), paths[0])


def read_trials(folder: Place, manifest: Manifest) -> pd.DataFrame:
    path = file_in(folder, "trials.parquet")
    if path is None:
        trials = _empty(TRIAL_COLUMNS)
    else:
        trials = to_pandas(read_table(path, TRIALS), path)
        if missing := [name for name in TRIAL_NEEDS if name not in trials]:
            raise ValueError(f"{path}: lacks the columns {missing}")
    ended = manifest.ended or manifest.has_ended
    open_ended = trials["status"].isna() | trials["status"].isin(_NOT_ENDED)
    status = trials["status"].astype("str")
    if len(other := status[~open_ended & ~status.isin(STATUSES)]):
        raise ValueError(
            f"{path}: the column status must hold one of {', '.join(STATUSES)}, but holds "
            f"{visible(other.iloc[0])[:60]!r}"
        )
    trials["status"] = status.mask(open_ended, "interrupted" if ended else "running")
    trials = trials.drop_duplicates("trial_id", keep="last")
    return trials.sort_values("trial_id", ignore_index=True)


def check_replicates(
    folder: Place, manifest: Manifest, trials: pd.DataFrame, reports: pd.DataFrame
) -> None:
    """Checks that no replicate of the reports is beyond those that its trial has."""
    most = reports.groupby("trial_id")["replicate"].max()
    n = trials.set_index("trial_id")["n_replicates"].reindex(most.index)
    for trial in manifest.trials:
        if trial.first and trial.trial_id in n.index:  # a batch of the replicates of a trial
            n[trial.trial_id] += trial.first
    if len(beyond := most[most >= n]):
        raise ValueError(
            f"{folder}: the column replicate of the reports holds {beyond.iloc[0]} for trial "
            f"{beyond.index[0]}, which has n_replicates {n[beyond.index[0]]:g}"
        )


def read_predictions(folder: Place) -> pd.DataFrame:
    paths = _there(folder, prediction_paths(folder))
    if compacted := file_in(folder, "predictions.parquet"):
        paths = [compacted, *paths]
    if not paths:
        return _empty(PREDICTION_COLUMNS)
    tables = [read_table(path, PREDICTIONS) for path in paths]
    for path, table in zip(paths, tables, strict=True):
        if missing := [name for name in PREDICTION_COLUMNS if name not in table.column_names]:
            raise ValueError(f"{path}: the predictions lack the columns {missing}")
    try:
        table = pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowException, TypeError) as error:
        raise ValueError(f"{folder}: its predictions do not fit together: {error}") from error
    key = ["trial_id", "replicate", "split", "row_id"]
    frame = to_pandas(table, paths[0]).drop_duplicates(key, keep="last")
    return frame.sort_values(key, ignore_index=True)


def _there(folder: Place, parts: Iterable[Place]) -> list[Place]:
    """The parts that are files of the record; one that has gone meanwhile is left out."""
    found = (file_in(folder, "parts", part.name) for part in parts)
    return [part for part in found if part is not None]


def _empty(columns: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
