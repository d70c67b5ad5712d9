"""Records without training: plausible curves from a seeded generator, written as a study would."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.published import ANSWERS, PUBLISHED
from sweepbook.record.load import Record, load_record
from sweepbook.record.manifest import Data, Manifest, manifest_of

Configs = Sequence[dict[str, Any]]


def typed(content: dict[str, Any]) -> Manifest:
    """A manifest of what a test says of it; the rest is as a study and a search need it."""
    study = {"question": "?", "trainable": "x:y"} | content["study"]
    search = content.get("search")
    if search:
        search = SEARCH | search
        search["n_trials"] = search["n_trials_per_cell"] * len(search["cells"])
    return manifest_of({"schema_version": 1, **content, "study": study, "search": search})


def with_manifest(record: Record, **changes: Any) -> Record:
    """The record with other fields in its manifest; `data` adds to what describes the data."""
    if "data" in changes:
        changes["data"] = Data({**record.manifest.data.described, **changes["data"]})
    return replace(record, manifest=replace(record.manifest, **changes))


SEARCH: dict[str, Any] = {
    "space": {}, "scientific": [], "nuisance": [], "cells": [{}], "configs": [], "points": [],
    "n_trials_per_cell": 1, "n_random": 1, "seed": 0,
}  # fmt: skip


def declared(study: str) -> dict[str, Any]:
    """What a study of the exercise declares of its publication, as a manifest keeps it."""
    return {
        "published": asdict(PUBLISHED[study]) if study in PUBLISHED else None,
        "answers": ANSWERS.get(study, ""),
    }


def manifest_content(name: str, n_replicates: int, **changes: Any) -> dict[str, Any]:
    study: dict[str, Any] = {
        "name": name,
        "question": "Which setting is better?",
        "trainable": "trainables.mlp:train_mlp",
        "metric": {"name": "val_loss", "mode": "min"},
        "fidelity": {"unit": "epoch", "setting": "epochs"},
        "figures": changes.pop("figures", []),
        "claims": changes.pop("claims", []),
    }
    study |= changes.pop("study", {})
    return {
        "schema_version": 1,
        "study": study,
        "command": ["sweepbook", "run", name],
        "seed": 0,
        "n_replicates": n_replicates,
        "scale": None,
        "versions": {"python": "3.12.1", "torch": "2.14.0"},
        "git_commit": "0123456789abcdef",
        "data": {"name": "europe", "path": None, "sha256": "ab" * 32, "paired": True,
                 "rows": {"train": 80, "validation": 10, "test": 10},
                 "splits": "one per replicate",
                 "card": {"rows": {"train": 80, "validation": 10, "test": 10},
                          "classes": {"train": 2, "validation": 2, "test": 2},
                          "class_shares": {"train": {"0": 0.75, "1": 0.25}},
                          "repeated_train_rows": 3, "test_rows_in_train": 1,
                          "train_rows_in_test": 2},
                 "class_names": {"0": "Albania", "1": "Austria"}},
        "started": "2026-01-01T10:00:00+00:00",
        "ended": "2026-01-01T10:05:00+00:00",
        "status": "complete",
    } | changes  # fmt: skip


def curves_of(config: dict[str, Any], epochs: int, n_replicates: int, seed: int) -> pd.DataFrame:
    """Reports of one trial: losses fall, accuracies rise, replicates differ a little."""
    rng = np.random.default_rng(seed)
    rows = []
    rate = 0.05 + 0.3 * rng.random()
    for replicate in range(n_replicates):
        shift = 1 + 0.08 * rng.standard_normal()
        for epoch in range(1, epochs + 1):
            loss = 0.15 + 3.2 * np.exp(-rate * shift * epoch) + 0.01 * rng.random()
            row: dict[str, Any] = {"replicate": replicate, "epoch": epoch}
            for split, gap in (("train", 1.1), ("val", 1.0), ("test", 1.03)):
                row[f"{split}_loss"] = loss * gap
                row[f"{split}_acc"] = float(np.exp(-loss * gap * 0.7))
            row |= {"time_s": 0.5 + 0.1 * rng.random(), "n_steps": 12 * epoch}
            if config.get("batch_losses"):
                row["batch_losses"] = list(loss + 0.1 * rng.standard_normal(12))
            rows.append(row)
    return pd.DataFrame(rows)


def write_record(
    folder: Path,
    configs: Configs,
    *,
    name: str = "demo",
    epochs: int = 8,
    n_replicates: int = 3,
    parts: int = 0,
    endings: dict[int, dict[str, Any]] | None = None,
    **changes: Any,
) -> Path:
    """Write a record of `configs` into `folder`, compacted or in `parts` part files.

    endings: place in configs -> {status, reason, last (epochs reported), diverge: {replicate:
    epoch}} where a trial did not finish.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trials, reports = [], []
    for place, config in enumerate(configs):
        ending = (endings or {}).get(place, {})
        own = int(config.get("epochs", epochs))
        last = ending.get("last", own)
        digest = hashlib.sha256(json.dumps([name, config], sort_keys=True).encode()).hexdigest()
        trial_id = digest[:12]
        frame = curves_of(config, last, n_replicates, seed=int(digest[:8], 16))
        for replicate, since in ending.get("diverge", {}).items():
            gone = (frame["replicate"] == replicate) & (frame["epoch"] >= since)
            metrics = [c for c in frame if str(c).endswith(("_loss", "_acc"))]
            frame.loc[gone, metrics] = np.nan
        reports.append(frame.assign(trial_id=trial_id))
        trials.append(
            {"trial_id": trial_id, "study": name, "status": ending.get("status", "finished"),
             "reason": ending.get("reason", f"all {last} epochs"), "error": ending.get("error"),
             "seed": 0, "n_replicates": n_replicates,
             "n_diverged": len(ending.get("diverge", {})), "fidelity_unit": "epoch",
             "max_fidelity": own, "last_fidelity": last, "time_total_s": 0.5 * last,
             "started": "2026-01-01T10:00:00+00:00", "ended": "2026-01-01T10:05:00+00:00"}
            | {f"config/{key}": value for key, value in config.items()}
        )  # fmt: skip
    pd.DataFrame(trials).to_parquet(folder / "trials.parquet")
    rows = pd.concat(reports, ignore_index=True)
    rows = rows[["trial_id", *[c for c in rows if c != "trial_id"]]]
    if parts:
        (folder / "parts").mkdir()
        for i, piece in enumerate(np.array_split(np.arange(len(rows)), parts)):
            rows.iloc[piece].to_parquet(folder / "parts" / f"{i:05d}.parquet")
    else:
        rows.to_parquet(folder / "reports.parquet")
    manifest = manifest_content(name, n_replicates, **changes)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def make_record(tmp_path: Path) -> Callable[..., Path]:
    """make_record(configs, at="records/demo", **as write_record) -> the record's folder."""

    def make(configs: Configs, at: str = "records/demo", **rest: Any) -> Path:
        return write_record(tmp_path / at, configs, **rest)

    return make


