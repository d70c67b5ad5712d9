"""Gradient magnitudes of one trial over its layers, or over its epochs, as frames and as lines."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sweepbook.figures.series import tag
from sweepbook.figures.style import BAND_ALPHA, DASHES, colours
from sweepbook.stats.intervals import t_interval

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
        x = frame["layer"].to_numpy(np.float64)
        label = name + zeros(frame)
        ax.plot(x, frame["middle"], color=colour, ls=DASHES[i % 4], label=label, gid="mean")
        band = ax.fill_between(
            x, frame["smallest"], frame["largest"], color=colour, alpha=BAND_ALPHA, lw=0
        )
        tag(band, label)
        gone = x[(frame["n_zero"] == frame["n"]).to_numpy()]
        height = 0.02 + 0.035 * i  # share of the axis: a row of ticks per line
        (ticks,) = ax.plot(gone, np.full(len(gone), height), "|", color=colour, ms=4.5,
                           transform=ax.get_xaxis_transform(), gid="ending")  # fmt: skip
        tag(ticks, label)
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
        x = rows["step"].to_numpy(np.float64)
        label = f"layer {layer}{zeros(rows)}"
        ax.plot(x, rows["middle"], color=colour, ls=DASHES[i % 4], marker=".", label=label,
                gid="mean")  # fmt: skip
        low, high = (rows[name].clip(*DRAWN_RANGE) for name in ("low", "high"))
        band = ax.fill_between(x, low, high, color=colour, alpha=BAND_ALPHA / 2, lw=0)
        tag(band, f"layer {layer}")
    _log_axis(ax)
    ax.set_xlabel(unit)
    ax.set_ylabel("gradient magnitude (squared L2 norm)")
    return ax


def _log_axis(ax: Axes) -> None:
    ax.set_yscale("log")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="best", frameon=True, framealpha=0.8, edgecolor="none", fontsize=8)


def zeros(frame: pd.DataFrame) -> str:
    """ " (3 of 15 zero)": how many magnitudes of these rows are exactly zero; "" where none is."""
    n_zero, total = int(frame["n_zero"].sum()), int(frame["n"].sum())
    return f" ({n_zero} of {total} zero)" if n_zero else ""
