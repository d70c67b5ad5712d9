"""Maps of a classifier of places: what it predicts, where it errs, and accuracy per country.

Only `prediction_map` loads torch and the trainable, and only `placed_points` the data; both import
them when called. Longitude and latitude are degrees.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib.patheffects as effects
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from analysis.figures.map_colours import map_colours
from sweepbook.record.load import CONFIG, Record

GRID_STEP = 0.1  # degrees of latitude between two predicted points of a map
FULL_WIDTH = 7.0  # inches: a map of this width has markers and codes of full size


def trial_config(record: Record, trial_id: str) -> dict[str, Any]:
    """A trial's settings as a plain dict. Raises ValueError for an unknown trial_id."""
    rows = record.trials[record.trials["trial_id"] == trial_id]
    if rows.empty:
        raise ValueError(f"trial_id must be one of the record's, got {trial_id!r}")
    row = rows.iloc[0]
    config: dict[str, Any] = {}
    for column in map(str, record.trials.columns):
        if column.startswith(CONFIG) and not pd.isna(row[column]):
            value = row[column]
            config[column.removeprefix(CONFIG)] = (
                value.item() if isinstance(value, np.generic) else value
            )
    return config


def country_codes() -> list[str]:
    """ISO code of each label of the europe data."""
    from trainables.europe import COUNTRIES

    return list(COUNTRIES)


def placed_points(record: Record, trial_id: str, replicate: int = 0) -> pd.DataFrame:
    """One replicate's test examples with their place, label and prediction.

    Columns row_id, long, lat, label, predicted, correct; sorted by row_id. Rows whose row_id
    occurs twice in the data cannot be placed and are left out. Raises ValueError where the record
    has no predictions of them, or was made from other data than is found now.
    """
    from trainables.europe import load_splits
    from trainables.seeds import replicate_seeds

    config = trial_config(record, trial_id)
    predictions = record.predictions()
    mine = (predictions["trial_id"] == trial_id) & (predictions["replicate"] == replicate)
    rows = predictions[mine & (predictions["split"] == "test")]
    if rows.empty:
        raise ValueError(f"the record has no predictions of trial {trial_id}, {replicate=}")
    seed = int(config.get("seed", record.manifest.seed))
    data = str(config.get("data", "embedded"))
    test = load_splits(data, split_seed=replicate_seeds(seed, replicate).split).test
    places = pd.DataFrame(
        {"row_id": test.row_id, "long": test.x[:, 0], "lat": test.x[:, 1], "given": test.y}
    ).drop_duplicates("row_id", keep=False)
    found = rows[["row_id", "label", "predicted"]].merge(places, on="row_id")
    if found.empty or (found["label"] != found["given"]).any():
        raise ValueError("the test data is not the data that the record was made from")
    found["correct"] = found["label"] == found["predicted"]
    return found.drop(columns="given").sort_values("row_id", ignore_index=True)


def prediction_map(ax: Axes, record: Record, trial_id: str, replicate: int = 0) -> Axes:
    """The plane coloured by the predicted country, with the test points in their true colours.

    Reads checkpoints/TRIAL.pt of the record. Points are larger where the prediction is wrong, and
    every country's code stands at the median of its test points. Raises ValueError where the
    checkpoint, the predictions or the data are missing.
    """
    import torch

    from trainables.mlp import predict

    config = trial_config(record, trial_id)
    path = record.path / "checkpoints" / f"{trial_id}.pt"
    if not path.is_file():
        raise ValueError(f"a map needs the trial's checkpoint, and {path} does not exist")
    codes = country_codes()
    points = placed_points(record, trial_id, replicate)
    content = io.BytesIO(path.read_bytes())
    state = torch.load(content, map_location="cpu", weights_only=True)["state"]
    known = {key: value for key, value in config.items() if key not in ("device", "compile")}
    east, north = grid_axes(points)
    plane = np.stack(np.meshgrid(east, north), axis=-1).reshape(-1, 2)
    labels = predict(known, state, replicate, plane).reshape(len(north), len(east))
    colours = colours_of(points, len(codes))
    draw_plane(ax, labels, east, north, colours)
    draw_points(ax, points, colours, emphasise_errors=True)
    label_countries(ax, points, codes)
    return ax


def error_map(ax: Axes, points: pd.DataFrame, codes: Sequence[str]) -> Axes:
    """Test points that are wrong, in the colour of their true country; right ones small and grey.

    points: rows of `placed_points`; codes: by label.
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


def grid_axes(points: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes of a grid over the points, equally spaced on the ground."""
    stretch = 1 / np.cos(np.radians(points["lat"].mean()))
    axes = []
    for name, step in (("long", GRID_STEP * stretch), ("lat", GRID_STEP)):
        low, high = points[name].min() - 0.5, points[name].max() + 0.5
        axes.append(np.linspace(low, high, max(int(np.ceil((high - low) / step)), 2)))
    return axes[0], axes[1]


def draw_plane(
    ax: Axes,
    labels: NDArray[np.int64],
    east: NDArray[np.float64],
    north: NDArray[np.float64],
    colours: Sequence[str],
) -> Axes:
    """The predicted label of each grid point (n_north, n_east) as a lightened colour."""
    palette = np.array([to_rgb(colour) for colour in colours])
    image = 0.45 + 0.55 * palette[labels]  # lighter than the points that lie on it
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
