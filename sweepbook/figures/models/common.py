"""What the kinds that compare models share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from sweepbook.aggregates.hits import hits_difference, hits_interval
from sweepbook.aggregates.models import (
    Model,
    best_and_worst_model,
    chosen_sentence,
)
from sweepbook.aggregates.nothing import Spec
from sweepbook.aggregates.predictions import accuracy_columns
from sweepbook.figures import captions, style
from sweepbook.record.load import CONFIG, Record


def accuracy_table(record: Record, spec: Spec, models: Sequence[Model]) -> pd.DataFrame:
    """One row per model, NaN where it is not available.

    Columns: model, trial_id and config/KEY of `spec["settings"]` (of the trial that all seeds
    together choose), picks (the trial of each seed, see `Choice`), status, val, val_low, val_high
    (the metric that chooses, t interval over replicates), test_mean, test_low, test_high,
    test_se (over rows and replicates, see row_interval), behind_mean, behind_low, behind_high
    (best model's accuracy minus this one's, paired; NaN for the best itself), n_replicates,
    n_rows, published, problem, replicate_0, ...
    """
    known = [model for model in models if model.known]
    best = best_and_worst_model(record, models)[0] if len(known) > 1 else None
    return pd.DataFrame([_numbers(model, best, spec) for model in models])


def _numbers(model: Model, best: Model | None, spec: Spec) -> dict[str, Any]:
    trial = model.trial if model.trial_id else {}
    row: dict[str, Any] = {"model": model.label, "trial_id": model.trial_id or None}
    row |= {"picks": " ".join(model.choice.picks.values()) if model.choice else None}
    row |= {CONFIG + key: trial.get(CONFIG + key) for key in spec.get("settings", [])}
    row |= {"status": trial.get("status"), "val": model.mean}
    row |= {"val_low": model.low, "val_high": model.high}
    row |= _of_test_rows(model, best)
    n_rows, n = model.hits.table.shape
    row |= {"n_replicates": n, "n_rows": n_rows}
    row |= {"published": model.published, "problem": model.problem or None}
    seeds = model.hits.table.mean()
    return row | {f"replicate_{r}": float(value) for r, value in seeds.items()}


def _of_test_rows(model: Model, best: Model | None) -> dict[str, float]:
    """test_* and behind_* of one model."""
    unknown = dict.fromkeys(("mean", "low", "high"), math.nan)
    behind = {f"behind_{key}": value for key, value in unknown.items()}
    if not model.known:
        return {f"test_{key}": value for key, value in unknown.items()} | behind
    if best is not None and best is not model:
        gap = hits_difference(best.hits, model.hits)
        behind = {"behind_mean": gap.mean, "behind_low": gap.low, "behind_high": gap.high}
    found = hits_interval(model.hits)
    return {"test_se": found.se} | accuracy_columns(found) | behind


def interval_sentence(numbers: pd.DataFrame) -> str:
    """What the intervals of test accuracies are, and of how many rows and seeds."""
    known = numbers[numbers["n_rows"] > 0]
    if known.empty:
        return ""
    seeds = sorted({int(n) for n in known["n_replicates"]})
    n = " to ".join(str(s) for s in dict.fromkeys((seeds[0], seeds[-1])))
    rows = " or ".join(f"{int(r):,}" for r in sorted(set(known["n_rows"])))
    return (
        f"Test accuracy: mean of {n} seeds on {rows} test rows, with a 95 % interval that "
        "holds for further rows and seeds (one seed where every seed gives the same model)."
    )


def shared_notes(record: Record, models: Sequence[Model]) -> list[str]:
    """How the trials of models were chosen, and which test rows belong together."""
    return [chosen_sentence(record, models), captions.groups_sentence(record)]


def labels_of(models: Sequence[Model]) -> list[str]:
    """The labels of models, in their order."""
    return [model.label for model in models]


MARKERS = "osv^D*P"


def model_looks(models: Sequence[Model]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each model with a trial, the same in every figure of a record."""
    labels = [model.label for model in models if model.trial_id]
    palette = style.colours(len(labels))
    return {label: (palette[i], MARKERS[i % len(MARKERS)]) for i, label in enumerate(labels)}
