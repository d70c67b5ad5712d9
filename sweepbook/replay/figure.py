"""What ASHA would have saved and lost on a record, as a figure: (frame) -> figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.special import gammaln

from sweepbook.figures import style
from sweepbook.figures.axes import scale_y
from sweepbook.figures.texts import write_plainly
from sweepbook.stats.intervals import FloatArray

MOST_PANELS = 4  # numbers of workers, side by side
_MARKERS = "os^Dv*P"
_RANDOM: dict[str, Any] = {"color": "#9a9a9a", "linewidth": 1, "linestyle": (0, (4, 3))}
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def draw_replay(table: pd.DataFrame, n_close: int, regret_label: str, unit: str) -> Figure:
    """Chances of keeping the winner, and regret, against the share of fidelity spent.

    table: as replay_table returns it; n_close: recorded trials that are as good as the winner, it
    included; with one there is no row of panels for them. One column of panels per number of
    workers (four of them, spread evenly, where there are more), one line per reduction factor,
    one marker per grace period. Bars: 2.5 % to 97.5 % of draws of configs for a chance, of
    single searches else.
    """
    workers = _spread(sorted(table["n_workers"].unique()), MOST_PANELS)
    shown = table[table["n_workers"].isin(workers)]
    chances = {"kept": ("keep the winner", 1)}
    if n_close > 1:
        chances["kept_close"] = ("keep one that\nis as good", n_close)
    colours, markers = _looks(table)
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 1.2 + 2.2 * len(chances) + 2), layout="constrained")
        axes = figure.subplots(
            len(chances) + 1, len(workers), sharex=True, sharey="row", squeeze=False
        )
        for column, n in zip(axes.T, workers, strict=True):
            _draw_column(column, shown[shown["n_workers"] == n], chances, colours, markers)
            column[0].set_title(f"{n} worker{'' if n == 1 else 's'}")
        for ax, (label, _) in zip(axes[:, 0], chances.values(), strict=False):
            ax.set_ylabel(f"share of searches that\n{label}")
            ax.set(ylim=(-0.03, 1.03), yticks=_TICKS)
        axes[-1, 0].set_ylabel(f"regret\n({regret_label})")
        axes[-1, 0].set(xlim=(0, 1.02), xticks=_TICKS, xticklabels=["0", "¼", "½", "¾", "1"])
        scale_y([axes[-1, 0]], shown[["regret_q025", "regret_q975"]].to_numpy(), log=False)
        figure.supxlabel(f"share of the recorded {unit}s spent", fontsize=9.5)
        figure.legend(handles=_handles(colours, markers), loc="outside upper center",
                      ncols=max(len(colours), len(markers)))  # fmt: skip
        write_plainly(figure)
    return figure


def _looks(table: pd.DataFrame) -> tuple[dict[int, str], dict[int, str]]:
    """Colour of each reduction factor, marker of each grace period."""
    factors = sorted(table["reduction_factor"].unique())
    graces = sorted(table["grace_period"].unique())
    colours = dict(zip(factors, style.colours(len(factors)), strict=True))
    return colours, {grace: _MARKERS[i % len(_MARKERS)] for i, grace in enumerate(graces)}


def _draw_column(
    axes: Sequence[Axes],
    rows: pd.DataFrame,
    chances: Mapping[str, tuple[str, int]],
    colours: Mapping[int, str],
    markers: Mapping[int, str],
) -> None:
    """The panels of one number of workers: a chance each, and the regret in the last."""
    n_trials = int(rows["n_trials"].iloc[0])
    for ax, (name, (_, k)) in zip(axes, chances.items(), strict=False):
        ax.plot(*_by_chance(n_trials, k), **_RANDOM, zorder=1, gid="chance")
        _lines(ax, rows, name, (f"{name}_low", f"{name}_high"), colours, markers)
    _lines(axes[-1], rows, "regret", ("regret_q025", "regret_q975"), colours, markers)


def _by_chance(n_trials: int, k: int) -> tuple[FloatArray, FloatArray]:
    """Chance that a random share of the trials, trained in full, holds one of k of them."""
    drawn = np.linspace(0, n_trials, 101)
    none = np.zeros_like(drawn)
    some = drawn <= n_trials - k + 1
    none[some] = np.exp(
        gammaln(n_trials - k + 1) - gammaln(n_trials - k - drawn[some] + 1)
        - gammaln(n_trials + 1) + gammaln(n_trials - drawn[some] + 1)
    )  # fmt: skip
    return drawn / n_trials, 1 - none


def _lines(
    ax: Axes, rows: pd.DataFrame, name: str, bounds: tuple[str, str], colours: Mapping[int, str],
    markers: Mapping[int, str],
) -> None:  # fmt: skip
    for factor, colour in colours.items():
        own = rows[rows["reduction_factor"] == factor].sort_values("grace_period")
        _points(ax, own, name, bounds, colour, markers)


def _points(
    ax: Axes, rows: pd.DataFrame, name: str, bounds: tuple[str, str], colour: str,
    markers: Mapping[int, str],
) -> None:  # fmt: skip
    low, high = bounds
    ax.plot(rows["share"], rows[name], color=colour, linewidth=1.1, zorder=3, gid="factor")
    ax.vlines(rows["share"], rows[low], rows[high], color=colour, linewidth=1.1, zorder=2)
    ax.hlines(rows[name], rows["share_q025"], rows["share_q975"], color=colour, linewidth=1.1,
              alpha=0.55, zorder=2)  # fmt: skip
    for row in rows.to_dict("records"):
        ax.plot(row["share"], row[name], color=colour, marker=markers[row["grace_period"]],
                markersize=6, markeredgecolor="white", markeredgewidth=0.6, linestyle="none",
                zorder=4, gid="setting")  # fmt: skip


def _handles(colours: Mapping[int, str], markers: Mapping[int, str]) -> list[Line2D]:
    chance = Line2D([], [], **_RANDOM, label="so many trials at random, in full")
    factors = [Line2D([], [], color=c, label=f"reduction factor {f}") for f, c in colours.items()]
    graces = [
        Line2D([], [], color="#333333", marker=m, linestyle="none", label=f"grace period {g}")
        for g, m in markers.items()
    ]
    return [*factors, *graces, chance]


def _spread(values: list[Any], most: int) -> list[Any]:
    """At most `most` of `values`, evenly, with the first and the last."""
    if len(values) <= most:
        return values
    return [values[i] for i in np.linspace(0, len(values) - 1, most).round().astype(int)]
