"""How a finding ends: its verdict, and of an undecided one why, and what would decide it."""

from __future__ import annotations

import math

from sweepbook.aggregates.labels import count
from sweepbook.findings.deciding.outcomes import Comparison, Outcome
from sweepbook.findings.deciding.verdicts import Decision
from sweepbook.findings.finding import HOLDS, MIXED, OPEN
from sweepbook.findings.wording.units import Terms
from sweepbook.stats.power import Range

OVERTURNED = "one more seed as unusual as others in this study would overturn it"
_TELLING = 4  # a range of seeds says something where its end is at most so many times its start


def told_verdict(verdict: str, what: str = "the claim") -> str:
    """A verdict as a sentence, without its capital and full stop."""
    if verdict in (OPEN, MIXED):
        return verdict if verdict == OPEN else "the verdict is mixed"
    return f"{what} {'holds' if verdict == HOLDS else 'does not hold'}"


def ending(terms: Terms, result: Outcome, found: Decision, needed: Range) -> list[str]:
    """One sentence with the verdict, and one about more seeds where they would help."""
    split = f", {terms.split}" if terms.split else ""
    if found.verdict != OPEN:
        what = "this" if terms.own else "the claim"
        return [f"{told_verdict(found.verdict, what)}{split}"]
    n = found.test.difference.n if found.test else len(result.arms[0].values)
    overlaps = found.test is not None and found.test.difference.overlap > 0
    noun = "replicate" if overlaps else "seed"
    at = f"on {result.sample}" if result.sample else f"at {count(n, noun)}"
    why = why_open(terms, result, found)
    told = [f"{OPEN} {at}{split}{f': {why}' if why else ''}"]
    is_open = found.test is not None and math.isfinite(found.test.difference.se) and n > 1
    if result.sample or found.overturned or not is_open:
        return told
    return [*told, _more_seeds(needed, noun)]


def why_open(terms: Terms, result: Outcome, found: Decision) -> str:
    """What stands in the way of a verdict, as a phrase; "" of a decided one."""
    if found.verdict != OPEN:
        return ""
    n = found.test.difference.n if found.test else len(result.arms[0].values)
    if found.overturned:
        return OVERTURNED
    if n < 2:
        return "a spread needs two seeds"
    if found.test is None or not math.isfinite(found.test.difference.se):
        return ""
    if found.alone and found.n_family > 1:
        return (
            f"a 95 % interval of its own would decide it, but {found.n_family} comparisons are "
            "decided together"
        )
    return crossing(terms, found.test, found.level)


def crossing(terms: Terms, test: Comparison, level: float) -> str:
    """What the interval contains, so that nothing is decided."""
    low, high = test.interval(level)
    claim = terms.claim
    is_difference = claim.kind in ("direction", "winner", "ranking")
    if claim.kind == "equivalence":
        return "the interval still reaches from inside the claimed range to outside it"
    if not is_difference and claim.target:
        return "the interval still contains values that fit the claim and values that do not"
    if low <= 0 <= high:
        return "the interval still contains zero" + (
            " and also a difference that matters" if claim.smallest else ""
        )
    return "the interval still contains differences that matter and smaller ones"


def _more_seeds(needed: Range, noun: str) -> str:
    if needed.low is None:
        rest = "" if noun == "seed" else ", because they share their data: more data might"
        return f"more {noun}s would hardly decide it{rest}"
    if needed.high is None or needed.high > _TELLING * needed.low:
        return f"at least {needed.low} {noun}s are needed to decide it"
    return f"about {needed.low} to {needed.high} {noun}s would decide it"
