"""Maps of a classifier of places: what it predicts, and where it errs. (ax, frame) -> ax."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.patheffects as effects
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from analysis.figures.map_colours import map_colours
from analysis.figures.map_data import Plane

FULL_WIDTH = 7.0  # inches: a map of this width has markers and codes of full size


def prediction_map(ax: Axes, points: pd.DataFrame, plane: Plane, codes: Sequence[str]) -> Axes:
    """The plane coloured by the predicted country, with the test points in their true colours.

    points: rows of `points_of`; codes: by label. Points are larger where the prediction is wrong,
    and every country's code stands at the median of its test points.
    """
    colours = colours_of(points, len(codes))
    draw_plane(ax, plane, colours)
    draw_points(ax, points, colours, emphasise_errors=True)
    label_countries(ax, points, codes)
    return ax


def error_map(ax: Axes, points: pd.DataFrame, codes: Sequence[str]) -> Axes:
    """Test points that are wrong, in the colour of their true country; right ones small and grey.

    points: rows of `points_of`; codes: by label.
    """
    colours = colours_of(points, len(codes))
    right, wrong = points[points["correct"]], points[~points["correct"]]
    size = panel_size(ax)
    ax.scatter(
        right["long"], right["lat"], s=0.8 * size, c="#cfcfcf", linewidths=0, rasterized=True
    )
    ax.scatter(
        wrong["long"],
        wrong["lat"],
        s=9 * size,
        c=[colours[label] for label in wrong["label"]],
        edgecolors="#222222",
        linewidths=0.35 * size,
        rasterized=True,
    )
    set_aspect(ax, points)
    label_countries(ax, points, codes)
    return ax


def colours_of(points: pd.DataFrame, n_classes: int) -> list[str]:
    """One colour per label, neighbours apart; the same points give the same colours."""
    places = points[["long", "lat"]].to_numpy(np.float64)
    return map_colours(places, points["label"].to_numpy(np.int64), n_classes)


def draw_plane(ax: Axes, plane: Plane, colours: Sequence[str]) -> Axes:
    """The predicted label of each grid point as a lightened colour."""
    east, north = plane.east, plane.north
    palette = np.array([to_rgb(colour) for colour in colours])
    image = 0.45 + 0.55 * palette[plane.labels]  # lighter than the points that lie on it
    extent = (float(east[0]), float(east[-1]), float(north[0]), float(north[-1]))
    ax.imshow(image, origin="lower", extent=extent, interpolation="nearest", zorder=0)
    return ax


def draw_points(
    ax: Axes, points: pd.DataFrame, colours: Sequence[str], emphasise_errors: bool = False
) -> Axes:
    """Test points in their true country's colour; with emphasis, wrong ones are outlined."""
    darker = 0.75 * np.array([to_rgb(colour) for colour in colours])  # to show on their own area
    size = panel_size(ax)
    for wrong in (False, True) if emphasise_errors else (None,):
        rows = points if wrong is None else points[points["correct"] != wrong]
        ax.scatter(
            rows["long"],
            rows["lat"],
            s=(7 if wrong else 1.6) * size,
            c=[(colours if wrong else darker)[label] for label in rows["label"]],
            edgecolors="#111111" if wrong else "none",
            linewidths=0.4 * size if wrong else 0,
            zorder=3 if wrong else 2,
            rasterized=True,
        )
    set_aspect(ax, points)
    return ax


def panel_size(ax: Axes) -> float:
    """Width of the panel as a share of a page's, 0.4 to 1: markers and codes shrink with it."""
    spec = ax.get_subplotspec()
    columns = spec.get_gridspec().ncols if spec is not None else 1
    figure = ax.get_figure(root=True)
    inches = float(figure.get_size_inches()[0]) if figure is not None else FULL_WIDTH
    return min(max(inches / columns / FULL_WIDTH, 0.4), 1.0)


def set_aspect(ax: Axes, points: pd.DataFrame) -> None:
    """Equal distances in both directions at the mean latitude, and the axes' names."""
    ax.set_aspect(1 / float(np.cos(np.radians(points["lat"].mean()))))
    ax.set_xlim(points["long"].min() - 0.5, points["long"].max() + 0.5)
    ax.set_ylim(points["lat"].min() - 0.5, points["lat"].max() + 0.5)
    ax.set_xlabel("longitude (degrees)")
    ax.set_ylabel("latitude (degrees)")
    ax.grid(False)


def label_countries(ax: Axes, points: pd.DataFrame, codes: Sequence[str]) -> None:
    """Every country's code at the median of its test points; smaller on a small panel."""
    size = panel_size(ax)
    for label, rows in points.groupby("label"):
        text = ax.text(
            float(rows["long"].median()),
            float(rows["lat"].median()),
            codes[int(str(label))],
            ha="center",
            va="center",
            fontsize=max(7.5 * size, 5.0),
            fontweight="bold",
            zorder=4,
        )
        text.set_path_effects([effects.withStroke(linewidth=2 * size, foreground="white")])
