"""Kind steps: optimizer steps and seconds of one unit of fidelity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sweepbook.aggregates.batches import step_table
from sweepbook.aggregates.labels import setting_name
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import lines as curves
from sweepbook.figures import style
from sweepbook.figures.arms import Arms, choose_arms, with_arms
from sweepbook.figures.axes import scale_categories, scale_values, scale_y
from sweepbook.figures.drawn import Drawn, csv_numbers, drawn_of
from sweepbook.figures.keys import OF_TRIALS, Key, Keys
from sweepbook.figures.layout import grid
from sweepbook.record.load import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_ALONE = "one model alone"
_HEIGHT = 3.1  # inches
_WIDE = 15  # largest / smallest value of a setting from which its axis is logarithmic

STEPS = Keys(
    shows="Optimizer steps and seconds of one unit of fidelity: a point for each trial.",
    optional={
        **OF_TRIALS,
        "log_x": Key(
            "True draws a logarithmic x axis, False a linear one. Default: logarithmic where the "
            "largest setting is more than 15 times the smallest.",
            "flag",
        ),
    },
)


def draw_steps(spec: Spec, record: Record) -> Drawn:
    """Optimizer steps, and seconds, of one unit of fidelity: two panels, one point per trial."""
    arms = choose_arms(record, spec)
    table = with_arms(step_table(record, arms.trials), arms, record.unit)
    if len(arms.columns) == 1 and table[arms.columns[0]].isna().all():
        setting = setting_name(arms.columns[0])
        raise NothingToDraw(f"no trial that has reported has the setting {setting}")
    numeric = len(arms.columns) == 1 and _has_numbers(arms)
    table["x"] = table[arms.columns[0]].astype("float64") if numeric else np.arange(len(table))
    name = setting_name(arms.columns[0]) if numeric else ""
    figure = _figure(table, record.unit, name, spec.get("log_x"))
    numbers = csv_numbers(table.drop(columns="status"), arms, record.unit)
    said, notes = _sentences(table, record)
    return drawn_of(spec, [said], numbers, figure=figure, shows=arms.names, notes=[notes])


def _figure(table: pd.DataFrame, unit: str, setting: str, log_x: bool | None) -> Figure:
    """Steps left, seconds right, against the values of `setting`, or side by side without one."""
    steps = _as_points(table, "steps", "steps", "steps", "steps")
    stack = f"{int(table['n_replicates'].max())} replicates together"
    seconds = _as_points(table, "seconds", "seconds_low", "seconds_high", stack)
    looks: dict[str, curves.Look] = {stack: (style.PALETTE[0], style.DASHES[0])}
    if _is_timed_alone(table):
        name = "single_seconds"
        seconds = pd.concat([seconds, _as_points(table, name, name, name, _ALONE)])
        looks[_ALONE] = (style.PALETTE[1], style.DASHES[1])
    with style.look():
        figure, (left, right) = grid(2, 2, _HEIGHT)
        curves.draw_points(left, steps, {"steps": ("#333333", "-")}, connect=bool(setting))
        curves.draw_points(right, seconds, looks, connect=bool(setting))
        if _ALONE in looks:
            right.legend()
        for ax, rows, label in ((left, steps, "optimizer steps"), (right, seconds, "seconds")):
            ax.set_ylabel(f"{label} per {unit}")
            if setting:
                spread = table["x"].max() / max(table["x"].min(), 1e-300)
                log = spread > _WIDE if log_x is None else log_x
                scale_values(ax, list(table["x"]), setting, log=log)
            else:
                scale_categories(ax, list(table["line"]), "")
            scale_y([ax], rows[["mean", "low", "high"]].to_numpy(dtype="float64"), log=None)
    return figure


def _is_timed_alone(table: pd.DataFrame) -> bool:
    return bool(table["single_seconds"].notna().any())


def _as_points(table: pd.DataFrame, mean: str, low: str, high: str, line: str) -> pd.DataFrame:
    return table.assign(mean=table[mean], low=table[low], high=table[high], line=line)


def _sentences(table: pd.DataFrame, record: Record) -> tuple[str, str]:
    unit = record.unit
    sizes = sorted({int(n) for n in table["n_replicates"]})
    stack = " to ".join(str(n) for n in dict.fromkeys((sizes[0], sizes[-1])))
    said = (
        f"Optimizer steps of one model per {unit}, and seconds of all {stack} replicates together."
    )
    notes = (
        f"The seconds are of training and evaluation; point: mean over the {unit}s, bar: smallest "
        "to largest."
    )
    if _is_timed_alone(table):
        notes += (
            " One model alone: mean of the replicates, as the trainable timed each (single_s)."
        )
    return said, notes


def _has_numbers(arms: Arms) -> bool:
    column = arms.trials[arms.columns[0]]
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
