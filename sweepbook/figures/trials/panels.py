"""Kind panels: one panel per trial, one line per metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sweepbook.aggregates.labels import count, is_share, metric_name, quantity_name
from sweepbook.aggregates.nothing import Spec
from sweepbook.figures import captions, style
from sweepbook.figures import lines as curves
from sweepbook.figures.arms import Arms, choose_arms
from sweepbook.figures.axes import scale_fidelity, scale_y
from sweepbook.figures.drawn import Drawn, published_rows
from sweepbook.figures.keys import AXES, METRICS, OF_TRIALS, Keys
from sweepbook.figures.layout import grid, name_lines
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


MOST_PANELS = 12
_LOW = 2.5  # inches of a panel where three stand side by side

PANELS = Keys(
    shows="Metrics against the fidelity: a panel for each trial, a line for each metric.",
    required={"metrics": METRICS},
    optional={**OF_TRIALS, **AXES},
)


def draw_panels(spec: Spec, record: Record) -> Drawn:
    """One panel per trial, one line per metric, all panels on one y axis."""
    return draw_panels_of(spec, record, choose_arms(record, spec))


def draw_panels_of(spec: Spec, record: Record, arms: Arms, how: str = "") -> Drawn:
    """Panels of trials that are chosen already; `how` they were begins the caption."""
    kept = arms.first(MOST_PANELS)
    table = curve_frame(record, spec, kept)
    figure, axes = _figure(spec, record.unit, kept, table)
    if not how:
        metrics = captions.metric_words(metrics_in(table, spec["metrics"]), record)
        over = captions.over_words(record, table)
        how = captions.sentence(f"{metrics} of {count(len(kept.trials), 'trial')} {over}")
    if len(arms.trials) > MOST_PANELS:
        how += f" The first {MOST_PANELS} of {len(arms.trials)} trials in the order of settings."
    return drawn_curves(spec, record, kept, table, figure, how)


def _figure(spec: Spec, unit: str, arms: Arms, table: pd.DataFrame) -> tuple[Figure, list[Axes]]:
    metrics = metrics_in(table, spec["metrics"])
    looks = {metric_name(m): look for m, look in style.metric_looks(metrics).items()}
    table = table.assign(line=table["metric"].map(metric_name))
    n = len(arms.trials)
    n_columns = 1 if n == 1 else 2 if n in (2, 4) else 3
    with style.look():
        figure, axes = grid(n, n_columns, style.PANEL_HEIGHT if n_columns < 3 else _LOW)
        for ax, trial_id in zip(axes, arms.trials["trial_id"], strict=True):
            rows = table[table["trial_id"] == trial_id]
            curves.draw_lines(ax, rows, looks)
            curves.draw_published(ax, published_rows(rows), looks)
            scale_fidelity(ax, rows["x"].max(), unit, log=bool(spec.get("log_x")))
            ax.set_title(str(arms.labels[trial_id]) if n > 1 else "")
        shares = all(is_share(metric) for metric in metrics)
        scale_y(axes, drawn_values(table), log=spec.get("log_y"), share=shares)
        label = quantity_name(metrics, spec.get("units"))
        for place, ax in enumerate(axes):
            ax.set_ylabel(label if place % n_columns == 0 else "")
            ax.tick_params(labelleft=place % n_columns == 0)
        name_lines(figure, axes, table, looks)
    return figure, axes
