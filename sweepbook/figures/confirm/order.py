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
from sweepbook.figures.drawn import Drawn
from sweepbook.findings.confirmed import is_confirmation, order_table
from sweepbook.record.load import Record

_ROW = 0.38  # inches of one winner
_SEARCH = "in the search, where it was chosen"


def _known(record: Record) -> pd.DataFrame:
    if not is_confirmation(record):
        raise NothingToDraw("the record confirms no search, or nothing was reported yet")
    table = order_table(record)
    if not table["mean"].notna().any():
        raise NothingToDraw("no winner has a value for every replicate")
    return table


def draw_order(spec: Spec, record: Record) -> Drawn:
    """A row per winner, the best on top: mean with interval, replicates, search, published."""
    table = _known(record)
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 1.3 + _ROW * len(table)), layout="constrained")
        ax = figure.subplots()
        _draw_rows(ax, table, record)
        ax.set_xlabel(quantity_name([record.metric]))
        handles, names = ax.get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=2)
    text = captions.caption(
        _sizes(table, "Dot: mean of the last 5 steps; bar: its 95 % t interval; faint: each of"),
        _beside(table, table[table["step"] == table["last"]], record),
        captions.data_sentence(record),
        name=spec["name"],
    )
    title = str(spec.get("title", spec["name"]))
    alt = f"{title}: {listing(list(table['label']), most=8)}, the best first."
    return Drawn(spec["name"], title, text, table.drop(columns="problem"), figure, alt=alt)


def _draw_rows(ax: Axes, table: pd.DataFrame, record: Record) -> None:
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
                label=published_label(record.data_name), gid="published")  # fmt: skip
    ax.set_yticks(places, list(table["label"]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.grid(False, axis="y")


def _sizes(table: pd.DataFrame, head: str) -> str:
    sizes = sorted({int(n) for n in table["n"] if n})
    n = str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    return f"{head} n = {n} replicates with seeds that chose nothing."


def _beside(table: pd.DataFrame, shown: pd.DataFrame, record: Record) -> str:
    steps = listing([str(step) for step in sorted(set(shown["step"]))])
    said = f"In the search: the value at {record.unit} {steps} that chose the config."
    parts = [said] if len(shown) else []
    if table["published"].notna().any():
        parts.append(
            "Published: one training of the same net with the published settings, for its own "
            "number of epochs."
        )
    return " ".join(parts)
