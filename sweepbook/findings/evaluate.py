"""Findings: every declared claim of a record, and what any record is asked, as computed sentences.

The rules of the verdicts are stated in verdicts, those of gradients in aggregates.gradients. The
questions of our own are in questions: which config is best and worst, the gap between training
and validation accuracy, training accuracy in train and in evaluation mode, replicates that stay at
chance, and the gradients of every trial that tracked them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from sweepbook.aggregates.kept import kept, lookup
from sweepbook.aggregates.labels import count
from sweepbook.aggregates.search import search_of
from sweepbook.findings.arm import Arm
from sweepbook.findings.comparable.notes import length_note, split_note
from sweepbook.findings.confirmed import (
    confirmation_findings,
    is_confirmation,
    published_questions,
)
from sweepbook.findings.deciding.counts import class_of_gradients, count_at_chance
from sweepbook.findings.deciding.failing import failing_seeds
from sweepbook.findings.deciding.of_record import outcome
from sweepbook.findings.deciding.other_trials import LEAST_SEEDS, OtherTrials
from sweepbook.findings.deciding.outcomes import Outcome
from sweepbook.findings.deciding.verdicts import Decision, decide, detectable, replicates_needed
from sweepbook.findings.finding import FAILS, HOLDS, OPEN, Finding
from sweepbook.findings.question import Question
from sweepbook.findings.questions import general_questions
from sweepbook.findings.search_checks import search_findings
from sweepbook.findings.sentences import arm_mean, in_unit, rival_of, sentence, unit_of
from sweepbook.record.load import Record
from sweepbook.record.registration import AFTER
from sweepbook.stats.power import Range
from sweepbook.study.claim import Claim

LATE = "declared after the training began"
_COUNTED = {"mixture": count_at_chance, "gradients": class_of_gradients}


def evaluate(record: Record) -> list[Finding]:
    """The declared claims in their order, then the questions of our own, each with its verdict.

    A search is asked what to check before believing it (search_checks) instead, a confirmation
    of a search what came of its winners as well (confirmed). Randomness: none.
    """
    record = kept(record)
    known = lookup(record).notes
    if "findings" not in known:
        known["findings"] = _findings(record)
    return list(known["findings"])


def _findings(record: Record) -> list[Finding]:
    search = search_of(record)  # of its trials each is asked nothing: they are one of many
    confirms = is_confirmation(record)
    questions = [Question(claim=claim) for claim in record.manifest.study.claims]
    questions += [] if search else general_questions(record)
    questions += published_questions(record) if confirms else []
    questions = _with_own_names(questions)
    trials = OtherTrials(record)
    results = {
        question.claim.name: outcome(record, question.claim, chosen=question.chosen, trials=trials)
        for question in questions
        if question.claim.kind not in _COUNTED
    }
    decisions = decide(questions, results)
    found = [
        _counted(record, question, trials)
        if question.claim.kind in _COUNTED
        else _decided(
            record, question, results[question.claim.name], decisions[question.claim.name], trials
        )
        for question in questions
    ]
    findings = [_marked(finding) for finding in found if finding is not None]
    findings += search_findings(search) if search else []
    return findings + (confirmation_findings(record) if confirms else [])


def _with_own_names(questions: Sequence[Question]) -> list[Question]:
    """The questions, each with a name of its own: two settings may be the same in letters."""
    taken: set[str] = set()
    named = []
    for question in questions:
        name, number = question.claim.name, 1
        while name in taken:
            number += 1
            name = f"{question.claim.name}-{number}"
        taken.add(name)
        named.append(replace(question, claim=replace(question.claim, name=name)))
    return named


def _marked(finding: Finding) -> Finding:
    """The finding, which says so if its claim was declared late."""
    if finding.declared != AFTER:
        return finding
    return replace(finding, sentence=f"{finding.sentence.removesuffix('.')} ({LATE}).")


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
        declared=record.manifest.declared(claim),
    )


def _counted(record: Record, question: Question, trials: OtherTrials) -> Finding | None:
    """What is decided by counting replicates; None where there is nothing to tell."""
    decide = _COUNTED[question.claim.kind]
    finding, is_mixed = decide(record, question.claim, _asked(record, question), trials)
    if question.only_mixed and not is_mixed:
        return None
    notes = _reach(record, question.claim)
    return replace(finding, sentence=_whole(question, finding.sentence, notes))


def _decided(
    record: Record, question: Question, result: Outcome, found: Decision, trials: OtherTrials
) -> Finding:
    """What is decided by comparing means."""
    claim = question.claim
    needed = replicates_needed(found) if found.verdict == OPEN else Range(None, None, None)
    # it takes more test rows, seeds that do not fail, or further printed runs
    if result.sample or found.overturned or claim.single_run:
        needed = Range(None, None, None)
    text = sentence(claim, result, found, needed, record.unit)
    failing = failing_seeds(record, result, trials.chance)
    notes = [*result.notes, *failing, *_together(found), *_weak(result, found)]
    notes += _looked(record, found)
    notes += [*length_note(record, claim, result.arms), *_reach(record, claim)]
    finding = _with_arms(_asked(record, question), claim, result, record.unit)
    return replace(
        _with_numbers(finding, claim, result, found),
        verdict=found.verdict,
        sentence=_whole(question, text, notes),
        needed_n=needed.likely,
        needed_low=needed.low,
        needed_high=needed.high,
        failing="; ".join(failing) or None,
        note="; ".join([*([result.problem] if result.problem else []), *notes]),
    )


def _whole(question: Question, text: str, notes: Sequence[str]) -> str:
    """The sentence with what is decided before the numbers, and notes before the full stop."""
    said, reading = question.statement, question.claim.reading
    reading = reading if reading != said else ""  # of what nobody has stated
    if reading:
        said = f"{said}” (read as: {reading}"
    text = text.removesuffix(".")
    if notes and text.endswith(")"):
        text = f"{text.removesuffix(')')}; {'; '.join(notes)})"
    elif notes:
        text = f"{text} ({'; '.join(notes)})"
    closing = ")" if reading else "”"
    return f"{f'“{said}{closing}: ' if said else ''}{text}."


def _together(found: Decision) -> list[str]:
    """Says where comparisons are undecided together that would be decided each alone."""
    if found.verdict != OPEN or not found.alone or found.n_family < 2:
        return []
    return [f"a 95 % interval of its own would decide it, {found.n_family} comparisons do not"]


def _weak(result: Outcome, found: Decision) -> list[str]:
    """Says where a verdict rests on seeds of which nobody knows how often they fail."""
    if found.verdict not in (HOLDS, FAILS) or result.n_seeds >= LEAST_SEEDS or not result.tests:
        return []
    if not result.n_seeds:
        return ["weak, since no other trial shows how seeds fail"]
    seen = count(result.n_seeds, "seed")
    return [f"weak, since only {seen} of other trials show how seeds fail"]


def _looked(record: Record, found: Decision) -> list[str]:
    """Says where somebody could see the results before more of them were trained."""
    if record.manifest.extends is None or found.verdict not in (HOLDS, FAILS):
        return []
    return ["looked at before the record was extended: it errs more often than in 5 %"]


def _reach(record: Record, claim: Claim) -> list[str]:
    """What limits how far a finding reaches: a shorter training, a given split."""
    manifest = record.manifest
    scaled = [f"{record.unit}s scaled by {manifest.scale:g}"] if manifest.is_scaled else []
    return [*scaled, *split_note(record, claim)]


def _with_arms(finding: Finding, claim: Claim, result: Outcome, unit: str) -> Finding:
    """The finding with what its arms are and scored."""
    arms = result.arms
    first, other = arms[0], arms[1] if len(arms) == 2 else None
    value = arm_mean(first)
    against_value = arm_mean(other) if other else None
    if len(arms) == 1 and result.others:
        against_value = arm_mean(result.others[0])
    return replace(
        finding,
        unit=unit_of(claim, unit),
        arm=first.label,
        arm_value=value,
        against=claim.against_metric or (other.label if other else None),
        against_value=against_value,
        steps=next((arm.steps for arm in arms if arm.steps), None),
        trial_ids=" ".join(dict.fromkeys(name for arm in arms for name in arm.trial_id.split())),
    )


def _with_numbers(finding: Finding, claim: Claim, result: Outcome, found: Decision) -> Finding:
    """The finding with the estimate of the comparison that decides, where there is one."""
    test, known = found.test, math.isfinite(result.corrected)
    if test is None:
        return finding
    low, high = test.interval(found.level)
    reaches = test.guarded_interval(found.level) if test.with_one_more else (None, None)
    rival = rival_of(result, test)
    return replace(
        finding,
        estimate=in_unit(claim, test.difference.mean),
        low=in_unit(claim, low),
        high=in_unit(claim, high),
        level=found.level,
        guard_low=None if reaches[0] is None else in_unit(claim, reaches[0]),
        guard_high=None if reaches[1] is None else in_unit(claim, reaches[1]),
        n_seeds=result.n_seeds,
        overturned=found.overturned,
        n=test.difference.n,
        sd=test.difference.sd,
        p=test.p,
        p_holm=found.p_adjusted if found.factor > 1 else None,
        family_size=found.n_family,
        detectable=None
        if result.sample or claim.single_run
        else in_unit(claim, detectable(found)),
        best=result.best or None,
        best_value=_mean_of(result.arms, result.best),
        rival=rival or None,
        rival_value=_mean_of(result.arms, rival),
        corrected=result.corrected if known else None,
        advantage=result.advantage if known else None,
    )


def _mean_of(arms: Sequence[Arm], label: str) -> float | None:
    return next((arm_mean(arm) for arm in arms if arm.label == label), None) if label else None
