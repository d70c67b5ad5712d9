"""Writes the report of some records, and says where it is."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from sweepbook.commands.judging.later import with_claims_of
from sweepbook.commands.unforeseen import MOST, traceback_kept
from sweepbook.pages.report import Given, written_report
from sweepbook.record.load import load_record
from sweepbook.study.project import Project
from sweepbook.study.texts import count, shortened
from sweepbook.tune.console import say

_MOST_TOLD = 5  # failures, one line each; the page has all


def report(
    records: Sequence[str],
    out: Path,
    repeat: Sequence[str],
    console: Console,
    errors: Console,
    project: Project | None = None,
    claims: str | None = None,
    latex: bool = False,
) -> bool:
    """Writes the report into `out`, with the figures of its own that `project` declares.

    Returns whether all of it could be made. What an error kept from being made is told.

    Args:
        errors: where that is told.
        claims: a study file, or a study of the project: what it claims is judged as well, marked
            as declared after the training began where a record does not declare it.
        latex: whether tables are written as LaTeX and figures as PDF, too.

    Raises:
        ValueError: as `write_report`, and as `with_claims_of`.
    """
    given: tuple[list[Given], list[Given]] = (list(records), list(repeat))
    if claims is not None:
        loaded = [load_record(record) for record in (*records, *repeat)]
        found = with_claims_of(loaded, claims, project, partial(say, console))
        given = (list(found[: len(records)]), list(found[len(records) :]))
    page, failed = written_report(given[0], out, given[1], project, latex)
    say(console, f"{page}")
    for one in failed[:_MOST_TOLD]:
        say(errors, f"sweepbook: {shortened(one.sentence, MOST)}", style="red")
    if failed:
        parts = count(len(failed), "part")
        said = f"{parts} of the report could not be made, the rest is there."
        say(errors, f"sweepbook: {said} {traceback_kept([one.error for one in failed])}")
    return not failed
