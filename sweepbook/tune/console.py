"""Lines and tables for people, as every command prints them: each text as it is, no markup."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sweepbook.study.texts import visible


def say(console: Console, text: str, style: str | None = None) -> None:
    """Prints a text as it is: no markup, nothing highlighted, no line folded."""
    console.print(Text(visible(text, keep="\n"), style=style or ""), soft_wrap=True)


def table_of(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    has_header: bool = True,
    **of_columns: Any,
) -> Table:
    """Returns a table of texts without lines.

    Args:
        has_header: the names of the columns are shown.
        of_columns: of every column, as rich's `add_column` takes them.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=has_header)
    for column in columns:
        table.add_column(Text(visible(column)), **of_columns)
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    return table


def duration(seconds: float) -> str:
    """Returns a measured time: hours and minutes, minutes and seconds, or seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def rough_duration(seconds: float) -> str:
    """Returns an estimated time, which is good to a factor of two: whole minutes from 90 s on."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
