"""Kind models_accuracy: test accuracy of each model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.models import Model, missing_sentence, models_of
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import style
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import MODELS, Key, Keys
from sweepbook.figures.layout import one_panel
from sweepbook.figures.models.common import (
    accuracy_table,
    interval_sentence,
    labels_of,
    shared_notes,
)
from sweepbook.record.load import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_GREY = "#777777"
_ROW = 0.36  # inches of one model in a figure of rows

MODELS_ACCURACY = Keys(
    shows="The test accuracy of each model with its interval, beside the published value.",
    required={"models": MODELS},
    optional={
        "settings": Key(
            "The settings of each model's chosen trial to keep in the CSV: a list.", "settings"
        )
    },
    yields=("predictions",),
)


def draw_models_accuracy(spec: Spec, record: Record) -> Drawn:
    """Test accuracy of each model as a dot with its interval, the published value beside it."""
    models = models_of(record, spec)
    numbers = accuracy_table(record, spec, models)
    if not any(model.known for model in models):
        raise NothingToDraw(missing_sentence(models).rstrip("."))
    said = [f"Test accuracy of each model; {_ticks(models)}.", missing_sentence(models)]
    notes = [interval_sentence(numbers), *shared_notes(record, models)]
    figure = _figure(numbers)
    return drawn_of(spec, said, numbers, figure=figure, shows=labels_of(models), notes=notes)


def _ticks(models: Sequence[Model]) -> str:
    """What single ticks are of, where a seed's trial is chosen among several."""
    n_trials = [len(model.choice.trial_ids) for model in models if model.choice]
    ticks = "ticks are single seeds"
    if max(n_trials, default=1) == 1:
        return ticks
    return f"{ticks}, each of the trial that the other seeds choose by validation"


def _figure(numbers: pd.DataFrame) -> Figure:
    with style.look():
        figure, ax = one_panel(1.0 + _ROW * len(numbers))
        draw_rows(ax, numbers)
        ax.set_xlabel("test accuracy (share correct)")
        handles, names = ax.get_legend_handles_labels()
        if len(names) > 1:
            figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    return figure


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
    missing = numbers["test_mean"].isna()  # a row without a mean is never a zero
    _say_not_available(ax, places[missing], numbers.loc[missing, "published"])
    ax.grid(axis="y", visible=False)
    return ax


def _say_not_available(ax: Axes, places: Any, published: pd.Series[float]) -> None:
    """A text in each of these rows that stands clear of its diamond and of the line of chance."""
    left, right = ax.get_xlim()
    gap = 0.015 * (right - left)
    for place, value in zip(places, published, strict=True):
        x, side = (0.5 + gap, "left") if value > (left + right) / 2 else (right - gap, "right")
        ax.text(x, place, "not available", color=_GREY, style="italic", ha=side, va="center")
