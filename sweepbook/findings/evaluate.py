"""Findings: every declared claim of a record, and what any record is asked, as computed sentences.

The rules of the verdicts are stated in verdicts, those of gradients in aggregates.gradients. The
questions of our own are in questions: which config is best and worst, the gap between training
and validation accuracy, training accuracy in train and in evaluation mode, replicates that stay at
chance, and the gradients of every trial that tracked them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sweepbook.aggregates.components import differ_by_chance
from sweepbook.aggregates.kept import kept, lookup
from sweepbook.aggregates.labels import count
from sweepbook.aggregates.search import search_of
from sweepbook.findings.arm import Arm
from sweepbook.findings.comparable.notes import length_note, overlap_notes
from sweepbook.findings.confirmed import (
    confirmation_findings,
    is_confirmation,
    published_questions,
)
from sweepbook.findings.deciding.counts import class_of_gradients, count_at_chance
from sweepbook.findings.deciding.failing import failing_seeds
from sweepbook.findings.deciding.of_record import outcome
from sweepbook.findings.deciding.other_trials import OtherTrials
from sweepbook.findings.deciding.outcomes import Outcome
from sweepbook.findings.deciding.verdicts import (
    ALPHA,
    Decision,
    decide,
    detectable,
    replicates_needed,
)
from sweepbook.findings.finding import OPEN, Finding, unavailable
from sweepbook.findings.question import Question
from sweepbook.findings.questions import general_questions
from sweepbook.findings.search_checks import search_findings
from sweepbook.findings.sentences import rival_of, sentences
from sweepbook.findings.sequential.at_look import at_look
from sweepbook.findings.sequential.decided import Decided, decided_of
from sweepbook.findings.sequential.told import compared_finding, counted_finding
from sweepbook.findings.spread import spread_findings
from sweepbook.findings.wording.arms import with_arms
from sweepbook.findings.wording.ending import why_open
from sweepbook.findings.wording.notes import looked, weak, whole
from sweepbook.findings.wording.units import Terms, arm_mean, in_unit, terms_of
from sweepbook.record.load import Record
from sweepbook.record.registration import AFTER
from sweepbook.stats.power import Range
from sweepbook.study.claim import Claim

LATE = "declared after the training began"
_COUNTED = {"mixture": count_at_chance, "gradients": class_of_gradients}


def evaluate(record: Record) -> list[Finding]:
    """The declared claims in their order, then the questions of our own, each with its verdict.

    A search is asked what to check before believing it (search_checks) instead, a confirmation
    of a search what came of its winners as well (confirmed), and trials that differ by declared
    sources of chance alone how much each of these moves a result (spread). Randomness: none.
    """
    record = kept(record)
    known = lookup(record).notes
    if "findings" not in known:
        known["findings"] = _findings(record)
    return list(known["findings"])


def _findings(record: Record) -> list[Finding]:
    search = search_of(record)  # of its trials each is asked nothing: they are one of many
    confirms = is_confirmation(record)
    decided = decided_of(record)
    own = record if decided is None else kept(at_look(record, decided.design.looks[0]))
    questions = [Question(claim=claim) for claim in record.manifest.study.claims]
    questions += [] if search or differ_by_chance(record) else general_questions(own)
    questions += published_questions(record) if confirms else []
    questions = _with_own_names(questions)
    if decided:
        asked = [question for question in questions if question.claim.name not in decided.endings]
        found = [_sequential(record, question, decided) for question in decided.questions]
        return [*map(_marked, found), *_at_once(own, asked)]
    findings = _at_once(record, questions)
    findings += search_findings(search) if search else []
    findings += spread_findings(record)
    return findings + (confirmation_findings(record) if confirms else [])


def _sequential(record: Record, question: Question, decided: Decided) -> Finding:
    """A claim that was decided look by look, on the seeds of the look at which it ended."""
    claim = question.claim
    ending = decided.endings[claim.name]
    asked = _asked(record, question)
    then, trials = _as_it_was(record, int(ending["n"]))
    if claim.kind in _COUNTED:
        counted = _COUNTED[claim.kind](then, claim, asked, trials).finding
        return counted_finding(record, question, counted, decided)
    result = outcome(then, claim, chosen=question.chosen, trials=trials)
    return compared_finding(record, question, asked, result, decided)


def _as_it_was(record: Record, n: int) -> tuple[Record, OtherTrials]:
    """The record at n replicates with its trials, made once for all claims that ended there."""
    known = lookup(record).notes
    if f"at {n}" not in known:
        then = at_look(record, n)
        known[f"at {n}"] = (then, OtherTrials(then))
    then, trials = known[f"at {n}"]
    return then, trials


def _at_once(record: Record, questions: Sequence[Question]) -> list[Finding]:
    """The findings of questions that are decided by all replicates at once."""
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
    return [_marked(finding) for finding in found if finding is not None]


def without_values(record: Record, why: str) -> list[Finding]:
    """The declared claims of a record that has no values to decide any; `why` has no full stop."""
    questions = (Question(claim=claim) for claim in record.manifest.study.claims)
    return [_marked(unavailable(_asked(record, question), why)) for question in questions]


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
    return replace(finding, sentence=f"{finding.sentence} The claim was {LATE}.")


def _asked(record: Record, question: Question) -> Finding:
    """The finding with what is known before the record's values are."""
    claim = question.claim
    return Finding(
        name=claim.name,
        study=record.study,
        title=claim.title,
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
    finding, is_mixed, told = decide(record, question.claim, _asked(record, question), trials)
    if question.only_mixed and not is_mixed:
        return None
    return replace(finding, sentence=whole(question, told, []))


def _decided(
    record: Record, question: Question, result: Outcome, found: Decision, trials: OtherTrials
) -> Finding:
    """What is decided by comparing means."""
    claim = question.claim
    needed = replicates_needed(found) if found.verdict == OPEN else Range(None, None, None)
    # it takes more test rows, seeds that do not fail, or further printed runs
    if result.sample or found.overturned or claim.single_run:
        needed = Range(None, None, None)
    terms = terms_of(record, question)
    told = sentences(terms, result, found, needed)
    failing = failing_seeds(record, result, trials.chance)
    notes = [*result.notes, *failing, *weak(result, found), *looked(record, found)]
    if found.test is not None:
        notes += [*length_note(record, claim, result.arms), *overlap_notes(record, claim)]
    finding = with_arms(_asked(record, question), claim, result, terms)
    return replace(
        _with_numbers(finding, terms, result, found),
        verdict=found.verdict,
        why=why_open(terms, result, found),
        sentence=whole(question, told, notes),
        needed_n=needed.likely,
        needed_low=needed.low,
        needed_high=needed.high,
        failing="; ".join(failing) or None,
        note="; ".join([*([result.problem] if result.problem else []), *notes]),
    )


def _with_numbers(finding: Finding, terms: Terms, result: Outcome, found: Decision) -> Finding:
    """The finding with the estimate of the comparison that decides, where there is one."""
    test, known = found.test, math.isfinite(result.corrected)
    if test is None:
        return finding

    def told(value: float | None) -> float | None:
        return None if value is None else in_unit(terms.claim, value, terms.of_share)

    low, high = test.interval(found.level)
    reaches = test.guarded_interval(found.level) if test.with_one_more else (None, None)
    rival = rival_of(result, test)
    return replace(
        finding,
        estimate=told(test.difference.mean),
        low=told(low),
        high=told(high),
        level=found.level,
        guard_low=told(reaches[0]),
        guard_high=told(reaches[1]),
        n_seeds=result.n_seeds,
        overturned=found.overturned,
        n=test.difference.n,
        sample=result.sample or _with_printed_run(terms.claim, test.difference.n),
        sd=test.difference.sd,
        p=test.p,
        p_holm=found.p_adjusted if found.factor > 1 else None,
        family_size=found.n_family,
        detectable=None if result.sample or terms.claim.single_run else told(detectable(found)),
        best=result.best or None,
        best_value=_mean_of(result.arms, result.best),
        rival=rival or None,
        rival_value=_mean_of(result.arms, rival),
        corrected=result.corrected if known else None,
        advantage=result.advantage if known else None,
        **_second(result, told),
    )


def _with_printed_run(claim: Claim, n: int) -> str:
    """What the interval is over where the target is the result of one run, which scatters, too."""
    return f"{count(n, 'seed')} and the printed run" if claim.single_run else ""


def _second(result: Outcome, told: Callable[[float | None], float | None]) -> dict[str, Any]:
    """The arm next to the best one, where the best is the one that all are compared with."""
    if not result.best or result.best != result.arms[0].label or not result.tests:
        return {}
    sign = 1 if result.tests[0].band[1] == math.inf else -1
    place = max(range(len(result.tests)), key=lambda i: sign * arm_mean(result.arms[i + 1]))
    test, arm = result.tests[place], result.arms[place + 1]
    apart = test.inside and test.guarded_p <= ALPHA
    low, high = test.interval(1 - ALPHA)
    return {
        "second": arm.label,
        "second_value": arm_mean(arm),
        "second_estimate": told(test.difference.mean),
        "second_low": told(low),
        "second_high": told(high),
        "second_apart": apart,
    }


def _mean_of(arms: Sequence[Arm], label: str) -> float | None:
    return next((arm_mean(arm) for arm in arms if arm.label == label), None) if label else None
