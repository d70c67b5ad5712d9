"""How long a large record takes to load."""

import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measure import Timing
from sweepbook.record.load import load_record

METRICS = ("train_loss", "train_acc", "val_loss", "val_acc", "test_loss", "test_acc", "time_s")


def measure_load(n_trials: int, n_epochs: int, n_replicates: int, repeats: int) -> Timing:
    """Wall seconds to load a record with made-up numbers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, n_trials, n_epochs, n_replicates)
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            record = load_record(folder)
            seconds.append(time.perf_counter() - start)
        assert len(record.reports) == n_trials * n_epochs * n_replicates
    return Timing(tuple(seconds))


def _write(folder: Path, n_trials: int, n_epochs: int, n_replicates: int) -> None:
    ids = np.array([f"{i:012x}" for i in range(n_trials)])
    n_rows = n_trials * n_epochs * n_replicates
    random = np.random.default_rng(0)
    keys = {
        "trial_id": np.repeat(ids, n_epochs * n_replicates),
        "epoch": np.tile(np.repeat(np.arange(1, n_epochs + 1), n_replicates), n_trials),
        "replicate": np.tile(np.arange(n_replicates), n_trials * n_epochs),
    }
    metrics = {metric: random.random(n_rows) for metric in METRICS}
    pd.DataFrame(keys | metrics).to_parquet(folder / "reports.parquet", compression="zstd")
    trials = {"trial_id": ids, "study": "large", "status": "finished", "reason": "reached"}
    trials |= {"error": None, "seed": 0, "n_replicates": n_replicates}
    trials |= {"last_fidelity": n_epochs, "time_total_s": 1.0}
    pd.DataFrame(trials).to_parquet(folder / "trials.parquet")
    study = {"name": "large", "question": "?", "trainable": "none:none"}
    study |= {"metric": {"name": "val_loss", "mode": "min"}}
    study |= {"fidelity": {"unit": "epoch", "setting": "epochs"}}
    manifest = {"schema_version": 1, "study": study, "status": "complete", "ended": "then"}
    (folder / "manifest.json").write_text(json.dumps(manifest))
