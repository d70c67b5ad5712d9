"""A small valid record with all that one can hold, made without Ray, to be mutated."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.records import write_record

CLAIMS: list[dict[str, Any]] = [
    {"name": "lower", "statement": "A rate of 0.1 is better.", "kind": "direction",
     "metric": "val_loss", "direction": "lower", "smallest": 0.01, "reason": "less is noise",
     "arms": [{"lr": 0.1}, {"lr": 0.01}]},
    {"name": "best", "statement": "0.1 is best.", "kind": "winner", "metric": "test_acc",
     "smallest": 0.0, "reason": "any", "arms": [{"lr": 0.1}, {"lr": 0.01}]},
]  # fmt: skip
FIGURES = [{"kind": "curves", "name": "c", "title": "t", "metrics": ["val_loss"], "by": ["lr"]}]
SPACE = {"lr": {"kind": "float", "low": 0.001, "high": 1.0, "log": True, "step": None}}
SEARCH = {
    "space": SPACE, "scientific": [], "nuisance": ["lr"], "cells": [{}], "configs": [{"lr": 0.1}],
    "n_trials_per_cell": 2, "n_trials": 2, "n_random": 1, "points": [], "seed": 0,
}  # fmt: skip


def make_base(folder: Path) -> Path:
    """Writes the record: two trials, predictions, a part, a checkpoint, logs and an artifact."""
    write_record(
        folder, [{"lr": 0.1}, {"lr": 0.01}], epochs=6, n_replicates=3, claims=CLAIMS,
        figures=FIGURES, study={"artifacts": {"grid": "x:y"}, "fixed": {"lr": 0.1}},
    )  # fmt: skip
    trials = pd.read_parquet(folder / "trials.parquet")
    ids = list(trials["trial_id"])
    trials = trials.assign(val_loss_last=0.5, val_loss_best=0.4, val_loss_best_at=5, number=[0, 1])
    trials.assign(has_train_loss=True).to_parquet(folder / "trials.parquet", index=False)
    rows = [
        {"trial_id": trial_id, "replicate": r, "split": "test", "row_id": row, "label": row % 2,
         "predicted": (row + r) % 2, "probability": 0.75}
        for trial_id in ids for r in range(3) for row in range(8)
    ]  # fmt: skip
    pd.DataFrame(rows).to_parquet(folder / "predictions.parquet", index=False)
    reports = pd.read_parquet(folder / "reports.parquet")
    (folder / "parts").mkdir()
    reports.tail(3).to_parquet(folder / "parts" / "00000.parquet", index=False)
    _write_files(folder, ids)
    _write_manifest(folder, ids)
    return folder


def copy_of(base: Path, folder: Path) -> Path:
    """A copy, in the place of an earlier one."""
    shutil.rmtree(folder, ignore_errors=True)
    return Path(shutil.copytree(base, folder))


def _write_files(folder: Path, ids: list[str]) -> None:
    from sweepbook.record.checkpoints import save_checkpoint

    for name in ("checkpoints", "logs", "artifacts"):
        (folder / name).mkdir()
    for trial_id in ids:
        state = {"weights": np.arange(4.0), "at": 6}
        checkpoint = {"fidelity": 6, "state": [state] * 3, "rows": [], "places": []}
        save_checkpoint([str(folder)], trial_id, checkpoint)
        (folder / "logs" / f"{trial_id}.txt").write_text("--- attempt 1 began ---\nhello\n")
    pd.DataFrame({"x": [1.0, 2.0]}).to_parquet(folder / "artifacts" / "grid.parquet")


def _write_manifest(folder: Path, ids: list[str]) -> None:
    from sweepbook.record.digest import record_digest
    from sweepbook.record.load import load_record

    content = json.loads((folder / "manifest.json").read_text())
    trial = {
        "trainable": "trainables.mlp:train_mlp", "stacked": False, "seed": 0, "n_replicates": 3,
        "unit": "epoch", "max_fidelity": 6, "metric": "val_loss", "cpus": 1, "gpus": 0.0,
        "cost_s": 1.0, "hang_s": None, "number": 0, "ends_itself": True, "nested": False,
    }  # fmt: skip
    rates = load_record(folder).trials.set_index("trial_id")["config/lr"]
    planned = [{**trial, "trial_id": i, "config": {"lr": float(rates[i])}} for i in ids]
    session = {"started": "2026-01-01T10:00:00+00:00", "wall_s": 10.0, "slots": 2, "n_trials": 2,
               "occupied_s": 8.0, "work_s": 7.0, "ideal_s": 5.0}  # fmt: skip
    winner = {"settings": {"lr": 0.1}, "trial_id": ids[0], "number": 0, "fidelity": 6,
              "value": 0.5}  # fmt: skip
    content |= {
        "trials": planned, "sessions": [session], "n_trials": {"finished": 2},
        "artifacts": {"grid": "written"}, "search": SEARCH, "taken": {ids[1]: "earlier"},
        "confirms": {"record": "r", "seed": 1, "by": ["lr"], "tuned": ["lr"], "trials": [winner]},
        "extends": {"record": "r", "kept": [ids[0]], "continued": {}, "anew": [ids[1]]},
        "registration": {"claims": {}, "commit": None, "at": "2026-01-01T10:00:00+00:00"},
        "resumed": [{"at": "2026-01-01T10:00:00+00:00", "command": ["x"], "changes": []}],
        "overrides": {"lr": None}, "files": {}, "import_paths": [], "max_concurrent": 2,
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(content))
    content["record_digest"] = record_digest(load_record(folder))
    (folder / "manifest.json").write_text(json.dumps(content))
