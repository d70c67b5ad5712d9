"""Findings: every declared claim of a record, and what any record is asked, as computed sentences.

The rules of the verdicts are stated in verdicts, those of gradients in aggregates.gradients. The
questions of our own are in questions: which config is best and worst, the leak (test rows with
the inputs of a training row), the gap between training and validation accuracy, training accuracy
in train and in evaluation mode, replicates that stay at chance, and the gradients of every trial
that tracked them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from sweepbook.aggregates.search import search_of
from sweepbook.findings.comparable.notes import length_note, split_note
from sweepbook.findings.confirmed import (
    confirmation_findings,
    is_confirmation,
    published_questions,
)
from sweepbook.findings.counts import class_of_gradients, count_at_chance
from sweepbook.findings.finding import OPEN, Finding
from sweepbook.findings.outcomes import Outcome
from sweepbook.findings.question import Question
from sweepbook.findings.questions import general_questions
from sweepbook.findings.search_checks import search_findings
from sweepbook.findings.sentences import in_unit, sentence, unit_of
from sweepbook.findings.values import Arm
from sweepbook.findings.verdicts import (
    arm_mean,
    detectable,
    outcome,
    replicates_needed,
    verdict,
)
from sweepbook.record.load import Record
from sweepbook.stats.intervals import holm
from sweepbook.study.claim import Claim

_COUNTED = {"mixture": count_at_chance, "gradients": class_of_gradients}
Adjusted = tuple[list[float], int]  # a claim's adjusted p values, and the size of its family


def evaluate(record: Record) -> list[Finding]:
    """The declared claims in their order, then the questions of our own, each with its verdict.

    A search is asked what to check before believing it (search_checks) instead, a confirmation
    of a search what came of its winners as well (confirmed). Randomness: none.
    """
    search = search_of(record)  # of its trials each is asked nothing: they are one of many
    confirms = is_confirmation(record)
    questions = [Question(claim=claim) for claim in record.manifest.study.claims]
    questions += [] if search else general_questions(record)
    questions += published_questions(record) if confirms else []
    results = {
        question.claim.name: outcome(record, question.claim, question.chosen)
        for question in questions
        if question.claim.kind not in _COUNTED
    }
    adjusted = adjust(questions, results)
    found = [
        _counted(record, question)
        if question.claim.kind in _COUNTED
        else _decided(
            record, question, results[question.claim.name], adjusted[question.claim.name]
        )
        for question in questions
    ]
    findings = [finding for finding in found if finding is not None]
    findings += search_findings(search) if search else []
    return findings + (confirmation_findings(record) if confirms else [])


def adjust(questions: Sequence[Question], results: Mapping[str, Outcome]) -> dict[str, Adjusted]:
    """Each claim's Holm-adjusted p values, one per comparison, and the size of its family.

    A family is what shares a claim's `family`, or one claim. Where the arm was chosen after
    seeing the results, all pairs of the arms count, also those that were not compared.
    """
    members: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        claim = question.claim
        if claim.name in results:
            members[claim.family or f"claim {claim.name}"].append(question)
    adjusted = {}
    for family in members.values():
        p = [results[question.claim.name].p_values for question in family]
        flat = [value for values in p for value in values]
        unseen = sum(
            (len(v) * (len(v) - 1)) // 2 for v, q in zip(p, family, strict=True) if q.chosen
        )
        found = holm([*flat, *[1.0] * unseen])
        size = int((~np.isnan(found)).sum())
        start = 0
        for question, values in zip(family, p, strict=True):
            adjusted[question.claim.name] = (found[start : start + len(values)].tolist(), size)
            start += len(values)
    return adjusted


def _asked(record: Record, question: Question) -> Finding:
    """The finding with what is known before the record's values are."""
    claim = question.claim
    return Finding(
        name=claim.name,
        study=record.study,
        statement=claim.statement,
        claim=question.statement,
        reading=claim.reading,
        question=question.group,
        kind=claim.kind,
        metric=claim.metric,
        smallest=claim.smallest,
        direction=claim.direction,
        target=claim.target,
        reason=claim.reason,
        seed=record.manifest.seed,
        data=record.data_name,
    )


