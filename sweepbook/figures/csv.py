"""Tables as CSV that other programs read as they are: no spreadsheet runs a text of theirs."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sweepbook.study.texts import visible

# with these a spreadsheet's formula begins, as it may after a tab or a line break
_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_text(frame: pd.DataFrame) -> str:
    """Returns a frame as CSV with a header, without its index; numbers in full precision.

    A text that a spreadsheet would run begins with a quote; see `cell_text`. Control characters
    in texts, but for tabs and line breaks, are written as their codes.
    """
    names = [cell_text(name) for name in frame.columns]
    columns = [_quoted(frame.iloc[:, at]) for at in range(len(names))]
    quoted = pd.concat(columns, axis=1) if columns else frame
    text: str = quoted.to_csv(index=False, lineterminator="\n", header=names)
    return visible(text, keep="\n\t")


def cell_text(value: Any) -> Any:
    """Returns a cell, with a single quote before a text that begins as a formula does.

    What reads as a number stays as it is, and so does whatever is no text.

    >>> cell_text("=1+1"), cell_text("-0.5"), cell_text(-0.5)
    ("'=1+1", '-0.5', -0.5)
    """
    if not isinstance(value, str) or not value.startswith(_BEGINNINGS) or _is_number(value):
        return value
    return f"'{value}"


def _quoted(column: pd.Series[Any]) -> pd.Series[Any]:
    """The column, changed only where one of its cells is."""
    kind = column.dtype
    if pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind):
        return column
    cells = [cell_text(value) for value in column]
    changed = any(new is not old for new, old in zip(cells, column, strict=True))
    return pd.Series(cells, index=column.index, dtype=object) if changed else column


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text == text.strip() and "_" not in text
