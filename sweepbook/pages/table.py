"""A table of texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class Table:
    """A table of texts; numeric columns (by name) are set flush right."""

    columns: list[str]
    rows: list[list[str]]
    numeric: frozenset[str] = field(default_factory=frozenset)


def as_table(cells: pd.DataFrame, texts: Sequence[str] = ()) -> Table:
    """`cells`, a frame of texts, with the columns that hold numbers marked, but for `texts`."""
    columns = [str(name) for name in cells.columns]
    rows = [[str(value) for value in row] for row in cells.itertuples(index=False)]
    numeric = frozenset(
        name
        for i, name in enumerate(columns)
        if rows and name not in texts and all(_is_number(row[i]) for row in rows)
    )
    return Table(columns, rows, numeric)


def _is_number(text: str) -> bool:
    return text[:1] in "0123456789-–." or text == "published"
