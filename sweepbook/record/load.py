"""Read a record into pandas frames, from a folder or from a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from sweepbook.record.artifacts import WRITTEN, artifact_names
from sweepbook.record.manifest import Manifest, manifest_of
from sweepbook.record.schema.text import parsed
from sweepbook.record.storage.frames import (
    check_replicates,
    look_again,
    read_predictions,
    read_reports,
    read_trials,
)
from sweepbook.record.storage.inside import file_in
from sweepbook.record.storage.places import Place, Where, place
from sweepbook.record.storage.tables import read_table, to_pandas, unreadable

CONFIG = "config/"  # a setting's column in trials is config/KEY


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
        return look_again(self.path, lambda: read_predictions(self.path))

    def artifact(self, name: str) -> pd.DataFrame | None:
        """The table that the study's hook `name` has made of the record, read now.

        Returns None where the record has none, as those of earlier versions. Raises ValueError
        where the file cannot be read.
        """
        if self.manifest.artifacts.get(name) != WRITTEN:
            return None
        path = file_in(self.path, *artifact_names(name))
        return to_pandas(read_table(path), path) if path else None


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
    unit, metric = manifest.study.fidelity.unit, manifest.study.metric.name
    reports = look_again(folder, lambda: read_reports(folder, unit, metric))
    trials = read_trials(folder, manifest)
    if trials.empty and len(reports) and not _has_begun(manifest, reports):
        raise ValueError(
            f"{folder}: has {len(reports)} report rows but no trial in trials.parquet"
        )
    check_replicates(folder, manifest, trials, reports)
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


def read_manifest(folder: Place) -> Manifest:
    """Returns the manifest of a record's folder.

    Raises:
        ValueError: no folder, no manifest.json, or one that cannot be read; names the path.
    """
    if not folder.is_dir():
        raise ValueError(
            f"{folder}: no such folder; give the folder of a record, e.g. records/my-study"
        )
    path = file_in(folder, "manifest.json")
    if path is None:
        raise ValueError(f"{folder}: not a record, because it has no manifest.json")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, "JSON", error) from error
    try:
        return manifest_of(parsed(content))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
