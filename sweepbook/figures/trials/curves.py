"""Kind curves: metrics against fidelity, one line per trial."""

from __future__ import annotations

from sweepbook.aggregates.curves import curve_table, last_rows
from sweepbook.aggregates.labels import is_share, metric_name, quantity_name
from sweepbook.aggregates.nothing import Spec
from sweepbook.figures import captions, style
from sweepbook.figures import lines as curves
from sweepbook.figures.arms import Arms, arm_looks, choose_arms
from sweepbook.figures.axes import scale_fidelity, scale_y
from sweepbook.figures.drawn import Drawn, published_rows
from sweepbook.figures.trials.panels import _panels
from sweepbook.figures.trials.parts import (
    _CUT,
    _drawn,
    _drawn_values,
    _grid,
    _is_cut,
    _name_lines,
    _table,
)
from sweepbook.record.load import Record

NAMED = 3  # of many lines, so many best ones get a colour and a name


def draw_curves(spec: Spec, record: Record) -> Drawn:
    """One panel per metric and one line per trial; or, with `overlay`, one line per metric.

    `overlay` holds for one trial; several become panels, as `panels` draws them.
    """
    arms = choose_arms(record, spec)
    if spec.get("overlay"):
        return _panels(spec, record, arms)
    table = _table(record, spec, arms)
    metrics = [m for m in spec["metrics"] if m in set(table["metric"])]
    looks = arm_looks(record, arms)
    many = len(looks) > style.MOST_LINES
    named = _best_labels(record, arms) if many else list(looks)
    if many:
        table = table[[n for n in table if not str(n).startswith("replicate_")]]
        looks = dict(zip(named, [(c, "-") for c in style.PALETTE], strict=False))
    with style.look():
        n_columns = min(len(metrics), 2)
        figure, axes = _grid(len(metrics), n_columns, style.PANEL_HEIGHT)
        cut = False
        for ax, metric in zip(axes, metrics, strict=False):
            rows = table[table["metric"] == metric]
            if many:
                curves.draw_background(ax, rows[~rows["line"].isin(named)])
            curves.draw_lines(ax, rows, looks, replicates=not many)
            curves.draw_published(ax, published_rows(rows) if not many else rows[:0], looks)
            ax.set_ylabel(quantity_name([metric], spec.get("units")))
            scale_y([ax], _drawn_values(rows), log=spec.get("log_y"), share=is_share(metric))
            cut = cut or _is_cut(ax, rows)
            scale_fidelity(ax, table["x"].max(), record.unit, log=bool(spec.get("log_x")))
        shown = table[table["line"].isin(looks)]
        _name_lines(figure, axes[: len(metrics)], shown, looks)
    how = captions.replicates_sentence(table)
    if cut and not many:
        how += _CUT
    if many:
        how = (
            f"Each line is the mean of one of {len(arms.trials)} trials; named: the {len(named)} "
            f"best by {metric_name(record.metric)} at the last {record.unit}."
        )
        table = table.drop(columns=["low", "high", "published"], errors="ignore")
    return _drawn(spec, record, arms, table, figure, how)


def _best_labels(record: Record, arms: Arms) -> list[str]:
    table = curve_table(record, [record.metric], arms.trials)
    last = last_rows(table, record.unit).dropna(subset=["mean"])
    last = last.sort_values(["mean", "trial_id"], ascending=record.mode == "min")
    return [str(arms.labels[trial_id]) for trial_id in last["trial_id"].head(NAMED)]
