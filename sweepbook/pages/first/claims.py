"""All declared claims on the first screen, and what of them is open, in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sweepbook.aggregates.labels import count, listing
from sweepbook.findings.finding import MISSING, OPEN
from sweepbook.pages.forest import Row
from sweepbook.pages.studies.section import Section


@dataclass(frozen=True)
class Group:
    """The claims of one study."""

    anchor: str
    name: str
    rows: list[Row]


def groups(sections: Sequence[Section]) -> list[Group]:
    """The claims of every study that has some to show; what is not available is said elsewhere."""
    found = []
    for section in sections:
        rows = [row for row in section.rows if row.verdict != MISSING]
        if rows:
            found.append(Group(section.anchor, section.record.study, rows))
    return found


def left_open(sections: Sequence[Section]) -> str:
    """How many claims that were declared in time are undecided, and for which reasons."""
    rows = [row for section in sections for row in section.rows]
    why = Counter(row.why for row in rows if row.verdict == OPEN and not row.is_late)
    if not why:
        return ""
    n = sum(why.values())
    reasons = [f"{reason} ({k})" for reason, k in why.most_common() if reason]
    said = f": {listing(reasons)}" if reasons else ""
    return f"{count(n, 'claim')} {'is' if n == 1 else 'are'} undecided{said}."


@dataclass(frozen=True)
class NotAvailable:
    """How many claims of a study nothing decides, as a link to what they lack."""

    anchor: str
    text: str


def not_available(sections: Sequence[Section]) -> list[NotAvailable]:
    """ "11 claims of models": of each study that has claims which nothing decides."""
    found = []
    for section in sections:
        n = sum(row.verdict == MISSING for row in section.rows)
        if n:
            text = f"{count(n, 'claim')} of {section.record.study}"
            found.append(NotAvailable(section.anchor, text))
    return found
