"""The europe data in a folder of CSV files: read, and checked cell by cell."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from trainables.cities.split import COLUMNS, COUNTRIES, SPLIT_NAMES, Split, Splits

_INDEX = "Unnamed: 0"  # pandas' name for a column without one
_EXACT = 2.0**53  # integers up to here survive a float column
_LIMITS = {
    _INDEX: (-_EXACT, _EXACT),
    "long": (-180.0, 180.0),
    "lat": (-90.0, 90.0),
    "country": (0.0, len(COUNTRIES) - 1.0),
}


def read_folder(folder: Path) -> Splits:
    """The given train.csv, validation.csv and test.csv of `folder`.

    Each has an unnamed index, long, lat (degrees) and country (label 0..32), in any order.
    The files are read once per process, and again when path, time of change or size differ.

    Raises:
        ValueError: a folder or file is missing or unreadable, or holds wrong columns, no rows,
            a value that is missing, not a number or out of range, an index twice in a file, or
            two splits share no class.
    """
    folder = folder.expanduser().resolve()
    if not folder.is_dir():
        raise ValueError(
            f"{folder}: no such folder; give the folder that holds train.csv, "
            "validation.csv and test.csv, or 'embedded' for the built-in cities"
        )
    return _read_stamped(folder, tuple(_stamp(folder / f"{name}.csv") for name in SPLIT_NAMES))


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when the file does: (mtime in ns, size in bytes)."""
    try:
        stat = path.stat()
    except OSError as error:
        raise ValueError(
            f"{path}: no such file; the folder must hold train.csv, validation.csv "
            f"and test.csv ({error.strerror})"
        ) from error
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=2)
def _read_stamped(folder: Path, stamps: tuple[tuple[int, int], ...]) -> Splits:
    parts = {name: _read_csv(folder / f"{name}.csv") for name in SPLIT_NAMES}
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        classes, others = np.unique(parts[one].y).tolist(), np.unique(parts[other].y).tolist()
        if not set(classes) & set(others):
            raise ValueError(
                f"{folder}: {one}.csv and {other}.csv share no class: {one}.csv has {classes}, "
                f"{other}.csv {others}; split the data so that every country is in all files"
            )
    return Splits(**parts)


def _read_csv(path: Path) -> Split:
    """One checked file."""
    try:
        frame = pd.read_csv(path, low_memory=False)
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise ValueError(
            f"{path}: cannot be read as CSV: {str(error).strip()}; write it again "
            "as UTF-8 with the header ',long,lat,country'"
        ) from error
    names = [str(name) for name in frame.columns]
    if sorted(names) != sorted([_INDEX, *COLUMNS]) or not isinstance(frame.index, pd.RangeIndex):
        given = _header(path)
        raise ValueError(
            f"{path}: line 1: the columns must be an unnamed index, long, lat and "
            f"country, with as many cells in each row, got the header {given!r}; "
            "pandas' to_csv(path) writes a frame of the last three so"
        )
    if frame.empty:
        raise ValueError(f"{path}: no rows below the header; give at least one per split")
    numbers = {name: _numbers(path, frame, name) for name in _LIMITS}
    _check_index(path, numbers[_INDEX], [str(name) for name in frame.columns].index(_INDEX))
    return Split(
        x=np.column_stack([numbers["long"], numbers["lat"]]),
        y=numbers["country"].astype(np.int64),
        row_id=numbers[_INDEX].astype(np.int64),
    )


def _numbers(path: Path, frame: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """The column as float64; raises at the first value that is no number, or not in _LIMITS."""
    (low, high), whole = _LIMITS[name], name in ("country", _INDEX)
    column = frame[name]
    if column.dtype.kind not in "iuf":
        column = pd.to_numeric(column.astype("str"), errors="coerce")
    numbers = column.to_numpy(dtype=np.float64)
    checks = {
        "is not a number": np.isnan(numbers),
        f"is outside {low:.0f}..{high:.0f}": (numbers < low) | (numbers > high),
        "is not an integer": (numbers != np.floor(numbers)) & whole,
    }
    for problem, bad in checks.items():
        if not bad.any():
            continue
        line, text = _cell(path, int(bad.argmax()), list(frame.columns).index(name))
        shown = "the unnamed index" if name == _INDEX else name
        kind = "an integer" if whole else "a number"
        raise ValueError(
            f"{path}: line {line}: {shown} {text!r} {problem if text.strip() else 'is empty'}; it "
            f"must be {kind} of {low:.0f}..{high:.0f}: correct or remove the line ({bad.sum()} "
            "such in this file; line 1 is the header)"
        )
    return numbers


def _check_index(path: Path, index: npt.NDArray[np.float64], column: int) -> None:
    """Refuses an index that stands in several lines: it names a row's predictions."""
    values, counts = np.unique(index, return_counts=True)
    if (counts == 1).all():
        return
    value, count = int(values[counts > 1][0]), int(counts[counts > 1][0])
    lines = [_cell(path, int(row), column)[0] for row in np.flatnonzero(index == value)[:2]]
    raise ValueError(
        f"{path}: the unnamed index {value} stands in {count} lines, {lines[0]} and {lines[1]} "
        f"first, and it must name one line ({(counts > 1).sum()} such in this file): number the "
        "lines anew, as pandas' frame.reset_index(drop=True).to_csv(path) does"
    )


def _header(path: Path) -> str:
    with path.open(encoding="utf-8-sig") as file:
        return file.readline().rstrip("\r\n")


def _cell(path: Path, row: int, column: int) -> tuple[int, str]:
    """(line counted from 1 with the header, text as written) of a data row counted from 0."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        kept = (cells for cells in reader if len(cells) > 1 or "".join(cells).strip())
        for position, cells in enumerate(kept):  # pandas passes over blank lines as well
            if position == row + 1:
                return reader.line_num, cells[column] if column < len(cells) else ""
    raise ValueError(f"{path}: changed while it was read; try again")
