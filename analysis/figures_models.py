"""Kinds models_table and models_accuracy: test accuracy of each model with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import captions, style
from analysis.drawn import Drawn, NothingToDraw, Spec
from analysis.labels import is_share, listing, metric_name, number, setting_name
from analysis.load import CONFIG, Record
from analysis.models import (
    Model,
    best_and_worst_model,
    chosen_sentence,
    missing_sentence,
    models_of,
)
from analysis.published import label as published_label
from analysis.row_intervals import RESAMPLES, accuracy_columns, row_difference, row_interval

_GREY = "#777777"
_ROW = 0.36  # inches of one model in a figure of rows


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
    text = captions.caption(
        interval_sentence(numbers),
        "Behind the best: below the test accuracy of the model that is best on validation, paired "
        "by test row and seed.",
        *_shared(record, models, numbers),
        name=spec["name"],
    )
    return Drawn(spec["name"], title_of(spec), text, numbers, cells=shown)


def draw_models_accuracy(spec: Spec, record: Record) -> Drawn:
    """Test accuracy of each model as a dot with its interval, the published value beside it."""
    models = models_of(record, spec)
    numbers = accuracy_table(record, spec, models)
    if not any(model.known for model in models):
        raise NothingToDraw(missing_sentence(models).rstrip("."))
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 1.0 + _ROW * len(models)), layout="constrained")
        ax = figure.subplots()
        draw_rows(ax, numbers)
        ax.set_xlabel("test accuracy (share correct)")
        handles, names = ax.get_legend_handles_labels()
        if len(names) > 1:
            figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    text = captions.caption(
        f"Dot: mean; faint: each seed. {interval_sentence(numbers)}",
        *_shared(record, models, numbers, "Hollow diamonds"),
        name=spec["name"],
    )
    return Drawn(spec["name"], title_of(spec), text, numbers, figure, alt=alt_of(spec, models))


def draw_rows(ax: Axes, numbers: pd.DataFrame) -> Axes:
    """A row per model, the first on top: dot, interval, seeds, published; "not available"."""
    places = np.arange(len(numbers))[::-1]
    colour = style.PALETTE[0]
    ax.hlines(places, numbers["test_low"], numbers["test_high"], color=colour, linewidth=1.6)
    for place, row in zip(places, numbers.to_dict("records"), strict=True):
        seeds = [v for k, v in row.items() if str(k).startswith("replicate_") and v == v]
        if len(seeds) > 1:
            ax.plot(seeds, [place] * len(seeds), "|", color=colour, alpha=0.45, markersize=9)
    ax.plot(numbers["test_mean"], places, "o", color=colour, label="this record", gid="mean")
    if numbers["published"].notna().any():
        ax.plot(
            numbers["published"], places, markeredgecolor=style.PALETTE[1], markeredgewidth=1.4,
            label="published", gid="published", **style.PUBLISHED,
        )  # fmt: skip
    ax.axvline(0.5, color=_GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    low = min(0.48, float(numbers[["test_low", "test_mean", "published"]].min().min()) - 0.01)
    high = float(numbers[["test_high", "test_mean", "published"]].max().max()) + 0.01
    ax.set_xlim(low, min(high, 1.005))
    ax.set_ylim(-0.6, len(numbers) - 0.4)
    ax.set_yticks(places, numbers["model"])
    left, right = ax.get_xlim()
    gap = 0.015 * (right - left)
    missing = numbers["test_mean"].isna()  # a row without a mean is never a zero
    for place, published in zip(places[missing], numbers.loc[missing, "published"], strict=True):
        beside = published > (left + right) / 2  # the text stands clear of diamond and chance
        x, side = (0.5 + gap, "left") if beside else (right - gap, "right")
        ax.text(x, place, "not available", color=_GREY, style="italic", ha=side, va="center")
    ax.grid(axis="y", visible=False)
    return ax


def accuracy_table(record: Record, spec: Spec, models: Sequence[Model]) -> pd.DataFrame:
    """One row per model, NaN where it is not available.

    Columns: model, trial_id, config/KEY of `spec["settings"]`, status, val, val_low, val_high
    (the metric that chose the trial, t interval over replicates), test_mean, test_low, test_high,
    test_se (over rows and replicates, see row_intervals), behind_mean, behind_low, behind_high
    (best model's accuracy minus this one's, paired; NaN for the best itself), n_replicates,
    n_rows, published, problem, replicate_0, ...
    """
    known = [model for model in models if model.known]
    best = best_and_worst_model(record, models)[0] if len(known) > 1 else None
    return pd.DataFrame([_numbers(model, best, spec) for model in models])


def _numbers(model: Model, best: Model | None, spec: Spec) -> dict[str, Any]:
    trial = model.trial if model.trial_id else {}
    row: dict[str, Any] = {"model": model.label, "trial_id": model.trial_id or None}
    row |= {CONFIG + key: trial.get(CONFIG + key) for key in spec.get("settings", [])}
    row |= {"status": trial.get("status"), "val": model.mean}
    row |= {"val_low": model.low, "val_high": model.high}
    behind = dict.fromkeys(("mean", "low", "high"), math.nan)
    test = {f"test_{key}": value for key, value in behind.items()}
    if model.known:
        found = row_interval(model.hits)
        test, row["test_se"] = accuracy_columns(found), found.se
        if best is not None and best is not model:
            gap = row_difference(best.hits, model.hits)
            behind = {"mean": gap.mean, "low": gap.low, "high": gap.high}
    row |= test
    row |= {f"behind_{key}": value for key, value in behind.items()}
    row |= {"n_replicates": model.hits.shape[1], "n_rows": model.hits.shape[0]}
    row |= {"published": model.published, "problem": model.problem or None}
    seeds = model.hits.mean()
    return row | {f"replicate_{r}": float(value) for r, value in seeds.items()}


def interval_sentence(numbers: pd.DataFrame) -> str:
    """What the intervals of test accuracies are, and of how many rows and seeds."""
    known = numbers[numbers["n_rows"] > 0]
    if known.empty:
        return ""
    seeds = sorted({int(n) for n in known["n_replicates"]})
    n = " to ".join(str(s) for s in dict.fromkeys((seeds[0], seeds[-1])))
    rows = " or ".join(f"{int(r):,}" for r in sorted(set(known["n_rows"])))
    return (
        f"Test accuracy: mean of {n} seeds on {rows} test rows, with a 95 % interval over both "
        f"(bootstrap of rows and seeds, {RESAMPLES:,} resamples; one seed where every seed gives "
        "the same model)."
    )


def _shared(
    record: Record, models: Sequence[Model], numbers: pd.DataFrame, sign: str = "Last column"
) -> list[str]:
    published = numbers["published"].notna().any()
    return [
        chosen_sentence(record, models),
        missing_sentence(models),
        captions.data_sentence(record, intervals=False),
        captions.groups_sentence(record),
        f"{sign}: {published_label(record.data_name)}." if published else "",
    ]


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


def title_of(spec: Spec) -> str:
    return str(spec.get("title", spec["name"]))


def alt_of(spec: Spec, models: Sequence[Model]) -> str:
    names = listing([model.label for model in models], most=8)
    return f"{title_of(spec)}: {names}; the CSV beside it has the numbers."
