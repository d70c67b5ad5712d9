"""Read a record into pandas frames, from a folder or from a store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sweepbook.record.artifacts import WRITTEN, artifact_path
from sweepbook.record.columns import fitting
from sweepbook.record.manifest import Manifest, manifest_of
from sweepbook.record.storage.ours import part_paths, prediction_paths
from sweepbook.record.storage.places import Place, Where, place

CONFIG = "config/"  # a setting's column in trials is config/KEY
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


@dataclass(frozen=True, eq=False)
class Record:
    """One study's record. Iterating gives (trials, reports).

    trials: one row per trial, sorted by trial_id; reports: one row per (trial_id, replicate,
    fidelity), unique and sorted by that key.
    """

    path: Place
    manifest: Manifest
    trials: pd.DataFrame
    reports: pd.DataFrame

    def __iter__(self) -> Iterator[pd.DataFrame]:
        return iter((self.trials, self.reports))

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def study(self) -> str:
        """The study's name."""
        return self.manifest.study.name

    @property
    def unit(self) -> str:
        """Name of the fidelity's column, for example "epoch"."""
        return self.manifest.study.fidelity.unit

    @property
    def setting(self) -> str:
        """The setting that says how much fidelity a trial is to get, for example "epochs"."""
        return self.manifest.study.fidelity.setting

    @property
    def metric(self) -> str:
        """Name of the study's metric, for example "val_loss"."""
        return self.manifest.study.metric.name

    @property
    def mode(self) -> str:
        """Whether the metric is to be as small ("min") or as large ("max") as possible."""
        return self.manifest.study.metric.mode

    @property
    def data_name(self) -> str:
        """Name of the data set, for example "digits"."""
        return self.manifest.data.name

    @property
    def test_groups(self) -> Mapping[str, Any] | None:
        """What groups the test rows (`name`), and the group of each by row_id (`of`), or None."""
        return self.manifest.data.test_groups

    def predictions(self) -> pd.DataFrame:
        """Predictions at the last fidelity, read now; one row per example of a trial x replicate.

        Returns an empty frame with the contract's columns where the study recorded none. Raises
        ValueError where a file cannot be read or its parts keep vanishing.
        """
        return _look_again(self.path, lambda: _read_predictions(self.path))

    def artifact(self, name: str) -> pd.DataFrame | None:
        """The table that the study's hook `name` has made of the record, read now.

        Returns None where the record has none, as those of earlier versions. Raises ValueError
        where the file cannot be read.
        """
        path = artifact_path(self.path, name)
        is_current = self.manifest.artifacts.get(name) == WRITTEN and path.is_file()
        return _to_pandas(_read_table(path)) if is_current else None


def load_record(path: Where) -> Record:
    """Load a record, which may be complete or still growing.

    Nothing that the record names is imported or run.

    Example:
        >>> trials, reports = load_record("records/my-study")
        >>> best = trials.sort_values("val_loss_best").iloc[0]

    Args:
        path: folder of the record, or its URI: s3://BUCKET/... or gs://BUCKET/...

    Returns:
        The record. Its `trials` are a frame with one row per trial, sorted by trial_id; its
        `reports` have one row per trial, replicate and step. A trial without an ending has the
        status "running" while the study runs, and "interrupted" afterwards.

    Raises:
        ValueError: there is no such folder, it holds no manifest.json, another version of
            sweepbook wrote it, or a file cannot be read. The text names the path.
        OSError: a store cannot be reached, or refuses access.
    """
    folder = place(path)
    manifest = read_manifest(folder)
    unit = manifest.study.fidelity.unit
    reports = _look_again(folder, lambda: _read_reports(folder, unit))
    trials = _read_trials(folder, manifest)
    if trials.empty and len(reports) and not _has_begun(manifest, reports):
        raise ValueError(
            f"{folder}: has {len(reports)} report rows but no trial in trials.parquet"
        )
    return Record(folder, manifest, trials, reports)


def with_known_files(record: Record) -> Record:
    """Returns the record with settings that name a known file as what that file counts as.

    A study declares such files by how their SHA-256 begins (`known_files`); the manifest has the
    hash of every file that a setting names.
    """
    names = known_names(record.manifest.study.known_files, record.manifest.files)
    settings = [name for name in map(str, record.trials) if name.startswith(CONFIG)]
    counted = {name: record.trials[name].replace(names) for name in settings}
    return replace(record, trials=record.trials.assign(**counted)) if names else record


