"""Kind per_batch: the training loss of single batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sweepbook.aggregates.batches import batch_table
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import lines as curves
from sweepbook.figures import style
from sweepbook.figures.arms import Arms, choose_arms, with_arms
from sweepbook.figures.axes import scale_fidelity, scale_y
from sweepbook.figures.drawn import Drawn, csv_numbers, drawn_of
from sweepbook.figures.keys import OF_TRIALS, Key, Keys
from sweepbook.figures.layout import grid
from sweepbook.record.load import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


MOST_BATCH_PANELS = 8
_HEIGHT = 2.6  # inches of one panel

PER_BATCH = Keys(
    shows="The training loss of single batches (batch_losses): a panel for each trial.",
    optional={
        **OF_TRIALS,
        "log_y": Key("True draws a logarithmic y axis. Default: False.", "flag"),
    },
    yields=("batch_losses",),
)


def draw_per_batch(spec: Spec, record: Record) -> Drawn:
    """Training loss along the optimizer steps, one panel per trial, on one y axis."""
    arms = choose_arms(record, spec).first(MOST_BATCH_PANELS)
    table = batch_table(record, arms.trials)
    if table.empty:
        raise NothingToDraw("its trials recorded no per-batch losses")
    joined = with_arms(table, arms, record.unit)
    figure = _figure(joined, arms, log_y=bool(spec.get("log_y")))
    pooled = "Neighbouring steps are pooled, up to 250 stretches per panel"
    if (table["step_first"] == table["step_last"]).all():
        pooled = "Every step is drawn"
    bad = int(table["n_not_finite"].sum())
    sentences = [
        "Losses of single batches: their mean, and the band from their 5 % to their 95 % "
        "quantile, of all replicates.",
        f"Stretches with one of the {bad} losses that are not finite are left out." if bad else "",
    ]
    numbers = csv_numbers(joined.drop(columns="status"), arms, record.unit)
    notes = [f"{pooled}."]
    return drawn_of(spec, sentences, numbers, figure=figure, shows=arms.names, notes=notes)


def _figure(table: pd.DataFrame, arms: Arms, *, log_y: bool) -> Figure:
    shown = [t for t in arms.trials["trial_id"] if t in set(table["trial_id"])]
    n_columns = min(len(shown), 2)
    with style.look():
        figure, axes = grid(len(shown), n_columns, _HEIGHT)
        for place, (ax, trial_id) in enumerate(zip(axes, shown, strict=True)):
            rows = table[table["trial_id"] == trial_id]
            curves.draw_stretches(ax, rows, style.PALETTE[0])
            scale_fidelity(ax, float(rows["step_last"].max()), "optimizer step")
            ax.set_title(str(arms.labels[trial_id]))
            ax.set_ylabel("" if place % n_columns else "training loss of a batch")
        scale_y(axes, table[["mean", "low", "high"]].to_numpy(dtype="float64"), log=log_y)
    return figure
