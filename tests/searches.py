"""Records of made-up searches under ASHA, for the tests of what is said of a search."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.record.load import Record
from tests.records import typed

SPACE: dict[str, dict[str, Any]] = {
    "lr": {"kind": "float", "low": 1e-4, "high": 1e-1, "log": True, "step": None},
    "batch_size": {"kind": "int", "low": 64, "high": 1024, "log": True, "step": None},
    "depth": {"kind": "int", "low": 1, "high": 10, "log": False, "step": None},
    "batch_norm": {"kind": "choice", "choices": [False, True]},
    "encoding": {"kind": "choice", "choices": ["raw", "sines"]},
}


def record_of(
    trials: list[dict[str, Any]],
    space: dict[str, dict[str, Any]],
    *,
    mode: str = "min",
    cells: list[dict[str, Any]] | None = None,
    scientific: tuple[str, ...] = (),
    scheduler: dict[str, Any] | None = None,
    n_replicates: int = 1,
    name: str = "tuned",
) -> Record:
    """One trial per dict {settings, values (by epoch), status, rung}; an epoch takes 2 seconds.

    The trials begin one after another, in the order of the list, which is that of suggestion.
    """
    rows, reports = [], []
    for number, trial in enumerate(trials):
        trial_id = f"t{number:03d}"
        row = {"trial_id": trial_id, "number": number, "status": trial.get("status", "finished")}
        row |= {"rung": trial.get("rung"), "n_replicates": n_replicates}
        row |= {"started": f"2026-01-01T{number // 60:02d}:{number % 60:02d}:00+00:00"}
        rows.append(row | {f"config/{key}": v for key, v in trial["settings"].items()})
        for epoch, value in enumerate(trial["values"], start=1):
            shifts = np.linspace(-0.01, 0.01, n_replicates) if n_replicates > 1 else [0.0]
            for replicate, shift in enumerate(shifts):
                report = {"trial_id": trial_id, "replicate": replicate, "epoch": epoch}
                reports.append(report | {"val_loss": value + shift, "time_s": 2.0})
    study = {"name": name, "question": "Which is best?", "trainable": "x:y", "figures": []}
    study |= {"metric": {"name": "val_loss", "mode": mode}, "scheduler": scheduler}
    study |= {"fidelity": {"unit": "epoch", "setting": "epochs"}}
    search = {"space": space, "cells": cells or [{}], "scientific": list(scientific)}
    search["n_trials_per_cell"] = len(trials) // len(cells or [{}])
    manifest = {
        "schema_version": 1,
        "study": study,
        "search": search,
        "n_replicates": n_replicates,
    }
    manifest |= {"seed": 0, "status": "complete", "ended": "2026-01-01T20:00:00+00:00"}
    return Record(
        Path("records") / name, typed(manifest), pd.DataFrame(rows), pd.DataFrame(reports)
    )


def random_search(
    n: int, *, cells: list[dict[str, Any]] | None = None, n_replicates: int = 1,
    constant: bool = False,
) -> Record:  # fmt: skip
    """A search of `n` trials by chance: 9 epochs, stopped at rungs 1 and 3 or diverged."""
    rng = np.random.default_rng(n)
    space = dict(SPACE)
    if constant:
        space["dropout"] = {"kind": "float", "low": 0.0, "high": 0.5, "log": False, "step": None}
    trials = []
    for i in range(n):
        lr = float(10 ** rng.uniform(-4, -1))
        settings: dict[str, Any] = {"lr": lr, "batch_size": int(2 ** rng.uniform(6, 10))}
        settings |= {"depth": int(rng.integers(1, 11)), "batch_norm": bool(rng.integers(2))}
        settings |= {"encoding": ["raw", "sines"][rng.integers(2)]}
        settings |= {"dropout": 0.1} if constant else {}
        settings |= cells[i % len(cells)] if cells else {}
        final = 0.1 + 0.15 * (math.log10(lr) + 2.3) ** 2 + 0.02 * abs(settings["depth"] - 6)
        final += 0.05 * (settings["encoding"] == "raw") + 0.02 * float(rng.normal())
        values = [final + 1.5 * math.exp(-epoch / 2) for epoch in range(1, 10)]
        trial: dict[str, Any] = {"settings": settings, "values": values}
        if lr > 0.06 and i % 2:
            trial |= {"status": "diverged", "values": [*values[:2], math.nan]}
        elif i > 2 and final > 0.3 and rng.random() < 0.85:
            rung = int(rng.choice([1, 3]))
            trial |= {"status": "stopped", "values": values[:rung], "rung": rung}
        trials.append(trial)
    return record_of(
        trials, space, cells=cells, scientific=("depth", "encoding"),
        scheduler={"grace_period": 1, "reduction_factor": 3, "max_t": 9, "brackets": 1},
        n_replicates=n_replicates,
    )  # fmt: skip