def _counted(record: Record, question: Question) -> Finding | None:
    """What is decided by counting replicates; None where there is nothing to tell."""
    decide = _COUNTED[question.claim.kind]
    finding, is_mixed = decide(record, question.claim, _asked(record, question))
    if question.only_mixed and not is_mixed:
        return None
    notes = _reach(record, question.claim)
    return replace(finding, sentence=_whole(question, finding.sentence, notes))


def _decided(record: Record, question: Question, result: Outcome, adjusted: Adjusted) -> Finding:
    """What is decided by comparing means."""
    claim, (p, size) = question.claim, adjusted
    found = verdict(result, p)
    needed = replicates_needed(result, p) if found == OPEN else None
    text = sentence(claim, result, found, needed, record.unit)
    notes = [*result.notes, *_together(result, found, size)]
    notes += [*length_note(record, claim, result.arms), *_reach(record, claim)]
    finding = _with_arms(_asked(record, question), claim, result, record.unit)
    return replace(
        _with_numbers(finding, claim, result, adjusted),
        verdict=found,
        sentence=_whole(question, text, notes),
        needed_n=needed,
        note="; ".join([*([result.problem] if result.problem else []), *notes]),
    )


def _whole(question: Question, text: str, notes: Sequence[str]) -> str:
    """The sentence with what is decided before the numbers, and notes before the full stop."""
    said, reading = question.statement, question.claim.reading
    reading = reading if reading != said else ""  # of what nobody has stated
    if reading:
        said = f"{said}” (read as: {reading}"
    notes_text = f" ({'; '.join(notes)})" if notes else ""
    closing = ")" if reading else "”"
    return f"{f'“{said}{closing}: ' if said else ''}{text.removesuffix('.')}{notes_text}."


def _together(result: Outcome, found: str, size: int) -> list[str]:
    """Says where the claims of a family are undecided that would be decided each alone."""
    if found != OPEN or size < 2 or verdict(result, result.p_values) == OPEN:
        return []
    return [f"the interval alone would decide it, {size} comparisons together do not"]


def _reach(record: Record, claim: Claim) -> list[str]:
    """What limits how far a finding reaches: a shorter training, a given split."""
    manifest = record.manifest
    scaled = [f"{record.unit}s scaled by {manifest.scale:g}"] if manifest.is_scaled else []
    return [*scaled, *split_note(record, claim)]


def _with_arms(finding: Finding, claim: Claim, result: Outcome, unit: str) -> Finding:
    """The finding with what its arms are and scored."""
    arms, shown = result.arms, result.shown
    first, other = arms[0], arms[1] if len(arms) == 2 else None
    value = arm_mean(first)
    against_value = arm_mean(other) if other else None
    if claim.against_metric and len(arms) == 1 and shown is not None:
        against_value = value - shown.mean
    return replace(
        finding,
        unit=unit_of(claim, unit),
        arm=first.label,
        arm_value=value,
        against=claim.against_metric or (other.label if other else None),
        against_value=against_value,
        steps=next((arm.steps for arm in arms if arm.steps), None),
        trial_ids=" ".join(dict.fromkeys(arm.trial_id for arm in arms if arm.trial_id)),
    )


def _with_numbers(finding: Finding, claim: Claim, result: Outcome, adjusted: Adjusted) -> Finding:
    """The finding with its estimate and what the comparisons came to, where there are any."""
    arms, shown, (p, size) = result.arms, result.shown, adjusted
    if shown is None:
        return finding
    tested = [value for value in result.p_values if not math.isnan(value)]
    known = [value for value in p if not math.isnan(value)]
    finite = math.isfinite(result.corrected)
    return replace(
        finding,
        estimate=in_unit(claim, shown.mean),
        low=in_unit(claim, shown.low),
        high=in_unit(claim, shown.high),
        n=shown.n,
        sd=shown.sd,
        p=max(tested) if tested else None,
        p_holm=max(known) if known and size > 1 else None,
        family_size=size,
        detectable=in_unit(claim, detectable(result)),
        best=result.best or None,
        best_value=_mean_of(arms, result.best),
        rival=result.rival or None,
        rival_value=_mean_of(arms, result.rival),
        corrected=result.corrected if finite else None,
        advantage=result.advantage if finite else None,
    )


def _mean_of(arms: Sequence[Arm], label: str) -> float | None:
    return next((arm_mean(arm) for arm in arms if arm.label == label), None) if label else None
