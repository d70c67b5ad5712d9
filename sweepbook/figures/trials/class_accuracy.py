"""Kind class_accuracy: test accuracy of every class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import style
from sweepbook.figures.arms import Arms
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.keys import MODE, OF_TRIALS, SELECT, Key, Keys
from sweepbook.figures.layout import grid
from sweepbook.figures.trials.few import drawn_of_few, few_arms
from sweepbook.record.load import Record
from sweepbook.record.manifest import Data
from sweepbook.stats.intervals import FloatArray, t_interval
from sweepbook.stats.shares import wilson_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_ROW = 0.21  # inches of one class in class_accuracy

CLASS_ACCURACY = Keys(
    shows="The test accuracy of every class, from the predictions: a panel for each trial.",
    optional={
        **OF_TRIALS,
        "select": Key(f"{SELECT.says} Default: the first four trials are shown.", "metric"),
        "mode": MODE,
    },
    yields=("predictions",),
)


def draw_class_accuracy(spec: Spec, record: Record) -> Drawn:
    """Test accuracy of every class, one panel per trial."""
    arms, chosen = few_arms(spec, record)
    names = describe_classes(record.manifest.data)
    parts = []
    for trial_id in arms.trials["trial_id"]:
        try:
            parts.append(class_accuracy_table(record, trial_id, names).assign(trial_id=trial_id))
        except IndexError as error:
            raise NothingToDraw("the manifest does not name all classes") from error
    if not any(len(part) for part in parts):
        raise NothingToDraw("the record has no predictions of its trials")
    n = sorted({int(v) for part in parts for v in part["n"]})
    how = "Classes are in order, the lowest first, each with the test points of one replicate."
    notes = [chosen, f"Dots are means of n = {n[-1]} replicates."]
    return drawn_of_few(spec, arms, parts, how, _figure(arms, parts), notes)


def _figure(arms: Arms, parts: Sequence[pd.DataFrame]) -> Figure:
    """A panel per trial, all on one x axis, with one legend."""
    lowest = min(float(part[["low", "wilson_low"]].min().min()) for part in parts)
    with style.look():
        figure, axes = grid(len(parts), len(parts), 1.0 + _ROW * max(map(len, parts)))
        for ax, part, label in zip(axes, parts, arms.names, strict=True):
            draw_classes(ax, part)
            ax.tick_params(axis="y", labelsize=7.5)
            ax.set_xlim(max(lowest - 0.02, 0.0), 1.005)
            ax.set_title(label)
            handles, labels = ax.get_legend_handles_labels()
            if ax is not axes[0]:
                ax.set_ylabel("")
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


_COLUMNS = [
    *("label", "name", "n_points", "accuracy", "low", "high", "n", "pooled", "wilson_low"),
    *("wilson_high", "smallest", "largest"),
]


def class_accuracy_table(record: Record, trial_id: str, names: Sequence[str]) -> pd.DataFrame:
    """Test accuracy per class of one trial, lowest first.

    Columns: label, name; n_points: test points of one replicate (mean); accuracy with the 95 %
    t interval low, high over the n replicates; pooled: right of all points of all replicates
    with Wilson's interval wilson_low, wilson_high of one replicate's number of points; smallest,
    largest: of the replicates. A class without test points is left out.
    """
    rows = record.predictions()
    rows = rows[(rows["trial_id"] == trial_id) & (rows["split"] == "test")]
    right = rows["label"] == rows["predicted"]
    groups = right.groupby([rows["label"], rows["replicate"]])
    share = groups.mean().unstack("replicate")
    points = groups.size().unstack("replicate").fillna(0)
    found = []
    for label in share.index:
        shares = share.loc[label].dropna().to_numpy(np.float64)
        n_points = round(float(points.loc[label].mean()))
        pooled = float(right[rows["label"] == label].mean())
        own = {"label": int(label), "name": names[int(label)], "n_points": n_points}
        found.append({**own, **_bounds(shares, pooled, n_points, record.manifest.data.overlap)})
    table = pd.DataFrame(found, columns=_COLUMNS)
    return table.sort_values(["accuracy", "label"], ignore_index=True)


def _bounds(shares: FloatArray, pooled: float, n_points: int, overlap: float) -> dict[str, float]:
    """The intervals of one class: shares are those right of each replicate."""
    interval = t_interval(shares, overlap=overlap)
    wilson = wilson_interval(round(pooled * n_points), n_points)
    return {
        "accuracy": float(interval.mean),
        "low": max(float(interval.low), 0.0),
        "high": min(float(interval.high), 1.0),
        "n": interval.n,
        "pooled": pooled,
        "wilson_low": float(wilson.low),
        "wilson_high": float(wilson.high),
        "smallest": shares.min(),
        "largest": shares.max(),
    }


def draw_classes(ax: Axes, table: pd.DataFrame) -> Axes:
    """Accuracy per class, lowest at the top: dot and t interval over replicates; Wilson's behind.

    table: rows of `class_accuracy_table`. The number of test points stands beside each name.
    """
    y = np.arange(len(table))
    accuracy = table["accuracy"].to_numpy(np.float64)
    for low, high, colour, width, label in (
        ("wilson_low", "wilson_high", "#c9d9e8", 6.0, "95 % Wilson interval of the points"),
        ("low", "high", "#0072B2", 1.6, "95 % t interval over replicates"),
    ):
        ax.hlines(y, table[low], table[high], colors=colour, linewidth=width, label=label)
    ax.plot(accuracy, y, "o", color="#0072B2", ms=4)
    names = [f"{row.name_} ({row.n_points})" for row in _named(table)]
    ax.set_yticks(y, names)
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.set_xlabel("test accuracy (share correct)")
    ax.set_ylabel("class (test points)")
    return ax


def _named(table: pd.DataFrame) -> list[Any]:
    return list(table.rename(columns={"name": "name_"}).itertuples(index=False))


def describe_classes(data: Data) -> list[str]:
    """Full names by label, as the manifest's data part has them; [] where it has none."""
    names = data.class_names
    return [str(names[key]) for key in sorted(names, key=int)]
