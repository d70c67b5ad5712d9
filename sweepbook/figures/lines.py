"""Lines, bands and points onto one Axes: (ax, frame) -> ax, nothing computed but positions.

A frame here has the columns line (which line a row belongs to, a label), x, mean, low, high,
status (the trial's ending) and replicate_0, replicate_1, ...
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweepbook.figures import style
from sweepbook.figures.series import tag

if TYPE_CHECKING:
    from matplotlib.axes import Axes


Look = tuple[str, object]  # colour, dash
ENDINGS = {"stopped": "|", "diverged": "x", "failed": "X", "interrupted": ">", "running": ">"}
_GREY = "#9a9a9a"
_MOST_VECTOR_POINTS = 5000  # of the many lines; more of them make a file nobody's viewer likes
_SHORT = 3  # a line of so few points gets a dot at each: one point alone draws no line


def draw_lines(
    ax: Axes, frame: pd.DataFrame, looks: Mapping[str, Look], *, replicates: bool = True
) -> Axes:
    """One line per `line`, in the order of `looks`: mean, band low..high, replicates faint.

    A line ends where its mean does; the ending of a trial that did not finish is marked there.
    """
    columns = [name for name in frame if str(name).startswith("replicate_")]
    alpha = style.BAND_ALPHA if len(looks) < 3 else style.BAND_ALPHA_OF_MANY
    for name, (colour, dash) in looks.items():
        rows = frame[frame["line"] == name].sort_values("x")
        if rows.empty:
            continue
        x = rows["x"].to_numpy(dtype="float64")
        dots = "o" if len(rows) <= _SHORT else ""
        if replicates:
            for column in columns:
                y = rows[column].to_numpy(dtype="float64")
                (line,) = ax.plot(
                    x, y, color=colour, alpha=style.REPLICATE_ALPHA, linewidth=0.7, zorder=1.5,
                    marker=dots, markersize=3, gid="replicate",
                )  # fmt: skip
                tag(line, name, int(str(column).removeprefix("replicate_")))
            _band(ax, rows, colour, name, alpha)
        y = rows["mean"].to_numpy(dtype="float64")
        ax.plot(x, y, color=colour, linestyle=dash, label=name, marker=dots, markersize=5,
                zorder=3, gid="mean")  # fmt: skip
        _ending(ax, rows, colour, name)
    return ax


def draw_background(ax: Axes, frame: pd.DataFrame) -> Axes:
    """Every line of `frame` in one grey, without band: the many beside the few that are named."""
    from matplotlib.collections import LineCollection

    frame = frame.sort_values(["line", "x"])
    points = frame[["x", "mean"]].to_numpy(dtype="float64")
    starts = np.flatnonzero(frame["line"].to_numpy()[1:] != frame["line"].to_numpy()[:-1]) + 1
    lines = LineCollection(
        np.split(points, starts), colors=_GREY, linewidths=0.6, alpha=0.6, zorder=1
    )
    lines.set_gid("background")
    tag(lines, [str(frame["line"].iloc[start]) for start in (0, *starts)] if len(frame) else [])
    lines.set_rasterized(len(points) > _MOST_VECTOR_POINTS)
    ax.add_collection(lines, autolim=False)
    ends = frame[frame["mean"].notna()].groupby("line").last()
    for status, marker in ENDINGS.items():
        rows = ends[ends["status"] == status]
        ax.plot(rows["x"], rows["mean"], color=_GREY, marker=marker, markersize=4,
                markeredgewidth=1.2, linestyle="none", zorder=1, gid="ending",
                rasterized=len(points) > _MOST_VECTOR_POINTS)  # fmt: skip
    return ax


def _band(ax: Axes, rows: pd.DataFrame, colour: str, name: str, alpha: float) -> None:
    known = rows[rows["low"].notna()]
    if len(known) == 1:  # a band needs two points
        low, high = known["low"].iloc[0], known["high"].iloc[0]
        tag(ax.vlines(known["x"], low, high, color=colour, linewidth=1.4, zorder=2), name)
    elif len(known):
        band = ax.fill_between(known["x"], known["low"], known["high"], color=colour, linewidth=0,
                               alpha=alpha, zorder=2, gid="band")  # fmt: skip
        tag(band, name)


def _ending(ax: Axes, rows: pd.DataFrame, colour: str, name: str) -> None:
    known = rows[rows["mean"].notna()]
    status = str(rows["status"].iloc[-1])
    ended_early = len(known) < len(rows)
    marker = ENDINGS["diverged"] if ended_early else ENDINGS.get(status)
    if marker and len(known):
        (mark,) = ax.plot(
            known["x"].iloc[-1:], known["mean"].iloc[-1:], color=colour, marker=marker,
            markersize=8, markeredgewidth=1.6, linestyle="none", zorder=4, gid="ending",
        )  # fmt: skip
        tag(mark, name)


def draw_published(ax: Axes, frame: pd.DataFrame, looks: Mapping[str, Look]) -> Axes:
    """A hollow diamond at (x, value) of each row of `frame`, in the colour of its line."""
    for name, (colour, _) in looks.items():
        rows = frame[frame["line"] == name]
        if len(rows):
            (mark,) = ax.plot(
                rows["x"], rows["value"], markeredgecolor=colour, markeredgewidth=1.4,
                zorder=5, clip_on=False, gid="published", **style.PUBLISHED,
            )  # fmt: skip
            tag(mark, name)
    return ax


def draw_points(
    ax: Axes, frame: pd.DataFrame, looks: Mapping[str, Look], *, connect: bool = True
) -> Axes:
    """Points with a vertical bar low..high; joined by a line where `connect`."""
    markers = dict(zip(looks, "osv^D*P", strict=False))
    for name, (colour, dash) in looks.items():
        rows = frame[frame["line"] == name].sort_values("x")
        bars = ax.vlines(rows["x"], rows["low"], rows["high"], color=colour, linewidth=1.4,
                         zorder=2, gid="bar")  # fmt: skip
        tag(bars, name)
        ax.plot(rows["x"], rows["mean"], color=colour, linestyle=dash if connect else "none",
                linewidth=1.2, marker=markers.get(name, "o"), markersize=5.5, label=name,
                zorder=3, gid="mean")  # fmt: skip
    return ax


def draw_stretches(ax: Axes, frame: pd.DataFrame, colour: str) -> Axes:
    """Mean and quantile band against the middle of step_first..step_last."""
    x = (frame["step_first"] + frame["step_last"]) / 2
    band = ax.fill_between(x, frame["low"], frame["high"], color=colour, linewidth=0, alpha=0.25,
                           gid="quantiles")  # fmt: skip
    tag(band, "batch losses")
    (line,) = ax.plot(x, frame["mean"], color=colour, linewidth=1.1, gid="mean")
    tag(line, "batch losses")
    return ax


def label_ends(ax: Axes, frame: pd.DataFrame, looks: Mapping[str, Look], height: float) -> Axes:
    """Write each line's name beside its end, pushed apart until they can be read.

    `height`: of the axes, in inches, about. Call it after the limits are set.
    """
    ends = []
    for name, (colour, _) in looks.items():
        known = frame[(frame["line"] == name) & frame["mean"].notna()].sort_values("x")
        if len(known):
            point = (float(known["x"].iloc[-1]), float(known["mean"].iloc[-1]))
            y = float(ax.transLimits.transform(ax.transScale.transform(point))[1])
            ends.append((min(max(y, 0.0), 1.0), name, colour))
    ends.sort(key=lambda end: end[0])
    places = spread([end[0] for end in ends], 13 / (72 * height))
    for (y, name, colour), place in zip(ends, places, strict=True):
        (leader,) = ax.plot(
            [1.005, 1.025], [y, place], color=colour, linewidth=0.7, clip_on=False,
            transform=ax.transAxes, gid="leader",
        )  # fmt: skip
        tag(leader, name)
        ax.text(1.03, place, name, color=colour, va="center", transform=ax.transAxes, gid="label")
    return ax


def spread(places: list[float], gap: float) -> list[float]:
    """Sorted `places` moved as little as it takes to stand at least `gap` apart (or evenly).

    >>> spread([0.0, 0.0, 1.0], 0.1)
    [-0.05, 0.05, 1.0]
    """
    groups: list[list[float]] = []  # [sum of wishes, count]: a group is a block at distance gap
    for i, place in enumerate(places):
        groups.append([place - i * gap, 1])
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] > groups[-1][0] / groups[-1][1]:
            total, size = groups.pop()
            groups[-1][0] += total
            groups[-1][1] += size
    starts = [total / size for total, size in groups for _ in range(int(size))]
    return [start + i * gap for i, start in enumerate(starts)]


def finite_range(*values: Any) -> tuple[float, float] | None:
    """Smallest and largest finite number of the arrays; None if there is none."""
    joined = np.concatenate([np.asarray(v, dtype="float64").ravel() for v in values])
    joined = joined[np.isfinite(joined)]
    return (float(joined.min()), float(joined.max())) if len(joined) else None
