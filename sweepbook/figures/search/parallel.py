"""Kind parallel: all settings together."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sweepbook.aggregates.labels import (
    metric_name,
    number,
    setting_name,
    setting_value,
)
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.search import Domain, place_of
from sweepbook.figures import style
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.search.common import drawn, endings_of, searched
from sweepbook.figures.search.space import _colours, _constant, _numbers
from sweepbook.record.load import CONFIG, Record

_MANY = 60  # lines, from which they are drawn fainter
_LABEL = {"facecolor": "white", "alpha": 0.75, "pad": 0.6, "linewidth": 0}


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
