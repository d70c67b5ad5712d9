"""What the templates of a report print: of all its records together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from sweepbook.aggregates.labels import listing
from sweepbook.aggregates.published import sources
from sweepbook.figures.captions import reading_figures
from sweepbook.findings.finding import MIXED
from sweepbook.findings.forest import how_sure
from sweepbook.findings.scorecard import agreement
from sweepbook.pages.data_card import DataCard, data_card
from sweepbook.pages.first.banner import edited, reduced
from sweepbook.pages.first.claims import groups, left_open, not_available
from sweepbook.pages.first.facts import facts
from sweepbook.pages.first.headlines import headlines
from sweepbook.pages.first.source import an_example
from sweepbook.pages.forest import MARKS, TICKS, band, place
from sweepbook.pages.glossary import Linker, anchor_of, glossary
from sweepbook.pages.studies.attempt import Attempts
from sweepbook.pages.studies.claims import printed_table
from sweepbook.pages.studies.section import Section, data_anchor
from sweepbook.pages.table import Table
from sweepbook.record.load import Record
from sweepbook.record.manifest import OVERLAPPING
from sweepbook.study.project import Project


def context_of(
    records: Sequence[Record],
    sections: Sequence[Section],
    printed: pd.DataFrame,
    attempts: Attempts,
) -> dict[str, Any]:
    """What the templates print of all records, but for the report's title and its repeat.

    printed: the scorecard. attempts: gets what fails; it is left out, and the banner says so.
    """
    made = attempts.made
    cards = made("the data cards", lambda: _data_cards(records), dict[str, DataCard]())
    words = made("the glossary", lambda: glossary(records), list[Any]())
    warned = [text for card in cards.values() for text in card.warnings]
    shown = {
        "edited": made("whether a record was edited", lambda: edited(records), list[Any]()),
        "facts": made("the facts", lambda: facts(records), ""),
        "headlines": made("the headlines", lambda: headlines(sections), list[Any]()),
        "how_sure": made("how sure it is", lambda: _how_sure(records, sections), ""),
        "forest": made("all declared claims", lambda: groups(sections), list[Any]()),
        "open": made("what is left open", lambda: left_open(sections), ""),
        "example": made("an example of a trial", lambda: an_example(sections), ""),
        "missing": made("what is not available", lambda: not_available(sections), list[Any]()),
        "is_mixed": any(row.verdict == MIXED for one in sections for row in one.rows),
        "band": band(),
        "marks": MARKS,
        "ticks": [(tick, place(tick)) for tick in TICKS],
        "agreement": made("the agreement", lambda: agreement(printed), ""),
        "printed": made("published values", lambda: printed_table(printed), Table([], [])),
        "sections": sections,
        "cards": cards,
        "reading": made("how to read the figures", lambda: reading_figures(records), ""),
        "published_sources": made("the sources", lambda: sources(records), ""),
        "words": words,
        "anchor_of": anchor_of,
        "linked": Linker(words),
    }
    reduced_to = made("what this run reduced", lambda: reduced(records), list[Any]())
    return shown | {"banner": [*attempts.lines, *reduced_to, *warned]}


def title_of(records: Sequence[Record], project: Project | None) -> str:
    """The questions of one or two studies, else the project's title, else the studies' names."""
    studies = list(dict.fromkeys(record.study for record in records))
    if len(studies) <= 2:
        asked = [record.manifest.study.question or record.study for record in records]
        return " ".join(dict.fromkeys(asked))
    declared = project.title if project is not None else ""
    return declared or f"{len(studies)} studies: {listing(studies, most=8)}"


def _how_sure(records: Sequence[Record], sections: Sequence[Section]) -> str:
    """How sure the claims are as a whole, and of which records by a corrected test."""
    text = how_sure([section.claims.forest for section in sections])
    names = [record.study for record in records if record.manifest.data.overlap]
    return f"{text} In {listing(names)} {OVERLAPPING}." if text and names else text


def _data_cards(records: Sequence[Record]) -> dict[str, DataCard]:
    """Anchor -> card, one per distinct data set, in the order of their first record."""
    cards: dict[str, DataCard] = {}
    for record in records:
        card = data_card(record)
        cards.setdefault(data_anchor(card), card)
    return cards
