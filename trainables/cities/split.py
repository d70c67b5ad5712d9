"""What a split of the europe data is: longitude, latitude and country of each example."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

# ISO codes in label order (0..32): alphabetical by English name, GB as Great Britain.
COUNTRIES = tuple(
    "AL AT BY BE BA BG HR CZ DK EE FI FR DE GB GR HU IE IT LV LT MD ME NL NO PL PT RO RS SK SI ES "
    "SE UA".split()
)
SPLIT_NAMES = ("train", "validation", "test")
COLUMNS = ["long", "lat", "country"]  # of a table of examples


@dataclass(frozen=True, eq=False)
class Split:
    """Examples in a fixed order; the arrays that it is given become read-only.

    x: float64 (n, 2), degrees: longitude -180..180, latitude -90..90.
    y: int64 (n,), label 0..32, a position in COUNTRIES.
    row_id: int64 (n,), the row's index in the embedded table, or the CSV's own unnamed index.
    """

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.int64]
    row_id: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        for array in (self.x, self.y, self.row_id):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: npt.NDArray[np.int64]) -> Split:
        """A copy of the rows at positions `rows`, in that order."""
        return Split(self.x[rows], self.y[rows], self.row_id[rows])


@dataclass(frozen=True, eq=False)
class Splits:
    """The three splits of one replicate."""

    train: Split
    validation: Split
    test: Split

    def parts(self) -> dict[str, Split]:
        """The splits by name, in the order train, validation, test."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def places(part: Split) -> npt.NDArray[np.complex128]:
    """complex128 (n,): one comparable number per coordinate pair; -0.0 counts as 0.0."""
    return part.x[:, 0] + 0.0 + 1j * (part.x[:, 1] + 0.0)


def clean_mask(train: Split, test: Split) -> npt.NDArray[np.bool_]:
    """bool (n_test,): True where a test point's exact coordinates do not occur in train. Pure."""
    return ~np.isin(places(test), places(train))


def without_test_places(splits: Splits, seed: int) -> Splits:
    """The splits with others in the place of training rows whose coordinates occur in test.

    The others are drawn from the rest of the training rows: so a net makes as many steps of the
    same sizes, and the two trainings differ in nothing else.

    Raises:
        ValueError: all training rows have such coordinates.
    """
    train = splits.train
    kept = clean_mask(splits.test, train)
    if not kept.any():
        raise ValueError(
            f"each of the {len(train):,} training rows has the coordinates of a test row, so "
            "leak='removed' leaves nothing to train on: use leak='kept', or other test rows"
        )
    rows = np.arange(len(train))
    n_gone = int((~kept).sum())
    rows[~kept] = np.random.default_rng(seed).choice(rows[kept], n_gone, n_gone > kept.sum())
    return replace(splits, train=train.take(rows))


def content_sha256(parts: Mapping[str, Split]) -> str:
    """Hash of names, values and row order; the same wherever and however the data is stored."""
    digest = hashlib.sha256()
    for name, part in parts.items():
        digest.update(f"{name} {len(part)}\n".encode())
        for array, dtype in ((part.x, "<f8"), (part.y, "<i8"), (part.row_id, "<i8")):
            digest.update(np.ascontiguousarray(array, dtype=dtype).tobytes())
    return digest.hexdigest()
