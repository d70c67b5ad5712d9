"""Kind curves: metrics against fidelity, one line per trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from sweepbook.aggregates.curves import end_table
from sweepbook.aggregates.labels import count, is_share, metric_name, quantity_name
from sweepbook.aggregates.nothing import Spec
from sweepbook.figures import captions, style
from sweepbook.figures import lines as curves
from sweepbook.figures.arms import Arms, arm_looks, choose_arms
from sweepbook.figures.axes import scale_fidelity, scale_y
from sweepbook.figures.drawn import Drawn, published_rows, without_replicates
from sweepbook.figures.keys import AXES, METRICS, OF_TRIALS, Key, Keys
from sweepbook.figures.layout import grid, name_lines
from sweepbook.figures.trials.panels import draw_panels_of
from sweepbook.figures.trials.parts import (
    curve_frame,
    drawn_curves,
    drawn_values,
    metrics_in,
)
from sweepbook.record.load import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


NAMED = 3  # of many lines, so many best ones get a colour and a name
Looks = Mapping[str, curves.Look]
DrawLines = Callable[["Axes", pd.DataFrame, Looks], "Axes"]

CURVES = Keys(
    shows="Metrics against the fidelity: a panel for each metric, a line for each trial.",
    required={"metrics": METRICS},
    optional={
        **OF_TRIALS,
        "overlay": Key(
            "True draws all metrics of a trial in one panel: a panel for each trial, a line for "
            "each metric. Default: False.",
            "flag",
        ),
        **AXES,
    },
)


def draw_curves(spec: Spec, record: Record) -> Drawn:
    """One panel per metric and one line per trial; or, with `overlay`, one line per metric.

    `overlay` holds for one trial; several become panels, as `panels` draws them. Of many trials
    the best are named, and all others are grey.
    """
    arms = choose_arms(record, spec)
    if spec.get("overlay"):
        return draw_panels_of(spec, record, arms)
    table = curve_frame(record, spec, arms)
    looks = arm_looks(record, arms)
    if len(looks) > style.MOST_LINES:
        return _draw_many(spec, record, arms, without_replicates(table))
    figure = _figure(spec, record, table, looks, _draw_all)
    metrics = captions.metric_words(metrics_in(table, spec["metrics"]), record)
    how = captions.sentence(
        f"{metrics} of {count(len(arms.trials), 'trial')} {captions.over_words(record, table)}"
    )
    return drawn_curves(spec, record, arms, table, figure, how)


def _draw_many(spec: Spec, record: Record, arms: Arms, table: pd.DataFrame) -> Drawn:
    named = _best_labels(record, arms)
    looks = dict(zip(named, [(colour, "-") for colour in style.PALETTE], strict=False))
    figure = _figure(spec, record, table, looks, _draw_best)
    how = (
        f"Each line is the mean of one of {len(arms.trials)} trials; the {len(named)} with the "
        f"best {metric_name(record.metric)} at their end have names."
    )
    table = table.drop(columns=["low", "high", "published"], errors="ignore")
    return drawn_curves(spec, record, arms, table, figure, how)


def _best_labels(record: Record, arms: Arms) -> list[str]:
    ends = end_table(record, [record.metric], arms.trials).dropna(subset=["mean"])
    ends = ends.sort_values(["mean", "trial_id"], ascending=record.mode == "min")
    return [str(arms.labels[trial_id]) for trial_id in ends["trial_id"].head(NAMED)]


def _figure(
    spec: Spec, record: Record, table: pd.DataFrame, looks: Looks, draw_lines: DrawLines
) -> Figure:
    """A panel per metric."""
    metrics = metrics_in(table, spec["metrics"])
    with style.look():
        figure, axes = grid(len(metrics), min(len(metrics), 2), style.PANEL_HEIGHT)
        for ax, metric in zip(axes, metrics, strict=True):
            rows = table[table["metric"] == metric]
            draw_lines(ax, rows, looks)
            ax.set_ylabel(quantity_name([metric], spec.get("units")))
            scale_y([ax], drawn_values(rows), log=spec.get("log_y"), share=is_share(metric))
            scale_fidelity(ax, table["x"].max(), record.unit, log=bool(spec.get("log_x")))
        name_lines(figure, axes, table[table["line"].isin(looks)], looks)
    return figure


def _draw_all(ax: Axes, rows: pd.DataFrame, looks: Looks) -> Axes:
    curves.draw_lines(ax, rows, looks)
    return curves.draw_published(ax, published_rows(rows), looks)


def _draw_best(ax: Axes, rows: pd.DataFrame, looks: Looks) -> Axes:
    """The lines of `looks` by name, all others in grey."""
    curves.draw_background(ax, rows[~rows["line"].isin(looks)])
    return curves.draw_lines(ax, rows, looks, replicates=False)
