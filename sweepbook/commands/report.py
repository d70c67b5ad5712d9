"""Writes the report of some records, and says where it is."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from sweepbook.pages.report import write_report
from sweepbook.study.project import Project
from sweepbook.tune.console import say


def report(
    records: Sequence[str],
    out: Path,
    repeat: Sequence[str],
    console: Console,
    project: Project | None = None,
) -> None:
    """Writes the report into `out`, with the figures of its own that `project` declares.

    Raises:
        ValueError: as `write_report`.
    """
    say(console, f"{write_report(list(records), out, list(repeat), project)}")
