"""Kind contour: two settings together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.labels import quantity_name, setting_name
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.search import Search, place_of
from sweepbook.figures import style
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import Key, Keys
from sweepbook.figures.layout import one_panel
from sweepbook.figures.search.common import endings_of, searched
from sweepbook.figures.search.marks import scale_domain
from sweepbook.figures.search.space import colour_scale, trial_numbers
from sweepbook.record.load import CONFIG, Record
from sweepbook.search.importance import importances

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


LEAST_CONTOUR = 10  # trials at full length; with fewer a surface between them is fancy
_HEIGHT = 4.4  # inches
_FLAT = 1e-6  # of the longer side: narrower is a line

CONTOUR = Keys(
    shows="The value of every trial, as a colour, against two settings together.",
    optional={
        "settings": Key(
            "The two searched settings on the axes, both of numbers: a list. Default: the two "
            "most important ones.",
            "settings",
        )
    },
    of="search",
)


def draw_contour(spec: Spec, record: Record) -> Drawn:
    """Two settings of numbers and the value between the trials at full length."""
    search = searched(record)
    keys = _two_numbers(search, spec)
    if len(search.full) < 2:
        raise NothingToDraw("fewer than two trials have reached full length")
    with style.look():
        figure, ax = one_panel(_HEIGHT)
        interpolated = _draw(figure, ax, search, keys)
    said = (
        "Points are trials at full length, the star is the best; bars and crosses were "
        "stopped or lost."
    )
    notes = [
        endings_of(search),
        "Trials that were stopped or lost had less training and are in no colour.",
        "Between three trials the colour is interpolated; other settings differ between trials, "
        "so that neighbours may differ for another reason." if interpolated else "",
    ]  # fmt: skip
    return drawn_of(spec, [said], trial_numbers(search), figure=figure, notes=notes)


def _draw(figure: Figure, ax: Axes, search: Search, keys: tuple[str, str]) -> bool:
    """The trials at their settings, and colours between them; whether there are such colours."""
    import matplotlib as mpl

    record, full, (first, second) = search.record, search.full, keys
    x = scale_domain(ax, search.space[first], search.trials[CONFIG + first])
    y = scale_domain(ax, search.space[second], search.trials[CONFIG + second], axis="y")
    values = full["value"].to_numpy(dtype="float64")
    scale = colour_scale(values, record.mode)
    interpolated = _surface(ax, search, keys, scale)
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
    return interpolated


def _two_numbers(search: Search, spec: Spec) -> tuple[str, str]:
    """The two most important settings of numbers (in the order of the space without an order)."""
    keys = [k for k in search.varied() if k in search.space]
    numeric = [k for k in keys if search.space[k]["kind"] != "choice"]
    wanted = spec.get("settings")
    if wanted:
        numeric = [key for key in wanted if key in numeric]
    else:
        try:
            found = importances(search)
            numeric = sorted(numeric, key=lambda key: -found[key])
        except ValueError:
            pass
    if len(numeric) < 2:
        raise NothingToDraw("a contour needs two open settings of numbers that varied")
    return numeric[0], numeric[1]


def _surface(ax: Axes, search: Search, keys: tuple[str, str], scale: dict[str, Any]) -> bool:
    """Colours between the trials at full length; not with few of them, or all on one line."""
    import matplotlib as mpl
    from matplotlib.tri import Triangulation

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
