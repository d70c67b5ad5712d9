"""Kind quality: confusion and calibration of the best and the worst model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from sweepbook.aggregates.labels import number
from sweepbook.aggregates.models import best_and_worst_model, chosen_sentence, models_of
from sweepbook.aggregates.nothing import Spec
from sweepbook.figures import captions, style
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import MODELS, Keys
from sweepbook.figures.models.calibration import (
    calibration_error,
    confusion,
    positive_probabilities,
    reliability,
)
from sweepbook.record.load import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_HEIGHT = 6.6  # inches
_COUNTS_FROM = -0.24  # of the y axis: counts have the room below the shares to themselves

QUALITY = Keys(
    shows="Confusion matrix and calibration of the best and of the worst model of two classes.",
    required={"models": MODELS},
    yields=("predictions",),
)


def draw_quality(spec: Spec, record: Record) -> Drawn:
    """A row for the best and one for the worst model: confusion left, calibration right."""
    models = models_of(record, spec)
    pair = dict(zip(("best", "worst"), best_and_worst_model(record, models), strict=True))
    names = dict(record.manifest.data.class_names or {"0": "0", "1": "1"})
    predictions = record.predictions()
    own = {place: positive_probabilities(predictions, model) for place, model in pair.items()}
    tables = {place: (confusion(rows), reliability(rows)) for place, rows in own.items()}
    errors = {place: calibration_error(bins) for place, (_, bins) in tables.items()}
    sentences = [_how(errors), captions.groups_sentence(record, drawn=False)]
    notes = [_notes(names.get("1", "1")), chosen_sentence(record, models)]
    numbers = [
        table.assign(model=pair[place].label, place=place, table=what)
        for place, both in tables.items()
        for what, table in zip(("confusion", "calibration"), both, strict=True)
    ]
    labels = {place: model.label for place, model in pair.items()}
    return drawn_of(
        spec,
        sentences,
        pd.concat(numbers, ignore_index=True),
        figure=_figure(tables, labels, names),
        alt=f": confusion matrix and reliability of {labels['best']} and of {labels['worst']}; "
        "the CSV beside it has the numbers.",
        notes=notes,
    )


def _how(errors: Mapping[str, float]) -> str:
    said = ", ".join(f"{place} {number(error, 2)}" for place, error in errors.items())
    return (
        "Best and worst model by validation, the first seed of each; expected calibration "
        f"error: {said}."
    )


def _notes(one: str) -> str:
    return (
        "Left: test rows by their class and the predicted one, and the share of the class. "
        f"Right: how many of the rows with a predicted probability of “{one}” in a tenth really "
        "are. Bars are 95 % Wilson intervals, grey columns and their numbers rows in each tenth; "
        "the dashed line is perfect calibration."
    )


def _figure(
    tables: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]],
    labels: Mapping[str, str],
    names: Mapping[str, str],
) -> Figure:
    """tables: confusion and reliability of each place."""
    from matplotlib.figure import Figure

    with style.look():
        figure = Figure(figsize=(style.WIDTH, _HEIGHT), layout="constrained")
        axes = figure.subplots(len(tables), 2, gridspec_kw={"width_ratios": (1, 1.5)})
        for (place, (counts, bins)), (left, right) in zip(tables.items(), axes, strict=True):
            draw_confusion(left, counts, names)
            left.set_title(f"{place}: {labels[place]}", fontsize=9)
            draw_reliability(right, bins, names)
    return figure


def draw_confusion(ax: Axes, counts: pd.DataFrame, names: Mapping[str, str]) -> Axes:
    """A square of four cells: rows the class, columns the prediction."""
    shares = counts.pivot(index="label", columns="predicted", values="share").to_numpy()
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in counts.to_dict("records"):
        colour = "white" if row["share"] > 0.6 else "black"
        text = f"{row['n']}\n{100 * row['share']:.0f} %"
        ax.text(row["predicted"], row["label"], text, ha="center", va="center", color=colour)
    words = [names.get(str(i), str(i)) for i in (0, 1)]
    ax.set_xticks((0, 1), [f"“{word}”" for word in words])
    ax.set_yticks((0, 1), words)
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return ax


def draw_reliability(ax: Axes, bins: pd.DataFrame, names: Mapping[str, str]) -> Axes:
    """Observed share against predicted probability; below, the bins' counts as grey columns."""
    middle = (bins["bin_low"] + bins["bin_high"]) / 2
    top = _COUNTS_FROM + 0.12 * bins["n"] / bins["n"].max()
    ax.bar(middle, top - _COUNTS_FROM, bottom=_COUNTS_FROM, width=0.09, color="#d5d5d5", zorder=1)
    for x, y, n in zip(middle, top, bins["n"], strict=True):
        ax.text(x, y + 0.01, str(n), ha="center", va="bottom", fontsize=7, color="#444444")
    ax.plot([0, 1], [0, 1], color="#777777", linewidth=0.9, linestyle=(0, (4, 3)), zorder=1.5)
    ax.vlines(bins["p_mean"], bins["low"], bins["high"], color=style.PALETTE[0], linewidth=1.4)
    ax.plot(bins["p_mean"], bins["observed"], "o-", color=style.PALETTE[0], markersize=5,
            linewidth=1, gid="mean")  # fmt: skip
    ax.set_xlim(-0.01, 1.01)
    ax.set_ylim(_COUNTS_FROM, 1.02)
    ax.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])
    one = names.get("1", "1")
    ax.set_xlabel(f"predicted probability of “{one}”")
    ax.set_ylabel(f"share that is {one}")
    return ax