def known_names(known: Mapping[str, str], hashes: Mapping[str, str]) -> dict[str, str]:
    """Returns path -> what it counts as, of the known ones among some files.

    Args:
        known: how a SHA-256 begins -> what such a file counts as.
        hashes: path -> SHA-256.
    """
    return {
        path: value
        for path, sha256 in hashes.items()
        for beginning, value in known.items()
        if sha256.startswith(beginning)
    }


def _has_begun(manifest: Manifest, reports: pd.DataFrame) -> bool:
    """Whether a search was killed after its first part, before its first trials.parquet."""
    planned = {trial.trial_id for trial in manifest.trials}
    return manifest.status == "running" and planned >= set(reports["trial_id"])


def _look_again(folder: Place, read: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """What `read` finds, read again where a part was compacted after it had been listed."""
    for _ in range(_READ_ATTEMPTS):
        try:
            return read()
        except FileNotFoundError:
            continue
    raise ValueError(
        f"{folder}: its parts vanish while they are read; try again when nobody writes there"
    )


def read_manifest(folder: Place) -> Manifest:
    """Returns the manifest of a record's folder.

    Raises:
        ValueError: no folder, no manifest.json, or one that cannot be read; names the path.
    """
    if not folder.is_dir():
        raise ValueError(
            f"{folder}: no such folder; give the folder of a record, e.g. records/my-study"
        )
    path = folder / "manifest.json"
    if not path.is_file():
        raise ValueError(f"{folder}: not a record, because it has no manifest.json")
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise _unreadable(path, "JSON", error) from error
    try:
        return manifest_of(content)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _read_table(path: Place) -> pa.Table:
    try:
        # Opened once: given a path, pyarrow opens it twice, and its writer may replace it between.
        with pa.OSFile(path.path) if path.is_local else pa.BufferReader(path.read_bytes()) as file:
            return pq.read_table(file)
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, "parquet", error) from error


def _unreadable(path: Place, form: str, error: Exception) -> Exception:
    """What to raise for a damaged file; a store that cannot be reached stays an OSError."""
    if isinstance(error, OSError) and not path.is_local:
        return OSError(f"{path}: {error}")
    return ValueError(f"{path}: cannot be read as {form}: {error}")


def _read_reports(folder: Place, unit: str) -> pd.DataFrame:
    key = ["trial_id", "replicate", unit]
    # Parts before reports.parquet: a writer that compacts in between hides nothing this way.
    parts = [_read_table(path) for path in part_paths(folder)]
    compacted = folder / "reports.parquet"
    tables = [_read_table(compacted), *parts] if compacted.is_file() else parts
    if not tables:
        return _empty({"trial_id": "str", "replicate": "int64", unit: "int64"})
    table = pa.concat_tables(fitting(tables), promote_options="permissive")
    missing = [name for name in key if name not in table.column_names]
    if missing:
        raise ValueError(f"{folder}: the reports lack the columns {missing}")
    # Arrow sorts and dedupes the keys alone; the wide rows move once, in `take`.
    rows = pa.array(np.arange(table.num_rows))
    last = table.select(key).append_column("row", rows).group_by(key).aggregate([("row", "max")])
    order = last.sort_by([(name, "ascending") for name in key])["row_max"]
    in_order = len(order) == table.num_rows and pc.all(pc.equal(order, rows)).as_py()
    return _to_pandas(table if in_order else table.take(order))


def _read_trials(folder: Place, manifest: Manifest) -> pd.DataFrame:
    path = folder / "trials.parquet"
    trials = _to_pandas(_read_table(path)) if path.is_file() else _empty(TRIAL_COLUMNS)
    missing = [name for name in ("trial_id", "status") if name not in trials]
    if missing:
        raise ValueError(f"{path}: lacks the columns {missing}")
    ended = manifest.ended or manifest.has_ended
    open_ended = trials["status"].isna() | trials["status"].isin(_NOT_ENDED)
    status = trials["status"].astype("str")
    trials["status"] = status.mask(open_ended, "interrupted" if ended else "running")
    trials = trials.drop_duplicates("trial_id", keep="last")
    return trials.sort_values("trial_id", ignore_index=True)


def _read_predictions(folder: Place) -> pd.DataFrame:
    compacted = folder / "predictions.parquet"
    paths = prediction_paths(folder)
    paths = [compacted, *paths] if compacted.is_file() else paths
    if not paths:
        return _empty(PREDICTION_COLUMNS)
    table = pa.concat_tables([_read_table(path) for path in paths], promote_options="permissive")
    key = ["trial_id", "replicate", "split", "row_id"]
    frame = _to_pandas(table).drop_duplicates(key, keep="last")
    return frame.sort_values(key, ignore_index=True)


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.replace_schema_metadata(None).to_pandas()
    return frame


def _empty(columns: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
