"""Panels of a figure, names of its lines, and points that stand side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweepbook.figures import lines as curves
from sweepbook.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_LEGEND_WIDTH = 100  # letters side by side below a figure of style.WIDTH
_MOST_BESIDE = 60  # letters of a line's name beside its end
_SAMPLE = 7  # letters that a line's sample takes in a legend
_SIDE_STEP = 0.008  # of the axis, between the bars of two lines at one place


def grid(
    n: int, n_columns: int, height: float, *, extra: float = 0.0, sharey: bool = False
) -> tuple[Figure, list[Axes]]:
    """A figure of `n` panels in rows of `n_columns`; what is left of the last row is empty.

    height: inches of one row; extra: inches of all that stands above or below the rows.
    """

    from matplotlib.figure import Figure

    n_rows = -(-n // n_columns)
    size = (style.WIDTH, height * n_rows + extra)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(n_rows, n_columns, sharey=sharey, squeeze=False).ravel()
    for ax in axes[n:]:
        ax.set_axis_off()
    return figure, list(axes[:n])


def one_panel(height: float = style.PANEL_HEIGHT) -> tuple[Figure, Axes]:
    """A figure of one panel, `height` inches high."""
    figure, (ax,) = grid(1, 1, height)
    return figure, ax


def name_lines(
    figure: Figure, axes: Sequence[Axes], rows: pd.DataFrame, looks: Mapping[str, curves.Look]
) -> None:
    """Names beside the ends of the lines where all end together, else a legend below.

    rows: of all panels, with line, x and mean. One line alone gets no name.
    """
    known = rows[rows["mean"].notna()]
    ends = known.groupby("line")["x"].max()
    if len(looks) < 2 or known.empty:
        return
    are_short = max(map(len, looks)) <= _MOST_BESIDE
    if len(axes) == 1 and ends.nunique() == 1 and ends.iloc[0] > 1 and are_short:
        curves.label_ends(axes[0], rows, looks, style.PANEL_HEIGHT * 0.8)
        return
    legend_below(figure, axes[0], looks)


def legend_below(figure: Figure, ax: Axes, looks: Mapping[str, curves.Look]) -> None:
    """A legend of lines below the figure, in as many columns as there is room for."""
    handles = [
        ax.plot([], [], color=colour, linestyle=dash, label=name)[0]
        for name, (colour, dash) in looks.items()
    ]
    longest = max(len(name) for name in looks)
    n_columns = max(1, min(len(looks), _LEGEND_WIDTH // (longest + _SAMPLE)))
    figure.legend(handles=handles, loc="outside lower center", ncols=n_columns)


def side_by_side(
    x: pd.Series[Any], keys: pd.Series[Any], order: Sequence[str], *, log: bool
) -> pd.Series[Any]:
    """`x` moved a little by the place of its key in `order`: bars at one x would hide each other.

    log: the axis is to be logarithmic, so that the steps are equal there. They are small enough
    for each to stay nearest to its own x.
    """
    place = keys.map({key: i - (len(order) - 1) / 2 for i, key in enumerate(order)})
    at = np.log(x) if log else x
    values = np.unique(at.dropna())
    gaps = np.diff(values, prepend=-np.inf, append=np.inf)
    room = dict(zip(values, 0.8 * np.minimum(gaps[:-1], gaps[1:]) / len(order), strict=True))
    step = at.map(room).clip(upper=_SIDE_STEP * ((at.max() - at.min()) or 1.0))
    at = at + place * step
    return np.exp(at) if log else at
