"""Kind models_curves: metrics against a float column of the reports, such as part of an epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sweepbook.aggregates.curves import curve_table
from sweepbook.aggregates.labels import (
    is_share,
    listing,
    metric_name,
    quantity_name,
    setting_name,
    setting_value,
)
from sweepbook.aggregates.models import Model, chosen_sentence, missing_sentence, models_of
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import captions, style
from sweepbook.figures import lines as curves
from sweepbook.figures.axes import scale_y
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import METRICS, MODELS, Key, Keys
from sweepbook.figures.layout import grid, legend_below
from sweepbook.figures.models.common import model_looks
from sweepbook.record.load import CONFIG, Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_HEIGHT = 2.7  # inches of one panel
_LEGEND = 0.3

MODELS_CURVES = Keys(
    shows="Metrics against a column of the reports: a line for each model.",
    required={
        "models": MODELS,
        "metrics": METRICS,
        "x": Key("The column of the reports on the x axis, of numbers.", "column"),
    },
    optional={
        "by": Key(
            "One setting: a panel for each model, with a line for each value of this setting.",
            "setting",
        )
    },
)


def draw_models_curves(spec: Spec, record: Record) -> Drawn:
    """Metrics against the column `x`: a panel per metric with a line per model's chosen trial;
    or, with `by`, a panel per model with a line per value of that setting."""
    models = models_of(record, spec)
    table = curves_table(record, spec, models)
    if table.empty:
        raise NothingToDraw(f"no trial of these models reported {spec['x']}")
    lines = list(dict.fromkeys(table["line"]))
    palette = dict(zip(lines, style.colours(len(lines)), strict=True))
    if not spec.get("by"):
        palette = {line: look[0] for line, look in model_looks(models).items() if line in lines}
    named = listing([metric_name(metric) for metric in spec["metrics"]])
    sentences = [
        captions.sentence(f"{named} against {setting_name(str(spec['x']))}"),
        _without(spec, record, models),
        missing_sentence([model for model in models if not model.trial_id]),
    ]
    notes = [] if spec.get("by") else [chosen_sentence(record, models, whole=True)]
    figure = _figure(spec, table, {line: (colour, "-") for line, colour in palette.items()})
    numbers = table.rename(columns={"x": str(spec["x"])}).dropna(axis=1, how="all")
    return drawn_of(spec, sentences, numbers, figure=figure, shows=lines, notes=notes)


def _figure(spec: Spec, table: pd.DataFrame, looks: Mapping[str, curves.Look]) -> Figure:
    panels = list(dict.fromkeys(table["panel"]))
    n_columns = min(len(panels), 3)
    with style.look():
        figure, axes = grid(len(panels), n_columns, _HEIGHT, extra=_LEGEND)
        for place, (ax, panel) in enumerate(zip(axes, panels, strict=True)):
            rows = table[table["panel"] == panel]
            metrics = list(dict.fromkeys(rows["metric"]))
            _draw_panel(ax, rows, metrics, looks)
            ax.set_xlim(0, table["x"].max() * 1.03)
            ax.set_xlabel(str(spec["x"]))
            ax.set_title(panel if spec.get("by") else metric_name(metrics[0]), fontsize=9)
            if spec.get("by") and place % n_columns == 0:
                ax.set_ylabel(quantity_name(metrics))
        if spec.get("by"):  # panels are compared
            bottoms, tops = zip(*(ax.get_ylim() for ax in axes), strict=True)
            for ax in axes:
                ax.set_ylim(min(bottoms), max(tops))
        legend_below(figure, axes[0], looks)
    return figure


def _draw_panel(
    ax: Axes, rows: pd.DataFrame, metrics: Sequence[str], looks: Mapping[str, curves.Look]
) -> Axes:
    curves.draw_lines(ax, rows, looks)
    ax.plot(rows["x"], rows["mean"], linestyle="none")  # for the limits alone
    values = rows.filter(regex="^(mean|replicate_)").to_numpy(dtype="float64")
    scale_y([ax], values, log=None, share=all(is_share(metric) for metric in metrics))
    return ax


def curves_table(record: Record, spec: Spec, models: Sequence[Model]) -> pd.DataFrame:
    """panel, line, trial_id, status, metric, x, mean, low, high, n, n_diverged, replicate_*."""
    x = str(spec["x"])
    if x not in record.reports:
        return pd.DataFrame()
    found = (_curves_of_model(record, spec, model) for model in models)
    parts = [part for part in found if len(part)]
    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts, ignore_index=True)
    steps = record.reports.groupby(["trial_id", record.unit])[x].mean().rename("x")
    table = table.join(steps, on=["trial_id", record.unit])
    table = table[table["x"].notna()]
    several = table.groupby("trial_id")[record.unit].transform("nunique") > 1
    table = table[several]  # one point is no curve
    if "order" in table and len(table):
        table = table.sort_values("order", ascending=False, kind="stable").drop(columns="order")
        order = {model.label: i for i, model in enumerate(models)}
        table = table.iloc[np.argsort(table["panel"].map(order), kind="stable")]
    return table.reset_index(drop=True)


def _curves_of_model(record: Record, spec: Spec, model: Model) -> pd.DataFrame:
    """The rows of one model, before x; with `by` also order, the value of that setting."""
    by = spec.get("by")
    if by:
        trials = model.trials[model.trials[CONFIG + by].notna()]
    else:
        trials = model.trials[model.trials["trial_id"] == model.trial_id]
    if trials.empty or not trials["trial_id"].isin(record.reports["trial_id"]).any():
        return pd.DataFrame()
    own = curve_table(record, spec["metrics"], trials)
    status = trials.set_index("trial_id")["status"]
    own = own.assign(status=own["trial_id"].map(status), panel=model.label, line=model.label)
    if not by:
        return own.assign(panel=own["metric"])
    values = trials.set_index("trial_id")[CONFIG + by]
    texts = values.map(lambda value: f"{setting_name(by)} {setting_value(value)}")
    return own.assign(order=own["trial_id"].map(values), line=own["trial_id"].map(texts))


def _without(spec: Spec, record: Record, models: Sequence[Model]) -> str:
    """Which models do not report several x: they have no place in such a figure."""
    steps = record.reports.groupby("trial_id")[str(spec["x"])].nunique()
    names = [m.label for m in models if m.trial_id and steps.get(m.trial_id, 0) < 2]
    return f"Without steps within an {spec['x']}: {listing(names)}." if names else ""
