"""Kinds of searches that show the space: slices, contour, parallel coordinates."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation

from analysis import style
from analysis.axes import scale_y
from analysis.drawn import Drawn, NothingToDraw, Spec
from analysis.figures_search import EDGE, drawn, endings_of, searched
from analysis.labels import (
    is_share,
    listing,
    metric_name,
    number,
    quantity_name,
    setting_name,
    setting_value,
)
from analysis.load import CONFIG, Record
from analysis.search import Domain, Search, place_of
from analysis.search_importance import importance_table
from analysis.search_marks import draw_trials, leave_room, scale_domain

LEAST_CONTOUR = 10  # trials at full length; with fewer a surface between them is fancy
_COLUMNS = 3
_FLAT = 1e-6  # of the longer side: narrower is a line
_MANY = 60  # lines, from which they are drawn fainter
_LABEL = {"facecolor": "white", "alpha": 0.75, "pad": 0.6, "linewidth": 0}


def draw_slices(spec: Spec, record: Record) -> Drawn:
    """Each open setting against the value of every trial at full length."""
    search = searched(record)
    keys = [key for key in search.varied() if key in search.space]
    if not keys or search.full.empty:
        raise NothingToDraw("no open setting varied, or no trial has reached full length yet")
    best = search.ranked(search.trials).iloc[0]
    n_rows = -(-len(keys) // _COLUMNS)
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 0.5 + 2.3 * n_rows), layout="constrained")
        axes = figure.subplots(n_rows, _COLUMNS, sharey=True, squeeze=False)
        for ax, key in zip(axes.ravel(), keys, strict=False):
            x = scale_domain(ax, search.space[key], search.trials[CONFIG + key], narrow=True)
            draw_trials(ax, search, x)
            at = x[search.trials["trial_id"] == best["trial_id"]]
            ax.plot(at, [best["value"]], color=style.PALETTE[1], marker="*", markersize=11,
                    linestyle="none", zorder=5, label="best", gid="best")  # fmt: skip
            ax.set_xlabel(setting_name(key))
        for ax in axes.ravel()[len(keys) :]:
            ax.set_axis_off()
        for ax in axes[:, 0]:
            ax.set_ylabel(metric_name(record.metric))
        scale_y(list(axes.ravel()), search.full["value"], log=None, share=is_share(record.metric))
        leave_room(axes[0, 0], record.mode)  # the y axis is shared
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
    text = [endings_of(search), f"Point: a trial at full length. {EDGE}", _constant(search)]
    return drawn(spec, text, _numbers(search), figure)


def _constant(search: Search) -> str:
    varied = search.varied()
    same = [setting_name(key) for key in search.space if key not in varied]
    return f"The same in all trials, so not drawn: {listing(same)}." if same else ""


def _numbers(search: Search) -> pd.DataFrame:
    settings = [CONFIG + key for key in search.varied()]
    columns = ["trial_id", "number", *settings, "status", "last", "value", "low", "high", "n"]
    return search.trials[columns].rename(columns={"last": search.record.unit})


def draw_contour(spec: Spec, record: Record) -> Drawn:
    """Two settings of numbers and the value between the trials at full length."""
    search = searched(record)
    first, second = _two_numbers(search, spec)
    full = search.full
    if len(full) < 2:
        raise NothingToDraw("fewer than two trials have reached full length")
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 4.4), layout="constrained")
        ax = figure.subplots()
        x = scale_domain(ax, search.space[first], search.trials[CONFIG + first])
        y = scale_domain(ax, search.space[second], search.trials[CONFIG + second], axis="y")
        values = full["value"].to_numpy(dtype="float64")
        scale = _colours(values, record.mode)
        surface = _surface(ax, search, (first, second), scale)
        known = search.trials["is_full"].to_numpy()
        for status, marker in (("stopped", "|"), ("diverged", "x"), ("failed", "x")):
            chosen = (search.trials["status"] == status).to_numpy()
            ax.plot(x[chosen], y[chosen], color="#6a6a6a", marker=marker, markersize=6,
                    linestyle="none", zorder=2, gid=status)  # fmt: skip
        ax.scatter(x[known], y[known], c=values, **scale, s=34, edgecolors="white", linewidths=0.8,
                   zorder=4, gid="full")  # fmt: skip
        best = full["trial_id"].to_numpy() == search.ranked(full)["trial_id"].iloc[0]
        ax.plot(x[known][best], y[known][best], color=style.PALETTE[1], marker="*", markersize=14,
                linestyle="none", markeredgecolor="white", zorder=5, gid="best")  # fmt: skip
        ax.set(xlabel=setting_name(first), ylabel=setting_name(second))
        colours = mpl.cm.ScalarMappable(scale["norm"], scale["cmap"])
        figure.colorbar(colours, ax=ax, label=quantity_name([record.metric]))
    text = [
        endings_of(search),
        "Point: a trial at full length, star: the best; bars and crosses: stopped and lost "
        "trials, whose values had less training and are in no colour.",
        "Between three trials the colour is interpolated; other settings differ between trials, "
        "so that neighbours may differ for another reason." if surface else "",
    ]  # fmt: skip
    return drawn(spec, text, _numbers(search), figure)


def _two_numbers(search: Search, spec: Spec) -> tuple[str, str]:
    """The two most important settings of numbers (in the order of the space without an order)."""
    keys = [k for k in search.varied() if k in search.space]
    numeric = [k for k in keys if search.space[k]["kind"] != "choice"]
    wanted = spec.get("settings")
    if wanted:
        numeric = [key for key in wanted if key in numeric]
    else:
        try:
            order = list(importance_table(search)["setting"])
            numeric = sorted(numeric, key=order.index)
        except ValueError:
            pass
    if len(numeric) < 2:
        raise NothingToDraw("a contour needs two open settings of numbers that varied")
    return numeric[0], numeric[1]


def _colours(values: Any, mode: str) -> dict[str, Any]:
    """The better, the darker; between the best and the median of the rest where outliers rule."""
    low, high = float(np.min(values)), float(np.max(values))
    if high - low > 6 * (np.quantile(values, 0.75) - np.quantile(values, 0.25)) > 0:
        low, high = (
            (low, float(np.quantile(values, 0.8)))
            if mode == "min"
            else (float(np.quantile(values, 0.2)), high)
        )
    cmap = mpl.colormaps["viridis" if mode == "min" else "viridis_r"]
    return {"norm": mpl.colors.Normalize(low, max(high, low + 1e-12)), "cmap": cmap}


def _surface(ax: Axes, search: Search, keys: tuple[str, str], scale: dict[str, Any]) -> bool:
    """Colours between the trials at full length; not with few of them, or all on one line."""
    full = search.full
    if len(full) < LEAST_CONTOUR:
        return False
    places = [full[CONFIG + k].map(lambda v, k=k: place_of(search.space[k], v)) for k in keys]
    points = pd.DataFrame({"x": places[0], "y": places[1], "value": full["value"]})
    best = "max" if search.record.mode == "max" else "min"
    points = points.groupby(["x", "y"]).agg({"value": best}).reset_index()
    sizes = np.linalg.svd(points[["x", "y"]] - points[["x", "y"]].mean(), compute_uv=False)
    if len(sizes) < 2 or sizes[1] < _FLAT * sizes[0]:  # all on one line
        return False
    mesh = Triangulation(points["x"], points["y"])
    real = [full.groupby(places[i])[CONFIG + key].first() for i, key in enumerate(keys)]
    x, y = (points[n].map(r).to_numpy(dtype="float64") for n, r in zip("xy", real, strict=True))
    values = np.clip(points["value"], scale["norm"].vmin, scale["norm"].vmax)
    pale = mpl.colors.ListedColormap(0.5 + 0.5 * scale["cmap"](np.linspace(0, 1, 256)))
    ax.tricontourf(
        Triangulation(x, y, mesh.triangles), values, levels=12, zorder=1,
        norm=scale["norm"], cmap=pale,
    )  # fmt: skip
    return True


def draw_parallel(spec: Spec, record: Record) -> Drawn:
    """One line per trial across all settings that varied, and its value where it has one."""
    search = searched(record)
    domains = search.varied()
    if not domains or search.full.empty:
        raise NothingToDraw("no setting varied, or no trial has reached full length yet")
    places = np.column_stack(
        [
            search.trials[CONFIG + key].map(lambda v, d=domain: place_of(d, v)).to_numpy(float)
            for key, domain in domains.items()
        ]
    )
    places += _fanned(domains, len(places))
    values = search.trials["value"].to_numpy(dtype="float64")
    full = search.trials["is_full"].to_numpy()
    scale = _colours(values[full], record.mode)
    low, high = float(values[full].min()), float(values[full].max())
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 4.0), layout="constrained")
        ax = figure.subplots()
        for own in places[~full]:
            ax.plot(range(len(domains)), own, color="#b5b5b5", linewidth=0.6, alpha=0.5, zorder=1,
                    gid="other")  # fmt: skip
        order = np.argsort(values[full] * (1 if record.mode == "max" else -1), kind="stable")
        rows, ranked = places[full][order], values[full][order]
        faint = 0.7 if len(rows) < _MANY else 0.35
        for place, (own, value) in enumerate(zip(rows, ranked, strict=True)):
            end = (value - low) / ((high - low) or 1.0)
            is_best = place == len(rows) - 1
            ax.plot(range(len(domains) + 1), [*own, end], alpha=1 if is_best else faint,
                    color=style.PALETTE[1] if is_best else scale["cmap"](scale["norm"](value)),
                    linewidth=2.4 if is_best else 1, zorder=3 if is_best else 2,
                    gid="best" if is_best else "full")  # fmt: skip
        _axes_of(ax, domains, (low, high), metric_name(record.metric))
    text = [
        endings_of(search),
        "Line: a trial at full length, the darker the better; orange: the best. Axes on the scale "
        f"of the search, the last is {metric_name(record.metric)}. Grey: trials without a value "
        "at full length.",
        _constant(search),
    ]  # fmt: skip
    return drawn(spec, text, _numbers(search), figure)


def _fanned(domains: dict[str, Domain], n_trials: int) -> Any:
    """Small shifts on the axes of choices: lines through one choice fan out a little."""
    shifts = (np.arange(n_trials) * 0.618034 % 1 - 0.5)[:, None]
    widths = [
        0.12 / max(1, len(d["choices"]) - 1) if d["kind"] == "choice" else 0.0
        for d in domains.values()
    ]
    return shifts * np.array(widths)[None, :]


def _axes_of(ax: Axes, domains: dict[str, Domain], ends: tuple[float, float], metric: str) -> None:
    """A vertical line per setting with its ends, or its choices, beside it."""
    ax.set(xlim=(-0.35, len(domains) + 0.45), ylim=(-0.12, 1.12), yticks=[])
    names = [*(setting_name(key) for key in domains), metric]
    ax.set_xticks(range(len(names)), [name.replace(" ", "\n") for name in names])
    ax.grid(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
    for x, domain in enumerate([*domains.values(), None]):
        ax.axvline(x, color="#333333", linewidth=0.9, zorder=4)
        if domain is None:
            texts = [(0.0, number(ends[0], 3)), (1.0, number(ends[1], 3))]
        elif domain["kind"] == "choice":
            n = max(1, len(domain["choices"]) - 1)
            texts = [(i / n, setting_value(c)) for i, c in enumerate(domain["choices"])]
        else:
            texts = [(0.0, setting_value(domain["low"])), (1.0, setting_value(domain["high"]))]
        for y, label in texts:
            ax.annotate(label, (x, y), xytext=(3, 0), textcoords="offset points", va="center",
                        fontsize=8, zorder=5, bbox=_LABEL)  # fmt: skip
