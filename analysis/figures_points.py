"""Kinds against, steps and per_batch: values of whole trials, and losses of single batches."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis import captions, curves, style
from analysis.aggregate import curve_table, last_rows
from analysis.aggregate_batches import batch_table, step_table
from analysis.axes import scale_categories, scale_fidelity, scale_values, scale_y
from analysis.drawn import (
    Arms,
    Drawn,
    NothingToDraw,
    Spec,
    choose_arms,
    csv_numbers,
    published_rows,
    with_arms,
    with_published,
)
from analysis.labels import (
    is_share,
    metric_name,
    quantity_name,
    setting_name,
    setting_value,
)
from analysis.load import CONFIG, Record

MOST_BATCH_PANELS = 8
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


def draw_steps(spec: Spec, record: Record) -> Drawn:
    """Optimizer steps, and seconds, of one unit of fidelity: two panels, one point per trial."""
    arms = choose_arms(record, spec)
    unit = record.unit
    table = with_arms(step_table(record, arms.trials), arms, unit)
    numeric = len(arms.columns) == 1 and _numbers(arms)
    table["x"] = table[arms.columns[0]].astype("float64") if numeric else np.arange(len(table))
    alone = bool(table["single_seconds"].notna().any())
    stack = f"{int(table['n_replicates'].max())} replicates together"
    single_look = (style.PALETTE[1], style.DASHES[1])
    looks = {stack: (style.PALETTE[0], style.DASHES[0]), "one model alone": single_look}
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 3.1), layout="constrained")
        left, right = figure.subplots(1, 2)
        steps = _as_points(table, "steps", "steps", "steps", "steps")
        curves.draw_points(left, steps, {"steps": ("#333333", "-")}, connect=numeric)
        seconds = _as_points(table, "seconds", "seconds_low", "seconds_high", stack)
        if alone:
            single = _as_points(
                table, "single_seconds", "single_seconds", "single_seconds", "one model alone"
            )
            seconds = pd.concat([seconds, single])
            curves.draw_points(right, seconds, looks, connect=numeric)
            right.legend()
        else:
            curves.draw_points(right, seconds, {stack: looks[stack]}, connect=numeric)
        for ax, rows, label in ((left, steps, "optimizer steps"), (right, seconds, "seconds")):
            ax.set_ylabel(f"{label} per {unit}")
            if numeric:
                spread = table["x"].max() / max(table["x"].min(), 1e-300)
                name = setting_name(arms.columns[0])
                scale_values(ax, list(table["x"]), name, log=spec.get("log_x", spread > 15))
            else:
                scale_categories(ax, list(table["line"]), "")
            scale_y([ax], rows[["mean", "low", "high"]].to_numpy(dtype="float64"), log=None)
    text = _steps_caption(table, record, alone, spec["name"])
    numbers = csv_numbers(table.drop(columns="status"), arms, unit)
    return _drawn(spec, text, numbers, arms, figure)


def _as_points(table: pd.DataFrame, mean: str, low: str, high: str, line: str) -> pd.DataFrame:
    return table.assign(mean=table[mean], low=table[low], high=table[high], line=line)


def _steps_caption(table: pd.DataFrame, record: Record, alone: bool, name: str) -> str:
    unit = record.unit
    sizes = sorted({int(n) for n in table["n_replicates"]})
    stack = " to ".join(str(n) for n in dict.fromkeys((sizes[0], sizes[-1])))
    single = "One model alone: as the trainable timed it (single_s)." if alone else ""
    return captions.caption(
        f"Left: optimizer steps of one model per {unit}. Right: seconds per {unit} of all {stack} "
        f"replicates together, training and evaluation; point: median over the {unit}s, bar: "
        "smallest to largest.",
        single,
        captions.data_sentence(record, intervals=False),
        name=name,
    )


def _numbers(arms: Arms) -> bool:
    column = arms.trials[arms.columns[0]]
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


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


def _drawn(spec: Spec, text: str, numbers: pd.DataFrame, arms: Arms, figure: Figure) -> Drawn:
    title = str(spec.get("title", spec["name"]))
    alt = captions.alt_text(title, numbers, arms)
    return Drawn(spec["name"], title, text, numbers, figure, alt=alt)
