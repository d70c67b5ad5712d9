"""Writes the report of some records, and says where it is."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from sweepbook.pages.report import write_report
from sweepbook.tune.console import say


def report(records: Sequence[str], out: Path, repeat: Sequence[str], console: Console) -> None:
    """Writes the report into `out`.

    Raises:
        ValueError: as `write_report`.
    """
    say(console, f"{write_report(list(records), out, list(repeat))}")
