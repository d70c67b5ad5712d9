"""The tables of a record as they are read: columns of the kinds that we write, in their ranges.

A column that no one here knows is kept as it is, if it holds numbers, flags, texts or lists of
these. A dictionary (pandas' categories) is a way to store these, and becomes what it stands for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from sweepbook.record.schema.limits import MOST_CELLS, MOST_REPLICATES, MOST_STEPS, TRIAL_ID, Range
from sweepbook.study.texts import visible


@dataclass(frozen=True)
class Column:
    """What a known column holds.

    Args:
        kind: "text", "whole" (numbers), "number" or "flag".
        within: the range of its numbers; None: any.
        is_key: it must be there, with a value in every row.
    """

    kind: str
    within: Range | None = None
    is_key: bool = False


STATUSES = ("finished", "stopped", "diverged", "failed", "interrupted", "running", "pending")
_COUNT, _SECONDS = Column("whole", Range(0, MOST_STEPS)), Column("number", Range(0, 1e12))
_ID, _TEXT = Column("text", is_key=True), Column("text")
_REPLICATE = Column("whole", Range(0, MOST_REPLICATES - 1), is_key=True)
TRIALS = {
    "trial_id": _ID, "status": _TEXT, "study": _TEXT, "reason": _TEXT, "error": _TEXT,
    "fidelity_unit": _TEXT, "started": _TEXT, "ended": _TEXT,
    "seed": Column("whole", Range(0, 2**63 - 1)),
    "n_replicates": Column("whole", Range(1, MOST_REPLICATES), is_key=True),
    "n_diverged": _COUNT, "n_retries": _COUNT, "n_node_losses": _COUNT, "max_fidelity": _COUNT,
    "last_fidelity": _COUNT, "number": _COUNT, "rung": _COUNT, "cutoff": Column("number"),
    "has_train_loss": Column("flag"), "time_total_s": _SECONDS,
}  # fmt: skip
TRIAL_NEEDS = (
    *("trial_id", "status", "study", "reason", "error", "seed", "n_replicates"),
    *("fidelity_unit", "last_fidelity", "time_total_s"),
)
_ROW = Column("whole", Range(-(2**63), 2**63 - 1), is_key=True)
PREDICTIONS = {
    "trial_id": _ID, "replicate": _REPLICATE, "split": _ID, "row_id": _ROW, "label": _ROW,
    "predicted": _ROW, "probability": Column("number"),
}  # fmt: skip


def of_reports(unit: str, metric: str) -> dict[str, Column]:
    """Returns the known columns of a record's reports, by its unit of fidelity and its metric."""
    step = Column("whole", Range(0, MOST_STEPS), is_key=True)  # from 1, which `verify` checks
    known = {"trial_id": _ID, "replicate": _REPLICATE, unit: step, "time_s": _SECONDS}
    return {metric: Column("number"), **known}


def check_size(n_rows: int, n_columns: int, n_bytes: int) -> None:
    """Checks what a file says of its table before anything of it is read.

    Raises:
        ValueError: it would take more memory than any table of a study.
    """
    if n_rows * max(n_columns, 1) > MOST_CELLS or n_bytes > 8 * MOST_CELLS:
        raise ValueError(
            f"says that it has {n_rows:,} rows of {n_columns:,} columns in {n_bytes:,} bytes, "
            f"more than {MOST_CELLS:,} numbers"
        )


def checked(table: pa.Table, known: Mapping[str, Column]) -> pa.Table:
    """Returns a table whose known columns hold what they must, and the others plain values.

    Raises:
        ValueError: naming the column, what it must hold, and what it holds.
    """
    names = table.column_names
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"has the column {_shown(twice)} twice")
    for at, name in enumerate(names):
        column = _decoded(table.column(at), name)
        if name in known:
            column = _checked_column(column, name, known[name])
        if column is not table.column(at):
            table = table.set_column(at, name, column)
    if "trial_id" in names:
        _check_ids(table.column("trial_id"))
    return table


def _decoded(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """The column without a dictionary; refused where it holds what no record does."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    while _is_list(kind):
        kind = kind.value_type
    is_text = _is_text(kind)
    is_plain = pa.types.is_integer(kind) or pa.types.is_floating(kind) or is_text
    if not (is_plain or pa.types.is_boolean(kind) or pa.types.is_null(kind)):
        raise ValueError(
            f"the column {_shown(name)} holds {column.type}, but a record holds numbers, flags, "
            "texts, and lists of these"
        )
    if is_text or _is_list(column.type):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            raise ValueError(f"the column {_shown(name)} cannot be read: {error}") from error
    return column


def _checked_column(column: pa.ChunkedArray, name: str, must: Column) -> pa.ChunkedArray:
    kind = column.type
    if must.is_key and column.null_count:
        raise ValueError(f"the column {_shown(name)} has rows without a value")
    if pa.types.is_null(kind):
        return column
    if must.kind == "number" and pa.types.is_boolean(kind):
        return column.cast(pa.float64())
    if must.kind == "whole" and pa.types.is_floating(kind):
        column = _whole(column, name, must.is_key)
    fits = {"text": _is_text, "flag": pa.types.is_boolean}.get(must.kind, _is_number)(kind)
    if not fits:
        words = {"text": "texts", "flag": "true or false", "whole": "whole numbers"}
        raise ValueError(
            f"the column {_shown(name)} must hold {words.get(must.kind, 'numbers')}, "
            f"but holds {kind}"
        )
    if must.within is not None:
        _check_range(column, name, must.within)
    return column


def _whole(column: pa.ChunkedArray, name: str, is_key: bool) -> pa.ChunkedArray:
    """The column, if its numbers are whole: as integers where every row has one."""
    given = column.filter(pc.is_finite(column)) if not is_key else column
    try:
        whole = given.cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise ValueError(f"the column {_shown(name)} must hold whole numbers: {error}") from error
    return whole if is_key else column


def _check_range(column: pa.ChunkedArray, name: str, within: Range) -> None:
    found = pc.min_max(column).as_py()
    for value in (found["min"], found["max"]):
        # NaN is no value: it is missing
        if value is not None and value == value and not within.low <= value <= within.high:
            raise ValueError(
                f"the column {_shown(name)} must hold numbers {within}, but holds {value}"
            )


def _check_ids(column: pa.ChunkedArray) -> None:
    for trial_id in pc.unique(column).to_pylist():
        if not TRIAL_ID.fits(trial_id):
            shown = visible(trial_id)[:60]
            raise ValueError(
                f"the column trial_id must hold {TRIAL_ID.words}, but holds '{shown}'"
            )


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _shown(name: str) -> str:
    return visible(name)[:60]
