"""A claim's outcome in short English sentences, with every number that its verdict rests on."""

from __future__ import annotations

import math

from sweepbook.aggregates.labels import count, metric_name
from sweepbook.findings.amounts import behind, declared_number, interval
from sweepbook.findings.deciding.outcomes import Comparison, Outcome
from sweepbook.findings.deciding.verdicts import Decision
from sweepbook.findings.finding import MISSING
from sweepbook.findings.wording.ending import ending
from sweepbook.findings.wording.limits import MOST_WORDS, as_sentence, enumerated, n_words
from sweepbook.findings.wording.units import Terms, arm_mean
from sweepbook.stats.power import Range

_MOST_ARMS = 4  # by name: the first, and three others
_NAMES = {
    "single_s": "seconds of an epoch of one model on its own",
    "batch_losses": "training loss of each batch",
}


def rival_of(result: Outcome, test: Comparison) -> str:
    """Of several comparisons, whom the one that decides is with; "" where there is one only."""
    if len(result.tests) < 2:
        return ""
    place = next(i for i, one in enumerate(result.tests) if one is test)
    has_rival = len(result.arms) == len(result.tests) + 1
    return result.arms[place + 1].label if has_rival and result.best else test.label


def sentences(terms: Terms, result: Outcome, found: Decision, needed: Range) -> list[str]:
    """What was measured, the difference with its interval, what is claimed, and the verdict.

    Each has at most 30 words, where no name of an arm is longer than a few words.
    """
    if found.verdict == MISSING:
        return [as_sentence(f"{MISSING}: {result.problem}")]
    told = measured(terms, result, found)
    if found.test is not None:
        told.append(criterion(terms, result))
    return [as_sentence(text) for text in [*told, *ending(terms, result, found, needed)]]


def measured(terms: Terms, result: Outcome, found: Decision) -> list[str]:
    """What was measured of each arm, as phrases, and the difference, where `found` has one."""
    subject, estimate = _subject(terms, result), _estimate(terms, result, found)
    if is_alone(terms, result):
        name = "" if terms.claim.quantity == "steps_to" else f", {result.arms[0].label}"
        return [f"{subject}{name}: {estimate}" if estimate else f"{subject}{name}"]
    return [*_levels(terms, result, subject), *([estimate] if estimate else [])]


def _subject(terms: Terms, result: Outcome) -> str:
    claim, arms = terms.claim, result.arms
    name = _NAMES.get(claim.metric, metric_name(claim.metric))
    if claim.quantity == "steps_to":
        when = f" at {arms[1].steps}" if arms[1:] and arms[1].steps else ""
        reached = f"“{arms[0].label}” has the {name} that “{arms[-1].label}” has{when}"
        return f"first {terms.step} at which {reached}"
    if claim.quantity == "spread":
        name = f"sd of the {name} about its trend"
    elif claim.quantity == "change":
        name = f"change of {name}"
    steps = {arm.steps for arm in arms if arm.steps}
    if len(steps) > 1:
        is_mean = all(text.startswith("mean of") for text in steps)
        steps = {f"mean of each one's last 5 {terms.step}s" if is_mean else "at each one's end"}
    return f"{name} ({steps.pop()})" if steps else name


def _levels(terms: Terms, result: Outcome, subject: str) -> list[str]:
    """The arms with their means, the claimed one first, then the best of the others."""
    claim, arms = terms.claim, list(result.arms)
    if claim.quantity == "change":
        return [subject]
    if claim.against_metric and len(arms) == 1 and result.others:
        other = f"{metric_name(claim.against_metric)} is {terms.mean(result.others[0])}"
        return [f"{subject} of {arms[0].label} is {terms.mean(arms[0])}; {other}"]
    if claim.kind == "winner":
        sign = 1 if claim.direction == "higher" else -1
        arms[1:] = sorted(arms[1:], key=lambda arm: -sign * _known(arm_mean(arm), sign))
    texts = [f"{arm.label} has {terms.mean(arm)}" for arm in arms]
    room = MOST_WORDS - n_words(subject)
    named = enumerated(texts, _MOST_ARMS, room)
    if n_words(named) <= room:
        return [f"{subject}: {named}"]
    return [f"compared is the {subject}", *_apart(texts)]


def _known(value: float, sign: int) -> float:
    return value if math.isfinite(value) else -sign * math.inf


def _apart(texts: list[str]) -> list[str]:
    """The first of the arms with long names, each in a sentence of its own."""
    rest = len(texts) - 2
    return [*texts[:2], *([f"There are {count(rest, 'other arm')}"] if rest > 0 else [])]


def _estimate(terms: Terms, result: Outcome, found: Decision) -> str:
    test, claim = found.test, terms.claim
    if test is None:
        return ""
    # signs belong to differences; a value (a loss, an epoch) has none
    signed = len(result.arms) > 1 and claim.quantity != "steps_to" or bool(claim.against_metric)
    signed = signed or claim.quantity == "change"
    words = terms.behind(is_level(terms, result))
    head, sample = compared(terms, result, test), _sample(result, test)
    mean = terms.number(test.difference.mean, signed)
    low, high = test.interval(found.level)
    if not math.isfinite(low):
        return f"{head}{mean}{words} (from {sample}, which has no interval)"
    ends = (terms.number(low, signed), f"{terms.number(high, signed)}{words}")
    return f"{head}{mean}{words} ({interval(*ends, found.level)}, {sample})"


def compared(terms: Terms, result: Outcome, test: Comparison) -> str:
    """Of which of several comparisons the estimate is."""
    if is_alone(terms, result):
        return ""
    rival = rival_of(result, test)
    if not rival:
        return "the difference is "
    if terms.claim.kind == "winner":
        how = "least" if test.inside else "most"
        return f"the {how} certain of {len(result.tests)} comparisons is with {rival}: "
    lead = "the weakest step is" if terms.claim.kind == "ranking" else "the weakest is that of"
    return f"{lead} {rival}: "


def is_alone(terms: Terms, result: Outcome) -> bool:
    """Whether one arm is compared with nothing: the estimate is its own level."""
    alone = len(result.arms) == 1 and not terms.claim.against_metric
    return alone or terms.claim.quantity == "steps_to"


def is_level(terms: Terms, result: Outcome) -> bool:
    """Whether the estimate is a level of the metric itself and not a difference of two."""
    return is_alone(terms, result) and terms.claim.quantity == "value"


def _sample(result: Outcome, test: Comparison) -> str:
    if result.sample:
        return result.sample
    n, several = test.difference.n, len(result.arms) > 1
    if result.paired and several:
        return count(n, "pair")
    return f"{count(n, 'replicate')}{' each' if several else ''}"


def criterion(terms: Terms, result: Outcome) -> str:
    """What the interval is held against: "Claimed: higher by at least 0.5 points"."""
    claim, name = terms.claim, terms.unit
    verb = "asked" if terms.own else "claimed"
    size = declared_number(claim.smallest, name)
    by = f" by at least {size}{behind(name, size)}" if claim.smallest else ""
    target = declared_number(claim.target or 0.0, name)
    words = terms.behind(is_level(terms, result), target)
    if claim.kind == "equivalence":
        at = f"{target}{words}" if claim.target else "no difference"
        return f"{verb}: {at}, give or take {size}{behind(name, size)}"
    than = f" than {target}{words}" if claim.kind == "threshold" and claim.target else ""
    if claim.kind == "winner" and len(result.tests) > 1:
        than = " than each of the others"
    lead = "each step " if claim.kind == "ranking" else ""
    return f"{verb}: {lead}{claim.direction}{than}{by}"
