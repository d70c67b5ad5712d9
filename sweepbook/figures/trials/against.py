"""Kind against: each trial's value at its end against a setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sweepbook.aggregates.curves import end_rows, end_steps
from sweepbook.aggregates.labels import (
    is_share,
    metric_name,
    quantity_name,
    setting_name,
    setting_value,
)
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import captions, style
from sweepbook.figures import lines as curves
from sweepbook.figures.arms import choose_arms, with_arms
from sweepbook.figures.axes import scale_categories, scale_values, scale_y
from sweepbook.figures.drawn import Drawn, csv_numbers, drawn_of, published_rows, with_published
from sweepbook.figures.keys import ARMS, AXES, METRICS, WHERE, Key, Keys
from sweepbook.figures.layout import one_panel, side_by_side
from sweepbook.figures.trials.parts import curves_of, metrics_in
from sweepbook.record.load import CONFIG, Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


AGAINST = Keys(
    shows="The value of each trial at its end against one setting: a line for each metric.",
    required={"metrics": METRICS, "x": Key("The setting on the x axis.", "setting")},
    optional={"where": WHERE, "arms": ARMS, **AXES},
)


def draw_against(spec: Spec, record: Record) -> Drawn:
    """Each trial's value at its own end against the setting `x`, one line per metric."""
    arms = choose_arms(record, spec, by=[spec["x"]])
    unit, column = record.unit, CONFIG + spec["x"]
    curve, overlap = curves_of(record, spec["metrics"], arms), record.manifest.data.overlap
    table = end_rows(curve, unit, end_steps(record), overlap)
    table = with_published(with_arms(table, arms, unit), record, arms)
    if table[column].isna().all():
        raise NothingToDraw(f"no trial that has reported has the setting {spec['x']}")
    table, names = _placed(table, column)
    told_apart = arms.trials[column].nunique() == len(arms.trials)
    figure = _figure(spec, table, names, connect=told_apart and not names)
    last = sorted({int(v) for v in table[unit]})
    when = f"up to {unit} {last[0]}" + (f" to {last[-1]}" if len(last) > 1 else "")
    sentences = [
        f"Of each trial {captions.end_words(record)} ({when}).",
        captions.endings_sentence(table, arms, unit),
    ]
    numbers = csv_numbers(table, arms, unit)
    return drawn_of(spec, sentences, numbers, figure=figure, shows=arms.names)


def _placed(table: pd.DataFrame, column: str) -> tuple[pd.DataFrame, list[str]]:
    """`table` with x from `column`; for values that are no numbers, places 0.. and their names."""
    numeric = table[column].map(lambda v: isinstance(v, int | float | np.number))
    flags = table[column].map(lambda v: isinstance(v, bool | np.bool_))
    if numeric.all() and not flags.any():
        return table.assign(x=table[column].astype("float64")), []
    texts = table[column].map(setting_value)
    names = list(dict.fromkeys(texts))
    return table.assign(x=texts.map(names.index).astype("float64")), names


def _figure(spec: Spec, table: pd.DataFrame, names: list[str], *, connect: bool) -> Figure:
    """Points of each metric at x; `names` are those of the places 0, 1, ... on the x axis."""
    metrics = metrics_in(table, spec["metrics"])
    looks = {metric_name(m): look for m, look in style.metric_looks(metrics).items()}
    log_x = bool(spec.get("log_x")) and not names and float(table["x"].min()) > 0
    rows = table.assign(
        line=table["metric"].map(metric_name),
        x=side_by_side(table["x"], table["metric"], metrics, log=log_x),
    )
    label = setting_name(spec["x"])
    with style.look():
        figure, ax = one_panel()
        curves.draw_points(ax, rows, looks, connect=connect)
        curves.draw_published(ax, published_rows(rows), looks)
        ax.set_ylabel(quantity_name(metrics, spec.get("units")))
        if names:
            scale_categories(ax, names, label)
        else:
            scale_values(ax, list(table["x"]), label, log=log_x)
        values = rows[["mean", "low", "high", "published"]].to_numpy(dtype="float64")
        shares = all(is_share(metric) for metric in metrics)
        scale_y([ax], values, log=spec.get("log_y"), share=shares)
        if len(looks) > 1:
            figure.legend(loc="outside lower center", ncols=len(looks))
    return figure
