"""Trials of a search onto one Axes, and axes on the scale on which a setting is searched."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.labels import setting_value
from sweepbook.aggregates.search import Domain, Search, place_of
from sweepbook.figures import style
from sweepbook.figures.axes import log_ticks, scale_categories

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_MARGIN = 0.05  # of the range, beyond its ends
_ROOM = 0.12  # of the axis
_SPREAD = 0.16  # of the distance of two choices: trials of one choice stand side by side
_GREY, _RED = "#8a8a8a", "#b3261e"
_LOST = ("diverged", "failed", "interrupted")


def scale_domain(
    ax: Axes, domain: Domain, column: pd.Series[Any], axis: str = "x", *, narrow: bool = False
) -> Any:
    """Scales an axis for a domain, ends included; returns where the values of `column` stand.

    narrow: the panel has room for a few ticks only. Trials of one choice are spread a little, in
    their order, so that they do not hide each other.
    """

    from matplotlib.ticker import FixedLocator, LogFormatterMathtext, MaxNLocator

    if domain["kind"] == "choice":
        return _scale_choices(ax, domain, column, axis)
    low, high = float(domain["low"]), float(domain["high"])
    limits, ticks = (ax.set_xlim, ax.xaxis) if axis == "x" else (ax.set_ylim, ax.yaxis)
    if domain.get("log"):
        (ax.set_xscale if axis == "x" else ax.set_yscale)("log")
        room = (high / low) ** _MARGIN
        limits(low / room, high * room)
        log_ticks(ticks, low, high)
        powers = [10.0**d for d in range(math.ceil(math.log10(low) - 1e-9), 9) if 10.0**d <= high]
        if narrow and len(powers) > 2:
            ticks.set_major_locator(FixedLocator(powers))
            ticks.set_major_formatter(LogFormatterMathtext())
    else:
        room = (high - low) * _MARGIN
        limits(low - room, high + room)
        ticks.set_major_locator(MaxNLocator(nbins=6, integer=domain["kind"] == "int"))
    return column.astype("float64")


def _scale_choices(ax: Axes, domain: Domain, column: pd.Series[Any], axis: str) -> pd.Series[Any]:
    choices = [setting_value(value) for value in domain["choices"]]
    if axis == "x":
        scale_categories(ax, choices, "")
    else:
        ax.set_ylim(-0.5, len(choices) - 0.5)
        ax.set_yticks(range(len(choices)), choices)
    n = max(1, len(choices) - 1)
    return spread(column.map(lambda value: place_of(domain, value) * n))


def spread(places: pd.Series[Any]) -> pd.Series[Any]:
    """Places of trials on an axis of choices, a little apart in their order."""
    order = places.groupby(places).cumcount()
    return places.astype("float64") + _SPREAD * ((order * 0.618034) % 1 * 2 - 1)


def leave_room(ax: Axes, mode: str) -> None:
    """Widens the y axis beyond the worse values, where draw_trials has its marks."""
    bottom, top = ax.transData.transform([(0, y) for y in ax.get_ylim()])[:, 1]
    room = _ROOM * (top - bottom)
    ends = (bottom - room, top) if mode == "max" else (bottom, top + room)
    low, high = ax.transData.inverted().transform([(0, end) for end in ends])[:, 1]
    ax.set_ylim(low, high)


def draw_trials(ax: Axes, search: Search, x: pd.Series[Any]) -> None:
    """Trials at full length as points; stopped and lost ones as marks at the worse edge.

    x: where each of search.trials stands. Values of stopped trials had less training and are
    not drawn.
    """
    full = search.trials["is_full"].to_numpy()
    status = search.trials["status"]
    ax.plot(x[full], search.trials.loc[full, "value"], color=style.PALETTE[0], marker="o",
            markersize=4, alpha=0.6, markeredgewidth=0, linestyle="none", zorder=3,
            label="at full length", gid="full")  # fmt: skip
    edges = (0.02, 0.06) if search.record.mode == "max" else (0.98, 0.94)
    kinds = (
        ("stopped", status == "stopped", "|", _GREY, edges[0]),
        ("lost", status.isin(_LOST), "x", _RED, edges[1]),
    )
    for label, chosen, marker, colour, edge in kinds:
        if chosen.any():
            places = x[chosen.to_numpy()]
            ax.plot(places, np.full(len(places), edge), color=colour, marker=marker,
                    markersize=7 if marker == "|" else 4.5, markeredgewidth=1, alpha=0.7,
                    linestyle="none", transform=ax.get_xaxis_transform(), zorder=2,
                    label=label, gid=label)  # fmt: skip
