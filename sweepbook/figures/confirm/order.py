"""Kind order: a search's winners, trained anew."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from sweepbook.aggregates.labels import listing, quantity_name
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.published import label as published_label
from sweepbook.figures import captions, style
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import Keys
from sweepbook.figures.layout import one_panel
from sweepbook.findings.confirmed import is_confirmation, order_table
from sweepbook.record.load import Record

_ROW = 0.38  # inches of one winner
_SEARCH = "in the search, where it was chosen"

ORDER = Keys(
    shows="The winners of a search, retrained: a row for each, the best on top.",
    of="confirmation",
)


def draw_order(spec: Spec, record: Record) -> Drawn:
    """A row per winner, the best on top: mean with interval, replicates, search, published."""
    table = confirmed(record)
    head = "Dot: mean of the last 5 steps; bar: its 95 % t interval; faint: each of"
    sentences = [
        sizes_sentence(table, head),
        beside_sentence(table, table[table["step"] == table["last"]], record),
        captions.data_sentence(record),
    ]
    alt = f": {listing(list(table['label']), most=8)}, the best first."
    numbers = table.drop(columns="problem")
    return drawn_of(spec, sentences, numbers, figure=_figure(table, record), alt=alt)


def confirmed(record: Record) -> pd.DataFrame:
    """`order_table` of a record.

    Raises:
        NothingToDraw: it confirms no search, or no winner has a value yet.
    """
    if not is_confirmation(record):
        raise NothingToDraw("the record confirms no search, or nothing was reported yet")
    table = order_table(record)
    if not table["mean"].notna().any():
        raise NothingToDraw("no winner has a value for every replicate")
    return table


def _figure(table: pd.DataFrame, record: Record) -> Figure:
    with style.look():
        figure, ax = one_panel(1.3 + _ROW * len(table))
        _draw_rows(ax, table, record)
        ax.set_xlabel(quantity_name([record.metric]))
        handles, names = ax.get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=2)
    return figure


def _draw_rows(ax: Axes, table: pd.DataFrame, record: Record) -> Axes:
    places = np.arange(len(table))[::-1].astype("float64")
    blue, orange = style.PALETTE[0], style.PALETTE[1]
    for place, row in zip(places, table.to_dict("records"), strict=True):
        own = [v for k, v in row.items() if str(k).startswith("replicate_") and v == v]
        ax.plot(own, np.full(len(own), place), color=blue, marker="o", markersize=4, zorder=2,
                alpha=0.3, markeredgewidth=0, linestyle="none", gid="replicates")  # fmt: skip
    ax.hlines(places, table["low"], table["high"], color=blue, linewidth=1.6, zorder=3)
    ax.plot(table["mean"], places, color=blue, marker="o", markersize=6.5, linestyle="none",
            zorder=4, label="trained anew", gid="mean")  # fmt: skip
    as_long = table["step"] == table["last"]  # a value of less training has no place here
    if as_long.any():
        said = table["search"].where(as_long)
        ax.plot(said, places, color=orange, marker="|", markersize=13, zorder=3,
                markeredgewidth=1.8, linestyle="none", label=_SEARCH, gid="search")  # fmt: skip
    if table["published"].notna().any():
        ax.plot(table["published"], places, color="#333333", **style.PUBLISHED, zorder=3,
                label=published_label(record), gid="published")  # fmt: skip
    ax.set_yticks(places, list(table["label"]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.grid(False, axis="y")
    return ax


def sizes_sentence(table: pd.DataFrame, head: str) -> str:
    """Of how many replicates the values are that `head` names."""
    sizes = sorted({int(n) for n in table["n"] if n})
    n = str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    return f"{head} n = {n} replicates with seeds that chose nothing."


def beside_sentence(table: pd.DataFrame, shown: pd.DataFrame, record: Record) -> str:
    """What stands beside the winners: the search's values of `shown`, and what is published."""
    steps = listing([str(step) for step in sorted(set(shown["step"]))])
    said = f"In the search: the value at {record.unit} {steps} that chose the config."
    parts = [said] if len(shown) else []
    if table["published"].notna().any():
        parts.append(
            "Published: one training with the published settings, for its own number of "
            f"{record.unit}s."
        )
    return " ".join(parts)
