"""Kind per_batch: the training loss of single batches."""

from __future__ import annotations

from matplotlib.figure import Figure

from sweepbook.aggregates.batches import batch_table
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import captions, style
from sweepbook.figures import lines as curves
from sweepbook.figures.arms import Arms, choose_arms, with_arms
from sweepbook.figures.axes import scale_fidelity, scale_y
from sweepbook.figures.cost.steps import _drawn
from sweepbook.figures.drawn import Drawn, csv_numbers
from sweepbook.record.load import Record

MOST_BATCH_PANELS = 8


def draw_per_batch(spec: Spec, record: Record) -> Drawn:
    """Training loss along the optimizer steps, one panel per trial, on one y axis."""
    arms = choose_arms(record, spec)
    kept = Arms(arms.trials.head(MOST_BATCH_PANELS), arms.columns, arms.labels)
    table = batch_table(record, kept.trials)
    if table.empty:
        raise NothingToDraw("its trials recorded no per-batch losses")
    joined = with_arms(table, kept, record.unit)
    shown = [t for t in kept.trials["trial_id"] if t in set(table["trial_id"])]
    with style.look():
        n_columns = 1 if len(shown) == 1 else 2
        n_rows = -(-len(shown) // n_columns)
        figure = Figure(figsize=(style.WIDTH, 2.6 * n_rows), layout="constrained")
        axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
        for place, (ax, trial_id) in enumerate(zip(axes, shown, strict=False)):
            rows = joined[joined["trial_id"] == trial_id]
            curves.draw_stretches(ax, rows, style.PALETTE[0])
            scale_fidelity(ax, float(rows["step_last"].max()), "optimizer step")
            ax.set_title(str(kept.labels[trial_id]))
            ax.set_ylabel("training loss of a batch" if place % n_columns == 0 else "")
        values = joined[["mean", "low", "high"]].to_numpy(dtype="float64")
        scale_y(list(axes[: len(shown)]), values, log=bool(spec.get("log_y")))
        for ax in axes[len(shown) :]:
            ax.set_axis_off()
    pooled = "Every step is drawn" if (table["step_first"] == table["step_last"]).all() else (
        "Neighbouring steps are pooled, up to 250 stretches per panel"
    )  # fmt: skip
    bad = int(table["n_not_finite"].sum())
    text = captions.caption(
        f"Line: mean; band: 5 % to 95 % quantile of the batch losses of all replicates. {pooled}.",
        f"Stretches with one of the {bad} losses that are not finite are left out." if bad else "",
        captions.data_sentence(record, intervals=False),
        name=spec["name"],
    )
    numbers = csv_numbers(joined.drop(columns="status"), kept, record.unit)
    return _drawn(spec, text, numbers, kept, figure)
