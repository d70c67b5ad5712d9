"""Two records of the same study as a page or a terminal shows them: what changed first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from sweepbook.aggregates.labels import count, listing
from sweepbook.findings.amounts import estimate_texts
from sweepbook.findings.compared.differences import Differences, check_comparable, differences
from sweepbook.findings.compared.frame import (
    MOVED,
    ONLY_A,
    ONLY_B,
    OPPOSITE,
    OTHER,
    SAME,
    compared_frame,
    shown_rows,
    summary,
)
from sweepbook.pages.compared.strip import Strip, strip_of
from sweepbook.pages.studies.claims import finding_table
from sweepbook.pages.table import Table
from sweepbook.record.load import Record, load_record, with_known_files
from sweepbook.record.storage.places import Where

_MOST_CONFIGS = 20  # of each record; compare.csv has no row for them
_AGAIN = "_again"


@dataclass(frozen=True)
class Side:
    """What one record says of a claim: verdict, estimate and interval."""

    verdict: str
    estimate: str
    interval: str


@dataclass(frozen=True)
class Pair:
    """One claim, or question, and what both records say of it.

    change: what became of the verdict; inside: whether B's estimate lies where A predicts it, in
    words, "" where that cannot be asked; apart: where the two estimates are of different arms,
    of which ones; strip: the two as a picture, where they can be compared.
    """

    claim: str
    change: str
    first: Side
    second: Side
    inside: str
    apart: str
    strip: Strip | None


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two records side by side; sentence: what changed, more: what else there is to say first.

    moved, stayed: claims by what became of their verdict. alone: those that only one declares.
    configs: what only one has trained.
    """

    question: str
    names: tuple[str, str]
    sentence: str
    more: list[str]
    differs: Table
    moved: list[Pair]
    stayed: list[Pair]
    alone: Table
    configs: Table
    frame: pd.DataFrame


def compare_records(first: Where | Record, second: Where | Record) -> pd.DataFrame:
    """Compares the findings of two records of the same study, side by side.

    The two may differ in seed, data, code, settings or length.

    Args:
        first: a record (A), its folder or its URI.
        second: the other record (B), which was usually made later.

    Returns:
        One row per finding of either record. `change` is "opposite", "moved" (to or from
        undecided), "other verdict", "the same", "only in A" or "only in B", in this order.
        `verdict`, `estimate`, `low`, `high` and `n` are those of the first record,
        `verdict_again` and so on those of the second; `declared` says which record declares the
        claim: "A", "B" or "both", or "" if nobody does. `predicted_low`, `predicted_high` and
        `inside` say whether the second estimate lies in the first one's 95 % prediction interval,
        if the records differ in nothing but the seed.

    Raises:
        ValueError: the records are of different studies, or one of them cannot be loaded.
    """
    return comparison_of(first, second).frame


def comparison_of(first: Where | Record, second: Where | Record) -> Comparison:
    """Compares two records; see `compare_records`.

    Raises:
        ValueError: as `compare_records`.
    """
    here, there = (
        with_known_files(one if isinstance(one, Record) else load_record(one))
        for one in (first, second)
    )
    check_comparable(here, there)
    found = differences(here, there)
    frame = compared_frame(
        here, there, (finding_table(here), finding_table(there)), found.only_seed
    )
    shown = shown_rows(frame)
    sentence, *more = summary(shown)
    rows = shown.to_dict("records")
    pairs = [_pair(row) for row in rows if row["change"] not in (ONLY_A, ONLY_B)]
    alone = [[str(row["claim"]), str(row["change"])] for row in rows]
    alone = [row for row in alone if row[1] in (ONLY_A, ONLY_B)]
    return Comparison(
        question=here.manifest.study.question or here.study,
        names=(str(here.path), str(there.path)),
        sentence=sentence,
        more=[*more, *_alike(found, here, there)],
        differs=Table(["what", "A", "B"], [list(row) for row in found.rows]),
        moved=[pair for pair in pairs if pair.change in (OPPOSITE, MOVED, OTHER)],
        stayed=[pair for pair in pairs if pair.change == SAME],
        alone=Table(["claim", "declared"], alone),
        configs=Table(["config", "trained"], _configs(found)),
        frame=frame,
    )


def _pair(row: dict[Any, Any]) -> Pair:
    known = not pd.isna(row["inside"])
    first, second = _side(row, ""), _side(row, _AGAIN)
    is_difference = any(side.estimate.startswith(("+", "-")) for side in (first, second))
    apart = _apart(row)
    return Pair(
        claim=str(row["claim"]),
        change=str(row["change"]),
        first=first,
        second=second,
        inside=("inside" if row["inside"] else "outside") if known else "",
        apart=apart,
        strip=None if apart else strip_of(row, is_difference),
    )


def _apart(row: dict[Any, Any]) -> str:
    """What each estimate is of, where that is not the same: the values choose it."""
    for key, word in (("arm", "of"), ("rival", "against")):
        one, other = row[key], row[f"{key}{_AGAIN}"]
        if not pd.isna(one) and not pd.isna(other) and one != other:
            return f"A {word} {one}, B {word} {other}"
    return ""


def _side(row: dict[Any, Any], which: str) -> Side:
    keys = ("estimate", "low", "high", "level", "against", "rival")
    told = {"unit": row["unit"]} | {key: row[f"{key}{which}"] for key in keys}
    return Side(str(row[f"verdict{which}"]), *estimate_texts(told))


def _alike(found: Differences, *records: Record) -> list[str]:
    """What the two have in common, and how many configs they have not."""
    if not found.rows:
        digests = {record.manifest.record_digest for record in records}
        results = ", and all their results are the same" * (len(digests - {None}) == 1)
        return [f"The two records say the same of how they were made{results}."]
    texts = [f"The same in both: {listing(found.same, most=9)}."] if found.same else []
    if found.only_seed:
        texts.insert(0, "They were made alike but for the seed.")
    return texts


def _configs(found: Differences) -> list[list[str]]:
    rows = []
    for which, labels in zip((ONLY_A, ONLY_B), found.configs, strict=True):
        rows += [[label, which] for label in labels[:_MOST_CONFIGS]]
        if len(labels) > _MOST_CONFIGS:
            rows.append([f"and {count(len(labels) - _MOST_CONFIGS, 'config')} more", which])
    return rows
