"""Kind isolation: the best value for each value in question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sweepbook.aggregates.labels import is_share, quantity_name, setting_name
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.search import Search
from sweepbook.aggregates.search_tables import isolation_table
from sweepbook.figures import style
from sweepbook.figures.axes import scale_categories, scale_y
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import Keys
from sweepbook.figures.layout import grid
from sweepbook.figures.search.common import EDGE, SELECTED, endings_of, searched
from sweepbook.figures.search.marks import draw_trials, leave_room, scale_domain, spread
from sweepbook.record.load import CONFIG, Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_HEIGHT = 3.5  # inches of one panel

ISOLATION = Keys(
    shows="The best value for each value of a setting that the search compares: one of `grid`, "
    "`points` or `scientific`. The other searched settings are tuned.",
    of="search",
)


def draw_isolation(spec: Spec, record: Record) -> Drawn:
    """Best value for each value of a scientific setting, all else optimised away."""
    search = searched(record)
    table = isolation_table(search)
    if table.empty:
        raise NothingToDraw("the search names no scientific setting and has one cell")
    if search.full.empty:
        raise NothingToDraw("no trial has reached full length with finite values yet")
    said = (
        "The best trial at full length for each value, all other settings free; small points "
        "are the others."
    )
    notes = [endings_of(search), EDGE, SELECTED]
    return drawn_of(spec, [said], table, figure=_figure(search, table), notes=notes)


def _figure(search: Search, table: pd.DataFrame) -> Figure:
    """A panel per setting in question, all on one y axis."""
    record, names = search.record, list(dict.fromkeys(table["setting"]))
    with style.look():
        figure, axes = grid(len(names), 1, _HEIGHT)
        for ax, name in zip(axes, names, strict=True):
            _isolate(ax, search, name, table[table["setting"] == name])
        values = np.concatenate([search.full["value"], table["low"], table["high"]])
        scale_y(axes, values, log=None, share=is_share(record.metric))
        for ax in axes:
            leave_room(ax, record.mode)
        handles, labels = axes[0].get_legend_handles_labels()
        unique = dict(zip(labels, handles, strict=True))
        figure.legend(unique.values(), unique.keys(), loc="outside lower center", ncols=4)
    return figure


def _isolate(ax: Axes, search: Search, name: str, table: pd.DataFrame) -> None:
    record = search.record
    if name == "cell":
        x = spread(search.trials["cell"])
        scale_categories(ax, [label.replace(", ", "\n") for label in table["label"]], "")
    else:
        x = scale_domain(ax, search.space[name], search.trials[CONFIG + name])
        ax.set_xlabel(setting_name(name))
    draw_trials(ax, search, x)
    best = table[table["value"].notna()]
    ax.vlines(
        best["x"], best["low"], best["high"], color=style.PALETTE[1], linewidth=1.5, zorder=4
    )
    ax.plot(best["x"], best["value"], color=style.PALETTE[1], marker="o", markersize=7,
            linestyle="none", zorder=5, label="best", gid="best")  # fmt: skip
    ax.set_ylabel(quantity_name([record.metric]))
