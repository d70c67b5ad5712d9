"""Kind parallel: all settings together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sweepbook.aggregates.labels import metric_name, number, setting_name, setting_value
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.search import Domain, Search, place_of
from sweepbook.figures import style
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import Keys
from sweepbook.figures.layout import one_panel
from sweepbook.figures.search.common import endings_of, searched
from sweepbook.figures.search.space import colour_scale, constant_sentence, trial_numbers
from sweepbook.record.load import CONFIG, Record
from sweepbook.stats.intervals import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_HEIGHT = 4.0  # inches
_MANY = 60  # lines, from which they are drawn fainter
_LABEL = {"facecolor": "white", "alpha": 0.75, "pad": 0.6, "linewidth": 0}

PARALLEL = Keys(
    shows="A line for each trial across all settings that varied, and its value.",
    of="search",
)


def draw_parallel(spec: Spec, record: Record) -> Drawn:
    """One line per trial across all settings that varied, and its value where it has one."""
    search = searched(record)
    if not search.varied() or search.full.empty:
        raise NothingToDraw("no setting varied, or no trial has reached full length yet")
    metric = metric_name(record.metric)
    said = (
        "A line for each trial at full length, the darker the better; the best is orange, "
        "grey lines ended early."
    )
    notes = [
        endings_of(search),
        f"Axes are on the scale of the search, the last is {metric}.",
        constant_sentence(search),
    ]
    figure = _figure(search, metric)
    return drawn_of(spec, [said], trial_numbers(search), figure=figure, notes=notes)


def _figure(search: Search, metric: str) -> Figure:
    domains, mode = search.varied(), search.record.mode
    places = _places(search, domains)
    full = search.trials["is_full"].to_numpy()
    values = search.trials["value"].to_numpy(dtype="float64")[full]
    order = np.argsort(values * (1 if mode == "max" else -1), kind="stable")
    with style.look():
        figure, ax = one_panel(_HEIGHT)
        for own in places[~full]:
            ax.plot(range(len(domains)), own, color="#b5b5b5", linewidth=0.6, alpha=0.5, zorder=1,
                    gid="other")  # fmt: skip
        _draw_ranked(ax, places[full][order], values[order], colour_scale(values, mode))
        _axes_of(ax, domains, (float(values.min()), float(values.max())), metric)
    return figure


def _places(search: Search, domains: Mapping[str, Domain]) -> FloatArray:
    """(n_trials, n_settings): where each trial stands on each axis, 0 to 1 and fanned."""
    columns = [
        search.trials[CONFIG + key].map(lambda v, d=domain: place_of(d, v)).to_numpy(float)
        for key, domain in domains.items()
    ]
    places = np.column_stack(columns)
    return np.asarray(places + _fanned(domains, len(places)))


def _draw_ranked(ax: Axes, rows: FloatArray, values: FloatArray, scale: Mapping[str, Any]) -> Axes:
    """A line per trial at full length that ends at its value; the last of them is the best."""
    low, high = float(values.min()), float(values.max())
    faint = 0.7 if len(rows) < _MANY else 0.35
    for place, (own, value) in enumerate(zip(rows, values, strict=True)):
        end = (value - low) / ((high - low) or 1.0)
        is_best = place == len(rows) - 1
        ax.plot(range(len(own) + 1), [*own, end], alpha=1 if is_best else faint,
                color=style.PALETTE[1] if is_best else scale["cmap"](scale["norm"](value)),
                linewidth=2.4 if is_best else 1, zorder=3 if is_best else 2,
                gid="best" if is_best else "full")  # fmt: skip
    return ax


def _fanned(domains: Mapping[str, Domain], n_trials: int) -> Any:
    """Small shifts on the axes of choices: lines through one choice fan out a little."""
    shifts = (np.arange(n_trials) * 0.618034 % 1 - 0.5)[:, None]
    widths = [
        0.12 / max(1, len(d["choices"]) - 1) if d["kind"] == "choice" else 0.0
        for d in domains.values()
    ]
    return shifts * np.array(widths)[None, :]


def _axes_of(
    ax: Axes, domains: Mapping[str, Domain], ends: tuple[float, float], metric: str
) -> None:
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
