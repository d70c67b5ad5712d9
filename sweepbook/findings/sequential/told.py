"""A claim that was decided look by look, as a finding: its ending in words, and what it rests on.

The interval is the repeated one: it holds at whatever look the study stopped. The estimate is that
of a study which stopped because of it, and so tends to be too far from the edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sweepbook.aggregates.labels import count, number
from sweepbook.findings.deciding.outcomes import Outcome
from sweepbook.findings.deciding.verdicts import ALPHA, Decision
from sweepbook.findings.finding import FAILS, HOLDS, MISSING, MIXED, Finding
from sweepbook.findings.finding import OPEN as UNDECIDED
from sweepbook.findings.question import Question
from sweepbook.findings.sentences import criterion, is_level, measured
from sweepbook.findings.sequential.compared import GIVEN_UP, OPEN, OVERTURNED
from sweepbook.findings.sequential.decided import Decided
from sweepbook.findings.wording.arms import with_arms
from sweepbook.findings.wording.notes import weak, whole
from sweepbook.findings.wording.units import Terms, in_unit, terms_of
from sweepbook.record.load import Record

_STOPPED = "the study stopped when this was decided, so the estimate tends to lie too far out"
_BUDGET, _INTERRUPTED = "the budget was spent", "its looks have not ended"


def compared_finding(
    record: Record, question: Question, asked: Finding, result: Outcome, decided: Decided
) -> Finding:
    """The finding of a claim about means, of the seeds at which it ended.

    asked: what is known before the values are. result: of the record as it was at that look.
    """
    claim = question.claim
    ending = decided.endings[claim.name]
    verdict, why = _verdict(ending, decided)
    terms = terms_of(record, question)
    if verdict == MISSING:
        told = [f"{MISSING}: {why}"]
        return replace(asked, verdict=MISSING, note=why, sentence=whole(question, told, []))
    told = [] if result.problem else measured(terms, result, Decision(verdict))
    told += [_estimate(terms, result, ending)] if _has(ending, "estimate") else []
    told += [criterion(terms, result)] if result.tests else []
    told += _ended(terms, result, ending, decided, verdict, why)
    notes = [*result.notes, *weak(result, Decision(verdict)), *_stopped(verdict)]
    finding = with_arms(asked, claim, result, terms) if not result.problem else asked

    def of(name: str) -> float | None:
        return in_unit(claim, float(ending[name]), terms.of_share) if _has(ending, name) else None

    several = len(result.tests) > 1
    factor = int(ending.get("factor", 1))
    return replace(
        finding,
        verdict=verdict,
        why=why,
        look=decided.look_of(int(ending["look"])),
        sentence=whole(question, told, notes),
        estimate=of("estimate"),
        low=of("low"),
        high=of("high"),
        level=1 - ALPHA / factor,
        n=int(ending["n"]),
        n_seeds=result.n_seeds,
        sample=result.sample,
        overturned=ending.get("why") == OVERTURNED,
        p=ending.get("p"),
        p_holm=ending.get("sequential_p"),
        family_size=ending.get("family_size"),
        best=result.best or None,
        rival=_rival(ending, result) if several else None,
        note="; ".join(notes),
    )


def counted_finding(
    record: Record, question: Question, counted: Finding, decided: Decided
) -> Finding:
    """The finding of a claim that counts seeds, or of one about gradients.

    counted: as it would be decided by the seeds of that look alone.
    """
    ending = decided.endings[question.claim.name]
    verdict, why = _verdict(ending, decided)
    if verdict == MISSING:
        told = [f"{MISSING}: {why}"]
        return replace(counted, verdict=MISSING, note=why, sentence=whole(question, told, []))
    look = decided.look_of(int(ending["look"]))
    n = count(int(ending["n"]), "seed")
    what = f"{counted.found} seeds of {counted.arm} stay at chance"
    ends = f"{100 * (ending.get('low') or 0):.0f} to {100 * (ending.get('high') or 0):.0f} %"
    if question.claim.kind == "gradients":
        what = f"gradients of {counted.arm} are {counted.found}"
        ends = f"{ending.get('low') or 0:+.3f} to {ending.get('high') or 0:+.3f}"
    told = [what, f"{_head(verdict, n, why)} ({_looks(look, ends, 0.95)})"]
    low, high = ending.get("low"), ending.get("high")
    return replace(
        counted,
        verdict=verdict,
        why=why,
        look=look,
        low=low,
        high=high,
        level=1 - ALPHA,
        overturned=ending.get("why") == OVERTURNED,
        sentence=whole(question, told, _stopped(verdict)),
    )


def _verdict(ending: Mapping[str, Any], decided: Decided) -> tuple[str, str]:
    """The verdict, and why there is none, in words."""
    state, why = str(ending["state"]), str(ending.get("why") or "")
    if state in (HOLDS, FAILS):
        return state, ""
    if state == MISSING:
        return MISSING, why
    verdict = MIXED if ending.get("mixed") else UNDECIDED
    if state == GIVEN_UP:
        return verdict, f"given up: {why}"
    stops = {"budget": _BUDGET, "": _INTERRUPTED}.get(decided.ending, "")
    return verdict, stops if stops and state == OPEN else why


def _ended(
    terms: Terms,
    result: Outcome,
    ending: Mapping[str, Any],
    decided: Decided,
    verdict: str,
    why: str,
) -> list[str]:
    look, n = decided.look_of(int(ending["look"])), count(int(ending["n"]), "seed")
    factor = int(ending.get("factor", 1))
    ends = ""
    if _has(ending, "low") and _has(ending, "high"):
        low, high = (_number(terms, result, float(ending[name])) for name in ("low", "high"))
        ends = f"{low} to {high}{terms.behind(is_level(terms, result))}"
    split = f", {terms.split}" if terms.split else ""
    return [f"{_head(verdict, n, why)}{split} ({_looks(look, ends, 1 - ALPHA / factor)})"]


def _head(verdict: str, n: str, why: str) -> str:
    if verdict in (HOLDS, FAILS):
        return f"the claim {verdict} at {n}"
    return f"{verdict} at {n}: {why}" if why else f"{verdict} at {n}"


def _looks(look: str, ends: str, level: float) -> str:
    parts = [f"look {look}"]
    parts += [f"{number(100 * level, 3)} % repeated interval {ends}"] if ends else []
    return "; ".join([*parts, f"{100 * ALPHA:.0f} % over all looks"])


def _estimate(terms: Terms, result: Outcome, ending: Mapping[str, Any]) -> str:
    rival = _rival(ending, result) if len(result.tests) > 1 else ""
    value = _number(terms, result, float(ending["estimate"]))
    value += terms.behind(is_level(terms, result))
    if is_level(terms, result):
        return f"the mean over the seeds is {value}"
    return (
        f"the comparison that decides is with {rival}: {value}"
        if rival
        else (f"the difference is {value}")
    )


def _number(terms: Terms, result: Outcome, value: float) -> str:
    signed = not is_level(terms, result) and terms.claim.quantity != "steps_to"
    return terms.number(value, signed)


def _rival(ending: Mapping[str, Any], result: Outcome) -> str:
    """Whom the comparison that decides is with."""
    label = str(ending.get("label") or "")
    return label.removeprefix(f"{result.arms[0].label} against ")


def _stopped(verdict: str) -> list[str]:
    return [_STOPPED] if verdict in (HOLDS, FAILS) else []


def _has(ending: Mapping[str, Any], name: str) -> bool:
    return ending.get(name) is not None
