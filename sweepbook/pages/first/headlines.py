"""What stands first: at most eight sentences, one of every study while there is room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from sweepbook.pages.forest import MARKS
from sweepbook.pages.studies.section import Section

MOST = 8


@dataclass(frozen=True)
class Told:
    """A headline on the first screen, with the section that it leads to."""

    anchor: str
    verdict: str
    mark: str
    text: str
    why: str = ""


def headlines(sections: Sequence[Section]) -> list[Told]:
    """The first headline of each study, then the second ones, ..., in the order of the studies."""
    by_rank = zip_longest(*(section.claims.headlines for section in sections))
    ranked = [
        (place, rank, one)
        for rank, row in enumerate(by_rank)
        for place, one in enumerate(row)
        if one is not None
    ]
    chosen = sorted(ranked[:MOST], key=lambda found: found[:2])
    return [
        Told(
            sections[place].anchor,
            one.verdict,
            MARKS.get(one.verdict, ""),
            one.text,
            "weak" if one.is_weak else "",
        )
        for place, _, one in chosen
    ]
