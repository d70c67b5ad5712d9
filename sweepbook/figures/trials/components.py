"""Kind components: how much each of several crossed sources of chance moves the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sweepbook.aggregates.components import TWO_RESULTS, component_table, source_values
from sweepbook.aggregates.curves import end_steps
from sweepbook.aggregates.labels import is_share, metric_name, number, setting_name
from sweepbook.aggregates.nothing import Spec
from sweepbook.figures import style
from sweepbook.figures.arms import choose_arms
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import METRICS, WHERE, Key, Keys
from sweepbook.figures.layout import grid
from sweepbook.record.load import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_ROW = 0.3  # inches of one effect

COMPONENTS = Keys(
    shows="How much each of several sources of chance, such as seeds, moves the results, as a "
    "standard deviation with its interval. Every combination of their values is needed once.",
    required={
        "metrics": METRICS,
        "sources": Key("The settings that are sources of chance: a list.", "settings"),
    },
    optional={
        "where": WHERE,
        "given": Key(
            "The one of the sources that all seeds share in other studies, such as the split of "
            "the data. The caption says which differences that hides.",
            "setting",
        ),
    },
)


def draw_components(spec: Spec, record: Record) -> Drawn:
    """The spread that each effect adds to the values at the end; a panel per metric."""
    sources, trials = list(spec["sources"]), choose_arms(record, spec).trials
    values = source_values(record, sources, list(spec["metrics"]), trials)
    table = component_table(values, sources)
    said = [
        "Standard deviation (sd) that each source of chance adds to a result, with its 95 % "
        "interval.",
        _hidden(table, str(spec.get("given") or "")),
    ]
    steps = end_steps(record)
    when = f"the mean of its last {steps} {record.unit}s" if steps > 1 else "its last value"
    notes = [
        f"A trial's result is {when}. A pair of sources is what both add beyond each alone, and "
        "the rest is what nothing else here explains."
    ]
    shows = list(dict.fromkeys(table["effect"]))
    return drawn_of(spec, said, table, figure=_figure(table), shows=shows, notes=notes)


def _hidden(table: pd.DataFrame, given: str) -> str:
    """What no number of seeds can decide, since they all share one value of a source."""
    own = table[table["sources"] == given]
    if own.empty:
        return ""
    first = own.iloc[0]
    most, low, high = (number(TWO_RESULTS * first[name], 2) for name in ("sd", "low", "high"))
    unit = " points" if is_share(first["metric"]) else ""
    return (
        f"Seeds alone cannot tell apart two results with a different {setting_name(given)} whose "
        f"{metric_name(first['metric'])} differs by less than {most}{unit} ({low} to {high})."
    )


def _figure(table: pd.DataFrame) -> Figure:
    """A panel per metric, its effects from the top."""
    metrics = list(dict.fromkeys(table["metric"]))
    n_effects = int(table["metric"].value_counts().max())
    with style.look():
        figure, axes = grid(len(metrics), 1, 0.9 + _ROW * n_effects)
        for ax, metric in zip(axes, metrics, strict=True):
            draw_effects(ax, table[table["metric"] == metric])
    return figure


def draw_effects(ax: Axes, table: pd.DataFrame) -> Axes:
    """Standard deviation of each effect, dot and interval, the first at the top.

    table: rows of `component_table` of one metric.
    """
    y = np.arange(len(table))
    metric = str(table["metric"].iloc[0])
    ax.hlines(y, table["low"], table["high"], colors=style.PALETTE[0], linewidth=1.6)
    ax.plot(table["sd"], y, "o", color=style.PALETTE[0], markersize=5, gid="sd")
    ax.set_yticks(y, list(table["effect"]))
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.set_xlim(left=0.0)
    unit = " in points" if is_share(metric) else ""
    ax.set_xlabel(f"standard deviation of {metric_name(metric)}{unit}")
    return ax
