"""Kind order: winners, trained anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sweepbook.aggregates.labels import listing, metric_name, quantity_name
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.published import label as published_label
from sweepbook.figures import captions, style
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import Keys
from sweepbook.figures.layout import one_panel
from sweepbook.findings.confirm.judge import Judge, judge_of
from sweepbook.findings.confirm.tables import order_table
from sweepbook.findings.confirmed import is_confirmation
from sweepbook.record.load import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_ROW = 0.38  # inches of one winner

ORDER = Keys(
    shows="The winners of a search or a grid, retrained: a row for each, the best on top.",
    of="confirmation",
)


def draw_order(spec: Spec, record: Record) -> Drawn:
    """A row per winner, the best on top: mean with interval, replicates, what chose, published."""
    judge, table = confirmed(record)
    head = f"{judge.value} of each winner, over"
    notes = [
        f"Dot: mean; bar: {interval_name(judge)}; faint: each replicate.",
        judge.rows_sentence,
        beside_sentence(table, table[table["step"] == table["last"]], record),
    ]
    alt = f": {listing(list(table['label']), most=8)}, the best first."
    numbers = table.drop(columns="problem")
    figure = _figure(table, judge)
    said = [captions.sentence(sizes_sentence(table, head).removesuffix("."))]
    return drawn_of(spec, said, numbers, figure=figure, alt=alt, notes=notes)


def confirmed(record: Record) -> tuple[Judge, pd.DataFrame]:
    """What judges a record's winners, and their `order_table`.

    Raises:
        NothingToDraw: it confirms no winners, or none has a value yet.
    """
    if not is_confirmation(record):
        raise NothingToDraw("the record confirms no winners, or nothing was reported yet")
    judge = judge_of(record)
    table = order_table(record, judge)
    if not table["mean"].notna().any():
        raise NothingToDraw("no winner has a value for every replicate")
    return judge, table


def interval_name(judge: Judge) -> str:
    """What an interval of a winner's mean is over."""
    if judge.over == "rows":
        return "its 95 % interval over test rows and seeds"
    return "its 95 % t interval over seeds"


def _figure(table: pd.DataFrame, judge: Judge) -> Figure:
    with style.look():
        figure, ax = one_panel(1.3 + _ROW * len(table))
        _draw_rows(ax, table, judge)
        ax.set_xlabel(quantity_name([judge.metric]))
        handles, names = ax.get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=2)
    return figure


def _draw_rows(ax: Axes, table: pd.DataFrame, judge: Judge) -> Axes:
    from matplotlib.ticker import NullLocator

    chosen = f"{metric_name(judge.record.metric)} that chose it"
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
                markeredgewidth=1.8, linestyle="none", label=chosen, gid="search")  # fmt: skip
    if table["published"].notna().any():
        ax.plot(table["published"], places, color="#333333", **style.PUBLISHED, zorder=3,
                label=published_label(judge.record), gid="published")  # fmt: skip
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
    """What stands beside the winners: the values of `shown` that chose, and what is published."""
    steps = listing([str(step) for step in sorted(set(shown["step"]))])
    name = metric_name(record.metric)
    said = f"The {name} that chose a config is that at {record.unit} {steps}."
    parts = [said] if len(shown) else []
    if table["published"].notna().any():
        parts.append(
            "Published: one training with the published settings, for its own number of "
            f"{record.unit}s."
        )
    return " ".join(parts)
