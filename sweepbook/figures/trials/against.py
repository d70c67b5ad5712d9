"""Kind against: each trial's last value against a setting."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sweepbook.aggregates.curves import curve_table, last_rows
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
from sweepbook.figures.cost.steps import _drawn
from sweepbook.figures.drawn import Drawn, csv_numbers, published_rows, with_published
from sweepbook.record.load import CONFIG, Record

_SIDE_STEP = 0.008  # of the axis, between the bars of two metrics at one setting


def draw_against(spec: Spec, record: Record) -> Drawn:
    """Each trial's value at its own last fidelity against the setting `x`, one line per metric."""
    arms = choose_arms(record, spec, by=[spec["x"]])
    unit = record.unit
    try:
        table = curve_table(record, spec["metrics"], arms.trials)
    except ValueError as error:
        raise NothingToDraw(str(error)) from error
    table = with_published(with_arms(last_rows(table, unit), arms, unit), record, arms)
    if table.empty:
        raise NothingToDraw(f"no report holds {', '.join(spec['metrics'])}")
    table, names = _placed(table, CONFIG + spec["x"])
    metrics = [m for m in spec["metrics"] if m in set(table["metric"])]
    looks = style.metric_looks(metrics)
    named = {metric_name(metric): look for metric, look in looks.items()}
    unique = len(arms.trials) == arms.trials[CONFIG + spec["x"]].nunique()
    log_x = bool(spec.get("log_x")) and not names and float(table["x"].min()) > 0
    rows = _side_by_side(table, metrics, log_x)
    with style.look():
        figure = Figure(figsize=(style.WIDTH, style.PANEL_HEIGHT), layout="constrained")
        ax = figure.subplots()
        curves.draw_points(ax, rows, named, connect=unique and not names)
        curves.draw_published(ax, published_rows(rows), named)
        ax.set_ylabel(quantity_name(metrics, spec.get("units")))
        label = setting_name(spec["x"])
        if names:
            scale_categories(ax, names, label)
        else:
            scale_values(ax, list(table["x"]), label, log=log_x)
        values = rows[["mean", "low", "high", "published"]].to_numpy(dtype="float64")
        shares = all(is_share(metric) for metric in metrics)
        scale_y([ax], values, log=spec.get("log_y"), share=shares)
        if len(named) > 1:
            figure.legend(loc="outside lower center", ncols=len(named))
    last = sorted({int(v) for v in table[unit]})
    when = f"{unit} {last[0]}" if len(last) == 1 else f"{unit} {last[0]} to {last[-1]}"
    text = captions.caption(
        captions.replicates_sentence(table, "Point"),
        f"Each trial at its own last {unit} ({when}).",
        captions.data_sentence(record),
        captions.endings_sentence(table, arms, unit),
        captions.published_sentence(table, record),
        name=spec["name"],
    )
    return _drawn(spec, text, csv_numbers(table, arms, unit), arms, figure)


def _placed(table: pd.DataFrame, column: str) -> tuple[pd.DataFrame, list[str]]:
    """`table` with x from `column`; for values that are no numbers, places 0.. and their names."""
    numeric = table[column].map(lambda v: isinstance(v, int | float | np.number))
    flags = table[column].map(lambda v: isinstance(v, bool | np.bool_))
    if numeric.all() and not flags.any():
        return table.assign(x=table[column].astype("float64")), []
    texts = table[column].map(setting_value)
    names = list(dict.fromkeys(texts))
    return table.assign(x=texts.map(names.index).astype("float64")), names


def _side_by_side(table: pd.DataFrame, metrics: list[str], log_x: bool) -> pd.DataFrame:
    """`table` with line = the metric's name, and x moved a little per metric: bars at one place
    would hide each other."""
    place = table["metric"].map({m: i - (len(metrics) - 1) / 2 for i, m in enumerate(metrics)})
    x = np.log(table["x"]) if log_x else table["x"]
    x = x + place * _SIDE_STEP * ((x.max() - x.min()) or 1.0)
    return table.assign(line=table["metric"].map(metric_name), x=np.exp(x) if log_x else x)
