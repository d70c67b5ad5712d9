"""Kind pictures: test images that the best model gets right and the worst one wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.picture_data import pictures_of
from analysis.figures.picture_rows import FEW, chosen_rows
from sweepbook.aggregates.labels import count
from sweepbook.aggregates.models import chosen_sentence
from sweepbook.aggregates.nothing import Spec
from sweepbook.figures import style
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.layout import grid
from sweepbook.record.load import Record

_MANY = 8  # columns, beyond FEW pictures
_TEXT = 0.26  # inches below each picture


def draw_pictures(spec: Spec, record: Record) -> Drawn:
    """The `spec["count"]` images that the best model gets right and the worst wrong."""
    chosen = chosen_rows(record, spec)
    best, worst, shown = chosen.best, chosen.worst, chosen.shown
    pixels, files = pictures_of(record, best, shown["row_id"].tolist())
    names = record.manifest.data.class_names
    numbers = shown.assign(file=files, best=best.label, worst=worst.label)
    said = (
        f"{len(shown)} of the {count(chosen.n, 'test image')} that the best model gets right and "
        "the worst wrong, with the probability of each for the true class."
    )
    notes = [
        f"Best by validation: {best.label}; worst: {worst.label}; the first seed of each. "
        f"In the order of how far apart they are on the true class{_turns(record)}; below each "
        "picture what it is, and the probability that the best / the worst gives to that.",
        chosen_sentence(record, chosen.models, whole=True),
    ]
    figure = _figure(pixels, shown.to_dict("records"), names)
    alt = f": {len(shown)} pictures; the CSV names them with their probabilities."
    return drawn_of(spec, [said], numbers, figure=figure, alt=alt, photographs=True, notes=notes)


def _figure(
    pixels: Sequence[Any], rows: Sequence[dict[Any, Any]], names: Mapping[str, str]
) -> Figure:
    n_columns, size = (FEW, 8.0) if len(rows) <= FEW else (_MANY, 7.0)
    with style.look():
        figure, axes = grid(len(rows), n_columns, style.WIDTH / n_columns + _TEXT)
        for ax, image, row in zip(axes, pixels, rows, strict=True):
            _draw_one(ax, image, row, names, size)
    return figure


def _turns(record: Record) -> str:
    groups = record.test_groups
    return f", one of each {groups['name']} in turn" if groups else ""


def _draw_one(
    ax: Axes, image: Any, row: dict[Any, Any], names: Mapping[str, str], size: float
) -> Axes:
    ax.imshow(image, interpolation="nearest")
    ax.set_xticks(())
    ax.set_yticks(())
    ax.spines[:].set_visible(False)
    true = names.get(str(int(row["label"])), str(row["label"]))
    shares = f"{100 * row['best_true']:.0f} / {100 * row['worst_true']:.0f} %"
    ax.set_xlabel(f"{true}: {shares}", fontsize=size, labelpad=2)
    return ax
