"""Gradient magnitudes over layers and epochs, of records that tracked them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sweepbook.aggregates.gradients import gradient_table, has_gradients
from sweepbook.aggregates.labels import listing
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import captions, style
from sweepbook.figures.arms import Arms, choose_arms
from sweepbook.figures.axes import scale_fidelity, scale_y
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.style import BAND_ALPHA, DASHES, colours
from sweepbook.record.load import Record
from sweepbook.stats.intervals import t_interval

SHOWN_LAYERS = (0, 30, 60, 90, 95, 99)  # as published; those that a net has
DRAWN_RANGE = (1e-100, 1e100)  # of a band: matplotlib overflows on an axis much longer than that


def by_layer(table: pd.DataFrame, trial_id: str, step: float) -> pd.DataFrame:
    """One trial at one step: per layer the mean of log10 over replicates with its interval.

    Columns layer, middle, low, high (magnitudes: 10 to the mean of the logarithms and to its
    bounds, over the replicates in which the layer is not zero), n, n_zero, smallest, largest.
    Sorted by layer.
    """
    rows = table[(table["trial_id"] == trial_id) & (table["step"] == step)]
    return _summary(rows, "layer")


def by_step(table: pd.DataFrame, trial_id: str, layers: Sequence[int]) -> pd.DataFrame:
    """The chosen layers of one trial over the steps: `by_layer` with a column step."""
    parts = [
        _summary(rows, "step").assign(layer=layer)
        for layer in layers
        if len(rows := table[(table["trial_id"] == trial_id) & (table["layer"] == layer)])
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["layer"])


def _summary(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    found = []
    for key, group in rows.groupby(by, sort=True):
        values = group["magnitude"].to_numpy(np.float64)
        positive = values[values > 0]
        interval = t_interval(np.log10(positive))
        middle, low, high = (_power_of_ten(float(v)) for v in interval[:3])
        found.append(
            {
                by: key,
                "middle": middle,
                "low": low,
                "high": high,
                "n": len(values),
                "n_zero": int((values == 0).sum()),
                "smallest": positive.min() if len(positive) else math.nan,
                "largest": positive.max() if len(positive) else math.nan,
            }
        )
    columns = [by, "middle", "low", "high", "n", "n_zero", "smallest", "largest"]
    return pd.DataFrame(found, columns=columns)


def _power_of_ten(exponent: float) -> float:
    """Two replicates that are far apart have an interval beyond what a float holds: infinity."""
    try:
        return float(10.0**exponent)
    except OverflowError:
        return math.inf


def draw_by_layer(ax: Axes, frames: dict[str, pd.DataFrame]) -> Axes:
    """Magnitude against the layer's index on a log axis, one line per name (an epoch).

    frames: name -> rows of `by_layer`. The band reaches from the smallest to the largest
    replicate that is not zero. Layers that are zero in every replicate have no place on
    a log axis: they are ticks along the bottom, and the legend counts them.
    """
    for i, ((name, frame), colour) in enumerate(
        zip(frames.items(), colours(len(frames)), strict=True)
    ):
        n_zero, total = int(frame["n_zero"].sum()), int(frame["n"].sum())
        count = f" ({n_zero} of {total} zero)" if n_zero else ""
        x = frame["layer"].to_numpy(np.float64)
        ax.plot(x, frame["middle"], color=colour, ls=DASHES[i % 4], label=name + count)
        ax.fill_between(
            x, frame["smallest"], frame["largest"], color=colour, alpha=BAND_ALPHA, lw=0
        )
        gone = x[(frame["n_zero"] == frame["n"]).to_numpy()]
        height = 0.02 + 0.035 * i  # share of the axis: a row of ticks per line
        ax.plot(gone, np.full(len(gone), height), "|", color=colour, ms=4.5,
                transform=ax.get_xaxis_transform())  # fmt: skip
    _log_axis(ax)
    ax.set_xlabel("linear layer (0 is next to the input)")
    ax.set_ylabel("gradient magnitude (squared L2 norm)")
    return ax


def draw_by_step(ax: Axes, frame: pd.DataFrame, unit: str = "epoch") -> Axes:
    """Magnitude per step on a log axis, one line per layer; frame: rows of `by_step`.

    The band is the 95 % t interval of the logarithms. A layer that is zero in every replicate at a
    step has a gap there; the legend counts zeros.
    """
    layers = sorted(frame["layer"].unique())
    for i, (layer, colour) in enumerate(zip(layers, colours(len(layers)), strict=True)):
        rows = frame[frame["layer"] == layer]
        n_zero, total = int(rows["n_zero"].sum()), int(rows["n"].sum())
        count = f" ({n_zero} of {total} zero)" if n_zero else ""
        x = rows["step"].to_numpy(np.float64)
        ax.plot(x, rows["middle"], color=colour, ls=DASHES[i % 4],
                marker=".", label=f"layer {layer}{count}")  # fmt: skip
        low, high = (rows[name].clip(*DRAWN_RANGE) for name in ("low", "high"))
        ax.fill_between(x, low, high, color=colour, alpha=BAND_ALPHA / 2, lw=0)
    _log_axis(ax)
    ax.set_xlabel(unit)
    ax.set_ylabel("gradient magnitude (squared L2 norm)")
    return ax


def _log_axis(ax: Axes) -> None:
    ax.set_yscale("log")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="best", frameon=True, framealpha=0.8, edgecolor="none", fontsize=8)


_MAGNITUDE = "Gradient magnitude: squared L2 norm of a linear layer's gradient, averaged over the"


def draw_gradient_layers(spec: Spec, record: Record) -> Drawn:
    """Magnitude against the layer at the fidelities `at` (numbers, "first", "last")."""
    arms, table = _gradients(spec, record)
    unit = record.unit
    parts = []
    figure, panels = _panels(arms)
    with style.look():
        for ax, trial_id in zip(panels, arms.trials["trial_id"], strict=False):
            steps = sorted(table.loc[table["trial_id"] == trial_id, "step"].unique())
            named = {"first": steps[0], "last": steps[-1]}
            wanted = [named.get(v, v) for v in spec.get("at", ["first", "last"])]
            wanted = sorted({step for step in wanted if step in steps} or {steps[-1]})
            frames = {f"{unit} {int(s)}": by_layer(table, trial_id, s) for s in wanted}
            draw_by_layer(ax, frames)
            ax.set_title(str(arms.labels[trial_id]))
            for step, frame in zip(wanted, frames.values(), strict=True):
                parts.append(frame.assign(trial_id=trial_id, **{unit: step}))
        _finish(panels, parts, ["smallest", "largest"])
    text = captions.caption(
        f"{_MAGNITUDE} batches of one {unit}. Line: geometric mean of the replicates in which "
        f"the layer is not zero; band: smallest to largest of {_sizes(parts)}. Layers that are "
        "exactly zero in every replicate are ticks at the bottom.",
        captions.data_sentence(record, intervals=False),
        name=spec["name"],
    )
    return _drawn(spec, arms, parts, text, figure, [unit, "layer"])


def draw_gradient_steps(spec: Spec, record: Record) -> Drawn:
    """Magnitude over the fidelity, one line for each of `layers` that the net has."""
    arms, table = _gradients(spec, record)
    unit = record.unit
    layers = list(spec.get("layers", SHOWN_LAYERS))
    parts = []
    figure, panels = _panels(arms)
    with style.look():
        for ax, trial_id in zip(panels, arms.trials["trial_id"], strict=False):
            frame = by_step(table, trial_id, layers)
            if frame.empty:
                raise NothingToDraw(
                    f"its nets have none of the layers {listing([str(v) for v in layers])}"
                )
            draw_by_step(ax, frame, unit)
            scale_fidelity(ax, float(frame["step"].max()), unit)
            n_zero, total = int(frame["n_zero"].sum()), int(frame["n"].sum())
            zero = f" ({n_zero} of {total} zero)" if n_zero else ""
            ax.set_title(f"{arms.labels[trial_id]}{zero}")
            shown = [layer for layer in layers if layer in set(frame["layer"])]
            parts.append(frame.assign(trial_id=trial_id).rename(columns={"step": unit}))
        _finish(panels, parts, ["middle"])
        for ax in panels:
            ax.get_legend().remove()
        handles = panels[-1].get_legend_handles_labels()[0]
        names = [f"layer {layer}" for layer in shown]
        figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 6))
    text = captions.caption(
        f"{_MAGNITUDE} batches of each {unit}. Line: geometric mean of the replicates in which "
        f"the layer is not zero, of {_sizes(parts)}; band: its 95 % t interval (of the "
        "logarithms). A layer that is exactly zero in every replicate has a gap; a title counts "
        f"the zeros among all replicates, {unit}s and layers that are drawn.",
        captions.data_sentence(record),
        name=spec["name"],
    )
    return _drawn(spec, arms, parts, text, figure, ["layer", unit])


def _gradients(spec: Spec, record: Record) -> tuple[Arms, pd.DataFrame]:
    arms = choose_arms(record, spec)
    if not has_gradients(record):
        raise NothingToDraw("its trials did not track gradients")
    table = gradient_table(record)
    tracked = arms.trials[arms.trials["trial_id"].isin(table["trial_id"].unique())]
    if tracked.empty:
        raise NothingToDraw("its trials did not track gradients")
    return Arms(tracked, arms.columns, arms.labels), table


def _panels(arms: Arms) -> tuple[Figure, list[Any]]:
    n = len(arms.trials)
    n_columns = min(n, 2)
    n_rows = -(-n // n_columns)
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 2.7 * n_rows), layout="constrained")
        axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for ax in axes[n:]:
        ax.set_axis_off()
    return figure, list(axes[:n])


def _finish(panels: list[Any], parts: list[pd.DataFrame], columns: list[str]) -> None:
    """One y axis for all panels, and its name on the left ones only."""
    values = pd.concat(parts)[columns].to_numpy(dtype="float64")
    scale_y(panels, values, log=True)
    for place, ax in enumerate(panels):
        ax.set_ylabel("" if place % min(len(panels), 2) else "gradient magnitude")
        if ax.get_legend() is not None:
            ax.legend(loc="best", fontsize=7.5)


def _sizes(parts: list[pd.DataFrame]) -> str:
    sizes = sorted({int(n) for part in parts for n in part["n"]})
    n = str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    return f"n = {n} replicates"


def _drawn(
    spec: Spec,
    arms: Arms,
    parts: list[pd.DataFrame],
    text: str,
    figure: Figure,
    order: list[str],
) -> Drawn:
    numbers = pd.concat(parts, ignore_index=True).merge(
        arms.trials[["trial_id", *arms.columns]], on="trial_id"
    )
    first = ["trial_id", *arms.columns, *order]
    numbers = numbers[[*first, *[name for name in numbers if name not in first]]]
    title = str(spec.get("title", spec["name"]))
    alt = captions.alt_text(title, numbers, arms)
    return Drawn(spec["name"], title, text, numbers, figure, alt=alt)
