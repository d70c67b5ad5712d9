"""Findings, answers and scorecard as the page shows them: frames -> tables of texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from sweepbook.aggregates.labels import metric_name, number
from sweepbook.aggregates.search import search_of
from sweepbook.findings.asked.groups import question_groups
from sweepbook.findings.confirmed import KIND as CONFIRMATION
from sweepbook.findings.confirmed import is_confirmation
from sweepbook.findings.confirmed import summary as confirmation_summary
from sweepbook.findings.evaluate import evaluate, without_values
from sweepbook.findings.finding import (
    COLUMNS,
    MISSING,
    Finding,
    findings_frame,
)
from sweepbook.findings.forest import COLUMNS as FOREST
from sweepbook.findings.forest import forest_frame, is_weak
from sweepbook.findings.headlines import BEST, ORDER, headline_of
from sweepbook.findings.search_checks import KIND as SEARCH
from sweepbook.findings.search_checks import headline, summary
from sweepbook.pages.studies.answers import Answers, Headline, study_answers
from sweepbook.pages.studies.missing import Missing, missing_of
from sweepbook.pages.studies.questions import Asked, asked_of
from sweepbook.pages.table import Table
from sweepbook.record.load import Record
from sweepbook.record.registration import AFTER


@dataclass(frozen=True, eq=False)
class Claims:
    """One record's findings: all of them as a frame; what was declared before the training began,
    and late, what the record is asked and what a search or its confirmation is checked for as
    (verdict, sentence); answers as paragraphs, which do not repeat the headlines; problem: what
    could not be computed, with the reason, or ""; questions: what every trial is asked; forest:
    the declared ones on one scale; missing: what is not available, one entry for all declared
    claims that lack the same thing; declared_findings: the declared ones and the late ones, in
    their order."""

    frame: pd.DataFrame
    declared: list[tuple[str, str]]
    asked: list[tuple[str, str]]
    answers: list[str]
    problem: str = ""
    checks: list[tuple[str, str]] = field(default_factory=list)
    late: list[tuple[str, str]] = field(default_factory=list)
    questions: list[Asked] = field(default_factory=list)
    forest: pd.DataFrame = field(default_factory=pd.DataFrame)
    headlines: list[Headline] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    declared_findings: list[Finding] = field(default_factory=list)


NONE = Claims(findings_frame([]).assign(record="")[["record", *COLUMNS]], [], [], [])


def finding_table(record: Record) -> pd.DataFrame:
    """What a record decides: one row per finding, the claims of its study first.

    Columns: record (the folder's name) and the fields of `sweepbook.findings.finding.Finding`;
    above all name, sentence (the finding as text), verdict ("holds", "does not hold",
    "undecided", "not available"), question (what every trial is asked, by its name; "" of a
    claim), estimate with low and high (95 % interval, in unit), n
    (replicates or pairs) and p_holm. No row where nothing has been reported yet.

    Raises ValueError for what cannot be evaluated. Randomness: none.
    """
    return _table(record, [] if _lacking(record) else evaluate(record))


def _table(record: Record, findings: Sequence[Finding]) -> pd.DataFrame:
    return findings_frame(findings).assign(record=record.name)[["record", *COLUMNS]]


def _lacking(record: Record) -> str:
    """Why nothing can be decided at all, or ""."""
    if record.reports.empty:
        return "no trial has reported"
    return "" if record.metric in record.reports else f"no trial reports {record.metric}"


def _without_values(record: Record, why: str, problem: str = "") -> Claims:
    """The claims where there is nothing to decide them by: each is not available."""
    claimed = without_values(record, why)
    return Claims(
        _table(record, []),
        _told([one for one in claimed if one.declared != AFTER]),
        [],
        [],
        problem,
        late=_told([one for one in claimed if one.declared == AFTER]),
        forest=forest_frame(record, claimed),
        missing=missing_of(record, claimed),
        declared_findings=claimed,
    )


def claims_of(record: Record) -> Claims:
    """Evaluate the record's claims. What cannot be computed leaves a problem, no error."""
    if lacking := _lacking(record):
        return _without_values(record, lacking)
    try:
        findings = evaluate(record)
    except ValueError as error:
        problem = f"The findings could not be computed: {error}."
        return _without_values(record, "the findings could not be computed", problem)
    answers, problem = _answers(record, findings)
    declared = {claim.name for claim in record.manifest.study.claims}
    claimed = [finding for finding in findings if finding.name in declared]
    checks = [finding for finding in findings if finding.kind in (SEARCH, CONFIRMATION)]
    others = [finding for finding in findings if finding.kind not in (SEARCH, CONFIRMATION)]
    return Claims(
        frame=_table(record, findings),
        declared=_told([one for one in others if one.name in declared and one.declared != AFTER]),
        asked=_told([f for f in others if f.name not in declared and not f.question]),
        answers=answers.paragraphs,
        problem=problem,
        checks=_told(checks),
        late=_told([finding for finding in others if finding.declared == AFTER]),
        questions=asked_of(question_groups(record, findings)),
        forest=forest_frame(record, findings),
        headlines=answers.headlines,
        missing=missing_of(record, claimed),
        declared_findings=claimed,
    )


def _told(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(finding.verdict, finding.sentence) for finding in findings]


def _answers(record: Record, findings: Sequence[Finding]) -> tuple[Answers, str]:
    """The answers, and why those of the study's own template are missing, or ""."""
    search, problem, own = search_of(record), "", Answers([], [])
    try:
        own = study_answers(record, findings)
    except ValueError as error:
        problem = f"The answers could not be written: {error}."
    summaries = [
        *([summary(search)] if search else []),
        *([confirmation_summary(record)] if is_confirmation(record) else []),
    ]
    headlines = own.headlines or _headlines(record, findings)
    return Answers(headlines, [*summaries, *own.paragraphs]), problem


def _headlines(record: Record, findings: Sequence[Finding]) -> list[Headline]:
    """Of a study without headlines of its own: its claims, else which config is best.

    A search begins with its best trial, whose value nothing has confirmed; a confirmation with
    its best winner, or by how much the value of its only one flattered.
    """
    declared = {claim.name for claim in record.manifest.study.claims}
    known = [one for one in findings if one.verdict != MISSING]
    told = [one for one in known if one.name in declared]
    if is_confirmation(record):
        own = [one for one in known if one.kind == CONFIRMATION]
        told = [*([one for one in own if one.name == ORDER] or own[:1]), *told]
    told = told or [one for one in known if one.name == BEST]
    search = search_of(record)
    best = headline(search) if search else ""
    first = [Headline("", "", best)] if best else []
    return first + [
        Headline(one.verdict, one.name, headline_of(one), is_weak(one)) for one in told
    ]


def forest(claims: Sequence[Claims]) -> pd.DataFrame:
    """The declared claims of all records on one scale; see `forest_frame`."""
    frames = [own.forest for own in claims if len(own.forest)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(FOREST))


def together(claims: Sequence[Claims]) -> pd.DataFrame:
    """All findings in one frame, in the order of the records; only a header where none is."""
    frames = [c.frame for c in claims if len(c.frame)]
    return pd.concat(frames, ignore_index=True) if frames else claims[0].frame


def printed_table(scorecard: pd.DataFrame) -> Table:
    """The scorecard's rows as texts: the published value, ours with its prediction interval."""
    rows = []
    for row in scorecard.to_dict("records"):
        low, high = number(row["low"]), number(row["high"])
        inside = row["inside"]
        verdict = "–" if inside is pd.NA or inside is None else "inside" if inside else "outside"
        rows.append(
            [str(row["record"]), str(row["config"]), number(row["epoch"]),
             metric_name(str(row["metric"])), number(row["published"]), number(row["mean"]),
             f"{low} to {high}" if low != "–" else "–", number(row["n"]), verdict,
             str(row["note"] or "") if row["note"] == row["note"] else ""]
        )  # fmt: skip
    columns = ["record", "config", "epoch", "metric", "published", "mean", "95 % prediction",
               "n", "published value is", "why not comparable"]  # fmt: skip
    numeric = frozenset({"epoch", "published", "mean", "95 % prediction", "n"})
    return Table(columns, rows, numeric)
