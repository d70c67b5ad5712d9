"""What maps are drawn of: test points in their places, and a prediction at each point of a grid.

A record's artifacts have them, made when its trials ended. What an earlier record lacks is made of
its checkpoints, the trainable and the data; these, and torch, are imported then and only then.
Longitude and latitude are degrees.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.figures.trials.few import few_arms
from sweepbook.record.checkpoints import checkpoint_path
from sweepbook.record.load import CONFIG, Record

PLANES, POINTS = "map-planes", "map-points"  # artifacts
GRID_STEP = 0.1  # degrees of latitude between two predicted points of a map
REPLICATE = 0  # a map shows one net: the first replicate, not one chosen by its looks
_MAP, _ERRORS = (f"analysis.figures.map_kinds:{name}" for name in ("draw_map", "draw_error_map"))
_SMALL = {"label": "int16", "predicted": "int16"}


@dataclass(frozen=True, eq=False)
class Plane:
    """The predicted label (n_north, n_east) at each point of a grid of degrees."""

    east: NDArray[np.float64]
    north: NDArray[np.float64]
    labels: NDArray[np.int64]


def points_of(record: Record, trial_id: str, replicate: int = REPLICATE) -> pd.DataFrame:
    """`placed_points` of a trial, from the record's artifact where it has them."""
    rows = _kept(record, POINTS, trial_id, replicate)
    if rows.empty:
        return placed_points(record, trial_id, replicate)
    rows = rows.drop(columns=["trial_id", "replicate"]).reset_index(drop=True)
    return rows.astype(dict.fromkeys(_SMALL, "int64"))


def plane_of(record: Record, trial_id: str, replicate: int = REPLICATE) -> Plane:
    """`predicted_plane` of a trial, from the record's artifact where it has it."""
    rows = _kept(record, PLANES, trial_id, replicate)
    if rows.empty:
        return predicted_plane(record, trial_id, replicate)
    row = rows.iloc[0]
    east, north = row["east"], row["north"]
    return Plane(east, north, row["labels"].astype(np.int64).reshape(len(north), len(east)))


def codes_of(record: Record) -> list[str]:
    """ISO code of each label, from the record's artifact or else from the data's module."""
    planes = record.artifact(PLANES)
    return _country_codes() if planes is None or planes.empty else list(planes["codes"].iloc[0])


def plane_table(record: Record) -> pd.DataFrame:
    """The artifact of grids: one row per trial that a map of the study shows.

    Columns trial_id, replicate, east, north (degrees), labels (row by row from the south), codes.
    """
    rows = []
    for trial_id in _shown(record, {_MAP}):
        plane = predicted_plane(record, trial_id, REPLICATE)
        labels = plane.labels.ravel().astype(np.int16)
        rows.append(
            {"trial_id": trial_id, "replicate": REPLICATE, "east": plane.east,
             "north": plane.north, "labels": labels, "codes": _country_codes()}
        )  # fmt: skip
    return pd.DataFrame(rows)


def point_table(record: Record) -> pd.DataFrame:
    """The artifact of test points: `placed_points` of each trial that a map of the study shows."""
    parts = [
        placed_points(record, trial_id, REPLICATE).assign(trial_id=trial_id, replicate=REPLICATE)
        for trial_id in _shown(record, {_MAP, _ERRORS})
    ]
    return pd.concat(parts, ignore_index=True).astype(_SMALL)


def _shown(record: Record, kinds: set[str]) -> list[str]:
    """The trials that the study's figures of these kinds show. Raises ValueError for none."""
    found: list[str] = []
    for spec in record.manifest.study.figures:
        if spec.get("kind") in kinds:
            try:
                arms, _ = few_arms(dict(spec), record)
            except NothingToDraw:
                continue
            found += arms.trials["trial_id"].tolist()
    if not found:
        raise ValueError("no map of the study has a trial to show")
    return list(dict.fromkeys(found))


def _kept(record: Record, name: str, trial_id: str, replicate: int) -> pd.DataFrame:
    table = record.artifact(name)
    if table is None:
        return pd.DataFrame()
    return table[(table["trial_id"] == trial_id) & (table["replicate"] == replicate)]


def placed_points(record: Record, trial_id: str, replicate: int = 0) -> pd.DataFrame:
    """One replicate's test examples with their place, label and prediction.

    Columns row_id, long, lat, label, predicted, correct; sorted by row_id. Rows whose row_id
    occurs twice in the data cannot be placed and are left out. Raises ValueError where the record
    has no predictions of them, or was made from other data than is found now.
    """
    from trainables.cities.europe import load_splits
    from trainables.seeds import replicate_seeds

    config = _config_of(record, trial_id)
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


def predicted_plane(record: Record, trial_id: str, replicate: int) -> Plane:
    """What a replicate predicts over the plane, by its checkpoint.

    Raises ValueError where the checkpoint, the predictions or the data are missing.
    """
    import torch

    from trainables.mlp import predict

    config = _config_of(record, trial_id)
    path = checkpoint_path(record.path, trial_id)
    if not path.is_file():
        raise ValueError(f"a map needs the trial's checkpoint, and {path} does not exist")
    east, north = _grid_axes(placed_points(record, trial_id, replicate))
    content = io.BytesIO(path.read_bytes())
    state = torch.load(content, map_location="cpu", weights_only=True)["state"]
    known = {key: value for key, value in config.items() if key not in ("device", "compile")}
    plane = np.stack(np.meshgrid(east, north), axis=-1).reshape(-1, 2)
    labels = predict(known, state, replicate, plane).reshape(len(north), len(east))
    return Plane(east, north, labels)


def _config_of(record: Record, trial_id: str) -> dict[str, Any]:
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


def _country_codes() -> list[str]:
    from trainables.cities.europe import COUNTRIES

    return list(COUNTRIES)


def _grid_axes(points: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes of a grid over the points, equally spaced on the ground."""
    stretch = 1 / np.cos(np.radians(points["lat"].mean()))
    axes = []
    for name, step in (("long", GRID_STEP * stretch), ("lat", GRID_STEP)):
        low, high = points[name].min() - 0.5, points[name].max() + 0.5
        axes.append(np.linspace(low, high, max(int(np.ceil((high - low) / step)), 2)))
    return axes[0], axes[1]
