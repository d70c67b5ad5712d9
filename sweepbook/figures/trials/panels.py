"""Kind panels: one panel per trial, one line per metric."""

from __future__ import annotations

from sweepbook.aggregates.labels import is_share, metric_name, quantity_name
from sweepbook.aggregates.nothing import Spec
from sweepbook.figures import captions, style
from sweepbook.figures import lines as curves
from sweepbook.figures.arms import Arms, choose_arms
from sweepbook.figures.axes import scale_fidelity, scale_y
from sweepbook.figures.drawn import Drawn, published_rows
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

MOST_PANELS = 12


def draw_panels(spec: Spec, record: Record) -> Drawn:
    """One panel per trial, one line per metric, all panels on one y axis."""
    return _panels(spec, record, choose_arms(record, spec))


def _panels(spec: Spec, record: Record, arms: Arms, how: str = "") -> Drawn:
    kept = Arms(arms.trials.head(MOST_PANELS), arms.columns, arms.labels)
    if len(arms.trials) > MOST_PANELS:
        how += f" The first {MOST_PANELS} of {len(arms.trials)} trials in the order of settings."
    table = _table(record, spec, kept)
    metrics = [m for m in spec["metrics"] if m in set(table["metric"])]
    looks = style.metric_looks(metrics)
    named = {metric_name(metric): look for metric, look in looks.items()}
    n = len(kept.trials)
    with style.look():
        n_columns = 1 if n == 1 else 2 if n in (2, 4) else 3
        figure, axes = _grid(n, n_columns, style.PANEL_HEIGHT if n_columns < 3 else 2.5)
        for ax, trial_id in zip(axes, kept.trials["trial_id"], strict=False):
            rows = table[table["trial_id"] == trial_id]
            rows = rows.assign(line=rows["metric"].map(metric_name))
            curves.draw_lines(ax, rows, named)
            curves.draw_published(ax, published_rows(rows), named)
            scale_fidelity(ax, rows["x"].max(), record.unit, log=bool(spec.get("log_x")))
            ax.set_title(str(kept.labels[trial_id]) if n > 1 else "")
        shares = all(is_share(metric) for metric in metrics)
        scale_y(axes[:n], _drawn_values(table), log=spec.get("log_y"), share=shares)
        label = quantity_name(metrics, spec.get("units"))
        for place, ax in enumerate(axes[:n]):
            ax.set_ylabel(label if place % n_columns == 0 else "")
            ax.tick_params(labelleft=place % n_columns == 0)
        rows = table.assign(line=table["metric"].map(metric_name))
        _name_lines(figure, axes[:n], rows, named)
    together = f"{how} {captions.replicates_sentence(table)}".strip()
    if _is_cut(axes[0], table):
        together += _CUT
    return _drawn(spec, record, kept, table, figure, together)
