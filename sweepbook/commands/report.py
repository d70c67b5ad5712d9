"""Writes the report of some records, and says where it is."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from sweepbook.commands.judging.later import with_claims_of
from sweepbook.pages.report import write_report
from sweepbook.record.load import load_record
from sweepbook.study.project import Project
from sweepbook.tune.console import say


def report(
    records: Sequence[str],
    out: Path,
    repeat: Sequence[str],
    console: Console,
    project: Project | None = None,
    claims: str | None = None,
    latex: bool = False,
) -> None:
    """Writes the report into `out`, with the figures of its own that `project` declares.

    Args:
        claims: a study file, or a study of the project: what it claims is judged as well, marked
            as declared after the training began where a record does not declare it.
        latex: whether tables are written as LaTeX and figures as PDF, too.

    Raises:
        ValueError: as `write_report`, and as `with_claims_of`.
    """
    if claims is None:
        say(console, f"{write_report(list(records), out, list(repeat), project, latex)}")
        return
    loaded = [load_record(record) for record in (*records, *repeat)]
    found = with_claims_of(loaded, claims, project, partial(say, console))
    n = len(records)
    say(console, f"{write_report(found[:n], out, found[n:], project, latex)}")
