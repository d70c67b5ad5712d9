"""Kind models_table: one row per model."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sweepbook.aggregates.labels import is_share, metric_name, number, setting_name
from sweepbook.aggregates.models import missing_sentence, models_of
from sweepbook.aggregates.nothing import Spec
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import MODELS, SETTINGS, Keys
from sweepbook.figures.models.common import accuracy_table, interval_sentence, shared_notes
from sweepbook.record.load import Record

MODELS_TABLE = Keys(
    shows="A table with a row for each model: its settings, validation and test accuracy.",
    required={"models": MODELS},
    optional={"settings": SETTINGS},
)


def draw_models_table(spec: Spec, record: Record) -> Drawn:
    """One row per model: the settings chosen, validation, test accuracy, behind the best."""
    models = models_of(record, spec)
    numbers = accuracy_table(record, spec, models)
    settings = list(spec.get("settings", []))
    cells = []
    for model, row in zip(models, numbers.to_dict("records"), strict=True):
        cells.append(
            {"model": model.label}
            | {setting_name(key): model.setting(key) for key in settings}
            | {metric_name(record.metric): _percent(record.metric, row["val"])}
            | {"test accuracy": _bounds(row, "test") if model.known else "not available"}
            | {"points behind the best": _bounds(row, "behind")}
            | {"seeds": _count(row["n_replicates"]), "test rows": _count(row["n_rows"])}
            | {"published": _percent("acc", row["published"], 4)}
        )
    shown = pd.DataFrame(cells).astype("str")
    if not numbers["published"].notna().any():
        shown = shown.drop(columns="published")
    said = (
        "Behind the best: below the model that is best on validation, paired by test row and seed."
    )
    notes = [
        interval_sentence(numbers),
        "The seeds that are compared also name the best model, so the differences are a little "
        "too large.",
        *shared_notes(record, models),
    ]
    return drawn_of(spec, [said, missing_sentence(models)], numbers, cells=shown, notes=notes)


def _percent(metric: str, value: float, digits: int = 3) -> str:
    if value != value:
        return "–"
    return f"{number(100 * value, digits)} %" if is_share(metric) else number(value, digits)


def _bounds(row: dict[Any, Any], kind: str) -> str:
    """ "73.5 % (69.1 to 77.9)", in points for a difference."""
    mean, low, high = (100 * row[f"{kind}_{k}"] for k in ("mean", "low", "high"))
    if mean != mean:
        return "–"
    unit = " %" if kind == "test" else ""
    return f"{mean:.1f}{unit} ({low:.1f} to {high:.1f})" if low == low else f"{mean:.1f}{unit}"


def _count(n: float) -> str:
    return f"{int(n):,}" if n == n and n else "–"
