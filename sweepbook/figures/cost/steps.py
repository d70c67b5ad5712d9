"""Kind steps: optimizer steps and seconds of one unit of fidelity."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sweepbook.aggregates.batches import step_table
from sweepbook.aggregates.labels import (
    setting_name,
)
from sweepbook.aggregates.nothing import Spec
from sweepbook.figures import captions, style
from sweepbook.figures import lines as curves
from sweepbook.figures.arms import Arms, choose_arms, with_arms
from sweepbook.figures.axes import scale_categories, scale_values, scale_y
from sweepbook.figures.drawn import Drawn, csv_numbers
from sweepbook.record.load import Record


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


def _drawn(spec: Spec, text: str, numbers: pd.DataFrame, arms: Arms, figure: Figure) -> Drawn:
    title = str(spec.get("title", spec["name"]))
    alt = captions.alt_text(title, numbers, arms)
    return Drawn(spec["name"], title, text, numbers, figure, alt=alt)
