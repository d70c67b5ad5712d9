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
_SAMPLE = 1  # beside a split's seed: the draw of a sample from it


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


def with_train_rows(splits: Splits, n_rows: int, seed: int) -> Splits:
    """The splits with a sample of `n_rows` training rows, in the order in which they stand.

    Each class keeps its share, rounded, and at least one row. A larger sample of the same seed
    holds nearly all of a smaller one.

    Raises:
        ValueError: see `check_train_rows`.

    Randomness: seed alone; pure.
    """
    train = splits.train
    check_train_rows(n_rows, len(train), len(np.unique(train.y)))
    shuffled = np.random.default_rng([seed, _SAMPLE]).permutation(len(train))
    shuffled = shuffled[np.argsort(train.y[shuffled], kind="stable")]  # class by class
    _, starts, counts = np.unique(train.y[shuffled], return_index=True, return_counts=True)
    quotas = _quotas(counts, n_rows)
    drawn = [shuffled[a : a + quota] for a, quota in zip(starts, quotas, strict=True)]
    return replace(splits, train=train.take(np.sort(np.concatenate(drawn))))


def check_train_rows(n_rows: int, n_all: int, n_classes: int) -> None:
    """Refuses a sample of the training rows that is larger than these, or lacks a class.

    Raises:
        ValueError: naming the range and what to set instead.
    """
    if not n_classes <= n_rows <= n_all:
        raise ValueError(
            f"train_rows must lie in {n_classes} (one row of each country) .. {n_all} (all "
            f"training rows), got {n_rows}: choose a number of this range, or leave train_rows "
            "out to train on all rows"
        )


def _quotas(counts: npt.NDArray[np.int64], n_rows: int) -> npt.NDArray[np.int64]:
    """How many of each class's rows to draw: at least one of each, `n_rows` together."""
    shares = n_rows * counts / counts.sum()
    quotas: npt.NDArray[np.int64] = np.maximum(np.floor(shares), 1).astype(np.int64)
    left = n_rows - int(quotas.sum())
    quotas[np.argsort(quotas - shares, kind="stable")[: max(left, 0)]] += 1  # largest remainders
    for _ in range(-left):  # a small sample: the rare classes' one row is at the others' expense
        quotas[quotas.argmax()] -= 1
    return quotas


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