@pytest.fixture
def planted(make_record: Callable[..., Path]) -> Callable[..., Record]:
    """planted(configs, claims, {metric: values of each config}) -> Record.

    Values of a config: (R,) for every epoch, or (R, epochs).
    """

    def make(
        configs: Configs, claims: list[Any], values: dict[str, Any], epochs: int = 8, **rest: Any
    ) -> Record:
        n = len(next(iter(values.values()))[0])
        path = make_record(configs, epochs=epochs, n_replicates=n, claims=claims, **rest)
        record = load_record(path)
        order = {
            trial_id: next(
                i
                for i, config in enumerate(configs)
                if all(row[f"config/{key}"] == value for key, value in config.items())
            )
            for trial_id, row in record.trials.set_index("trial_id").iterrows()
        }
        reports = record.reports
        for metric, tables in values.items():
            cells = []
            for row in reports.to_dict("records"):
                own = np.asarray(tables[order[row["trial_id"]]])[row["replicate"]]
                cells.append(own if np.ndim(own) == 0 else own[row["epoch"] - 1])
            reports[metric] = cells
        return record

    return make


MODEL_SETTINGS = ("model", "weights", "lr", "max_iter")


def write_models_record(
    folder: Path,
    entries: Sequence[dict[str, Any]],
    claims: Sequence[Any] = (),
    figures: Sequence[Any] = (),
    n_replicates: int = 2,
    data: dict[str, Any] | None = None,
    study: dict[str, Any] | None = None,
) -> Path:
    """Write a record of a few models with planted test predictions.

    An entry: model, hits (a row of 1 and 0, right and wrong, per seed), val_acc per seed; and it
    may have the settings, status, error, first_row, and p (probability of what was predicted).
    """
    folder.mkdir(parents=True)
    trials, reports, predictions = [], [], []
    for i, own in enumerate(entries):
        table = np.atleast_2d(own["hits"])
        status, n = own.get("status", "finished"), len(table)
        trial_id = f"trial{i:07d}"
        trials.append(
            {"trial_id": trial_id, "study": "vision-baselines", "status": status,
             "reason": own.get("error") or "reached eval 2", "error": own.get("error"), "seed": 0,
             "n_replicates": n, "n_diverged": 0, "fidelity_unit": "eval", "max_fidelity": 2,
             "last_fidelity": 0 if status == "failed" else 2, "time_total_s": 4.0,
             "time_train_s": 3.0, "time_evaluate_s": 1.0,
             "config/data": "embedded", "config/skip_corrupt": False, "config/size": None}
            | {f"config/{key}": own.get(key) for key in MODEL_SETTINGS}
        )  # fmt: skip
        if status == "failed":
            continue
        for r, hits in enumerate(table):
            for step in (1, 2):
                val = np.atleast_1d(own["val_acc"])[r] - 0.1 * (2 - step)
                reports.append(
                    {"trial_id": trial_id, "replicate": r, "eval": step, "val_acc": val,
                     "train_loss": 1 - val, "val_loss": 1.1 - val, "test_acc": hits.mean(),
                     "epoch": np.nan if own["model"] == "xgboost" else step / 2,
                     "time_s": 1.0 + r}
                )  # fmt: skip
            n_rows = len(hits)
            label = np.arange(n_rows) % 2
            predictions.append(
                pd.DataFrame(
                    {"trial_id": trial_id, "replicate": r, "split": "test",
                     "row_id": own.get("first_row", 100) + np.arange(n_rows), "label": label,
                     "predicted": np.where(np.asarray(hits) == 1, label, 1 - label),
                     "probability": own.get("p", 0.8)}
                )
            )  # fmt: skip
    pd.DataFrame(trials).to_parquet(folder / "trials.parquet")
    empty = pd.DataFrame({"trial_id": pd.Series(dtype="str"), "replicate": [], "eval": []})
    (pd.DataFrame(reports) if reports else empty).to_parquet(folder / "reports.parquet")
    if predictions:
        pd.concat(predictions).to_parquet(folder / "predictions.parquet")
    changes = study if study is not None else declared("vision-baselines")
    study = {"name": "vision-baselines", "question": "?", "trainable": "trainables.vision:train",
             "metric": {"name": "val_acc", "mode": "max"}, "single": "trainables.vision:one",
             "fidelity": {"unit": "eval", "setting": "epochs", "count": "trainables.vision:n"},
             "figures": list(figures), "claims": list(claims)} | changes  # fmt: skip
    data = data or {"name": "upsampled-photos", "path": None, "sha256": "ab" * 32, "paired": True,
                    "class_names": {"0": "fake", "1": "real"}, "splits": "given",
                    "rows": {"train": 8, "validation": 4, "test": 4}}  # fmt: skip
    manifest = {"schema_version": 1, "study": study, "command": ["sweepbook"], "seed": 0,
                "n_replicates": n_replicates, "scale": None, "versions": {}, "data": data,
                "started": "2026-01-01T10:00:00+00:00", "ended": "2026-01-01T10:05:00+00:00",
                "status": "complete"}  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def models_record(tmp_path: Path) -> Callable[..., Record]:
    """models_record(entries, **as write_models_record) -> Record."""

    def make(entries: Sequence[dict[str, Any]], **rest: Any) -> Record:
        return load_record(write_models_record(tmp_path / "models", entries, **rest))

    return make
