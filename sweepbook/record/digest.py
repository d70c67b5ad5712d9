"""One sha256 that two records share when they say the same."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.record.load import CONFIG, Record
from sweepbook.study.settings import PLACE_ENDINGS, PLACES

_VERSION = b"sweepbook record digest 1"  # another rule is another digest: count up
_TRIAL_COLUMNS = ("trial_id", "status", "n_replicates", "last_fidelity", "max_fidelity")
_PLACES = (*(CONFIG + key for key in PLACES), *PLACE_ENDINGS)  # how columns of places end
_EXACT_INTEGERS = 2**53  # beyond, float64 no longer holds every integer


def record_digest(record: Record) -> str:
    """Digest of what `record` says, as 64 hexadecimal digits. Pure.

    The rule. Hashed are, of the reports, every column except seconds (`time_s` and any other
    `*_s`), rows sorted by (trial_id, replicate, fidelity); of the trials, trial_id, status,
    n_replicates, last_fidelity, max_fidelity and config/*, rows sorted by trial_id. Left out are
    config/data and settings ending in `_path` or `_dir` (places on one machine; what the data
    hold is part of trial_id), and with them every date, duration, host, worker, reason, error and
    the manifest and predictions. Columns are taken in the order of their names. Numbers enter as
    the exact bits of float64, so that a change of any metric bit, and -0.0 for 0.0, changes the
    digest, while an integer equals the same float; every NaN and every missing value enters as
    one and the same NaN, and a column without any value equals an absent column. Lists enter with
    their length, texts as UTF-8 with theirs.

    Does not depend on the order of rows or columns, nor on parts against reports.parquet.
    """
    return frames_digest(record.trials, record.reports, record.unit)


def frames_digest(trials: pd.DataFrame, reports: pd.DataFrame, unit: str) -> str:
    """`record_digest` of bare frames; `unit` names the fidelity's column of `reports`."""
    key = ["trial_id", "replicate", unit]
    reports = reports[[name for name in reports if not str(name).endswith("_s")]]
    kept = [
        name
        for name in map(str, trials.columns)
        if name in _TRIAL_COLUMNS or (name.startswith(CONFIG) and not name.endswith(_PLACES))
    ]
    state = hashlib.sha256(_VERSION)
    _hash_frame(state, "reports", reports.sort_values(key))
    _hash_frame(state, "trials", trials[kept].sort_values("trial_id"))
    return state.hexdigest()


def changed_tables(record: Record, digest: str | None = None) -> str:
    """Returns a sentence where a record's tables have another digest than its manifest gives.

    "" where they have it, and where the record has none: it has not ended, or extends another one
    and has not gone on yet.

    Args:
        digest: of its tables, where it is known already.
    """
    manifest = record.manifest
    said = manifest.record_digest if manifest.has_ended else None
    if said is None or said == (digest or record_digest(record)):
        return ""
    return (
        f"{record.path}: its tables do not have the digest that its manifest gives, so one of "
        "them has been changed since the study ended"
    )


def check_digest(record: Record) -> None:
    """Checks that a record has ended, and that its tables have the digest that it then got.

    Raises:
        ValueError: they have not: nothing of it may go into another record.
    """
    if not record.manifest.has_ended or record.manifest.record_digest is None:
        raise ValueError(
            f"{record.path} has no digest, which a record gets when it ends, so nothing is taken "
            f"from it: complete it with sweepbook run --resume {record.path}"
        )
    if changed := changed_tables(record):
        raise ValueError(f"{changed}, and nothing is taken from it")


def _hash_frame(state: Any, name: str, frame: pd.DataFrame) -> None:
    state.update(f"\n{name} {len(frame)}".encode())
    for column in sorted(map(str, frame.columns)):
        values = frame[column]
        if values.notna().any():
            state.update(f"\n{column}\n".encode())
            for block in _column_bytes(values):
                state.update(block)


def _column_bytes(values: pd.Series[Any]) -> list[bytes]:
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
        whole = pd.api.types.is_integer_dtype(values)
        if not whole or int(np.abs(values.to_numpy()).max()) <= _EXACT_INTEGERS:
            return [_float_bytes(values.to_numpy(dtype="float64", na_value=np.nan))]
    return [_cell_bytes(value) for value in values]


def _float_bytes(values: np.ndarray[Any, np.dtype[np.float64]]) -> bytes:
    canonical = np.where(np.isnan(values), np.nan, values)  # NaNs differ in bits that say nothing
    return canonical.astype("<f8").tobytes()


def _cell_bytes(value: Any) -> bytes:
    """One tagged, length-prefixed value: list of numbers, number, text, or missing."""
    if isinstance(value, np.ndarray | list | tuple):
        try:
            body = _float_bytes(np.asarray(value, dtype="float64"))
        except (TypeError, ValueError):  # a list of texts or of lists
            body = b"".join(_cell_bytes(item) for item in value)
        return f"l{len(value)}:".encode() + body
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return b"-"
    if isinstance(value, int | float | np.number) and abs(float(value)) <= _EXACT_INTEGERS:
        return b"n" + _float_bytes(np.asarray([value], dtype="float64"))
    text = str(value).encode()
    return f"t{len(text)}:".encode() + text
