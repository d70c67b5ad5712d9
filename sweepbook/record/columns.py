"""What a column of a record's reports holds: plain values, of one kind in all trials."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from sweepbook.study.texts import visible

MOST_INTEGER = 2**63 - 1
MOST_EXACT = 2**53  # as a float, beside which a list may hold it


def check_value(name: str, value: Any) -> Any:
    """Returns a cell as tables and checkpoints hold it; numpy's and torch's become Python's.

    Raises:
        TypeError: it is nothing that a table of metrics can hold.
    """
    is_date = getattr(getattr(value, "dtype", None), "kind", None) in ("m", "M")  # of numpy
    value = value.tolist() if hasattr(value, "tolist") and not is_date else value
    if isinstance(value, list | tuple):
        cells = [check_value(name, one) for one in value]
        if any(isinstance(cell, int) and abs(cell) > MOST_EXACT for cell in cells):
            raise TypeError(
                f"{name} is a list with whole numbers beyond 2**53: yield them as texts"
            )
        kinds = sorted({kind for cell in cells if (kind := kind_of(cell))}, key=len)
        if not all(_is_alike(kind, kinds[-1]) for kind in kinds):
            raise TypeError(
                f"{name} is a list with {kinds[0]} and {kinds[-1]} in it: all values of a list "
                "must be of one kind"
            )
        return cells
    if isinstance(value, int) and not -MOST_INTEGER <= value <= MOST_INTEGER:
        raise TypeError(
            f"{name} is {str(value)[:30]}, but whole numbers must lie within -2**63 .. 2**63: "
            "yield str(...)"
        )
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise TypeError(
                f"{name} is {value!r}, which is not a valid Unicode text: {error}"
            ) from error
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(
        f"{name} is a {type(value).__name__}, {str(value)[:60]!r}: a record holds numbers, texts, "
        "None, and lists of these"
    )


def plain_cell(value: Any) -> Any:
    """Returns a cell of a table that was read as it was written: arrays become lists again."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return [plain_cell(one) for one in value] if isinstance(value, list) else value


def kind_of(value: Any) -> str | None:
    """Returns the kind of a plain value in words; None of one that is missing."""
    if value is None:
        return None
    if isinstance(value, list):
        known = [kind for one in value if (kind := kind_of(one))]
        word, space, rest = max(known, key=len, default="a ").removeprefix("a ").partition(" ")
        return f"a list of {word}s{space}{rest}" if known else "a list"
    if isinstance(value, bool):
        return "a flag"
    return "a text" if isinstance(value, str) else "a number"


def _is_alike(kind: str, other: str) -> bool:
    """Whether values of both kinds fit one column; a list may not show of what it is one."""
    are_lists = kind.startswith("a list") and other.startswith("a list")
    return kind == other or (are_lists and (kind.startswith(other) or other.startswith(kind)))


class Columns:
    """The kind of each column, which its first value settles; seconds of a step are numbers."""

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {"time_s": "a number"}

    def misfit(self, rows: Iterable[Mapping[str, Any]]) -> str | None:
        """Takes rows; returns in words where one is of another kind than its column, or None.

        Nothing is learnt from rows of which one does not fit.
        """
        kinds = dict(self.kinds)
        for row in rows:
            for name, value in row.items():
                kind = kind_of(value)
                if kind is None:
                    continue
                known = kinds.get(name, kind)
                if not _is_alike(kind, known):
                    return (
                        f"{visible(name)} is {kind}, {str(value)[:60]!r}, and was {known} "
                        "before: a metric is of one kind in all trials of a study, or None"
                    )
                kinds[name] = max(kind, known, key=len)
        self.kinds = kinds
        return None

    def take_over(self, reports: pd.DataFrame) -> None:
        """Learns the kinds of a table that was read."""
        for name in map(str, reports.columns):
            if pd.api.types.is_float_dtype(reports[name]):
                self.kinds[name] = "a number"  # also where all of them are NaN
                continue
            for value in reports[name].dropna():
                kind = str(kind_of(plain_cell(value)))
                self.kinds[name] = max(kind, self.kinds.get(name, ""), key=len)
                if not kind.endswith(("list", "lists")):
                    break  # else an empty one, which does not say of what it is one


def fitting(tables: Sequence[pa.Table]) -> list[pa.Table]:
    """Returns tables whose columns fit together, as one table or the next may hold another kind.

    Whole numbers and floats become floats; other kinds, of records before version 0.2, JSON.
    """
    kinds: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for field in table.schema:
            kinds.setdefault(field.name, set()).add(field.type)
    for name, own in kinds.items():
        families = {_family(kind) for kind in own} - {"null"}
        if len(families) > 1 and all(family.startswith("list") for family in families):
            families -= {"list of null"}
        if families == {"whole number", "float"}:
            tables = [_cast(table, name) for table in tables]
        elif len(families) > 1 and families != {"list of whole number", "list of float"}:
            tables = [_as_json(table, name) for table in tables]
    return list(tables)


def _family(kind: pa.DataType) -> str:
    """Kinds that Arrow itself makes one of."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list of {_family(kind.value_type)}"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "text"
    if pa.types.is_integer(kind):
        return "whole number"
    return "float" if pa.types.is_floating(kind) else str(kind)


def _cast(table: pa.Table, name: str) -> pa.Table:
    if name not in table.column_names:
        return table
    column = table.column(name).cast(pa.float64(), safe=False)
    return table.set_column(table.column_names.index(name), name, column)


def _as_json(table: pa.Table, name: str) -> pa.Table:
    if name not in table.column_names:
        return table
    texts = [None if v is None else json.dumps(v) for v in table.column(name).to_pylist()]
    return table.set_column(table.column_names.index(name), name, pa.array(texts, pa.string()))
