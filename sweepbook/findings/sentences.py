"""A claim's outcome as one English sentence, with every number that its verdict rests on."""

from __future__ import annotations

import math

from sweepbook.aggregates.labels import count, is_share, listing, metric_name
from sweepbook.findings.amounts import amount, behind, declared_number, interval, level
from sweepbook.findings.arm import Arm
from sweepbook.findings.deciding.outcomes import Comparison, Outcome
from sweepbook.findings.deciding.verdicts import Decision
from sweepbook.findings.finding import MISSING, OPEN
from sweepbook.stats.intervals import t_interval
from sweepbook.stats.power import LARGEST_N, Range
from sweepbook.stats.shares import Share
from sweepbook.study.claim import Claim

OVERTURNED = "one more seed as unusual as others in this study would overturn it"


def unit_of(claim: Claim, unit: str = "epoch") -> str:
    """Unit of a claim's estimate: "points", "percent", "epochs", "s" or "" (nats, norms)."""
    if claim.kind == "mixture":
        return "share"
    if claim.relative:
        return "percent"
    if claim.quantity == "steps_to":
        return f"{unit}s"
    if is_share(claim.metric):
        return "points"
    return "s" if claim.metric.endswith("_s") else ""


def in_unit(claim: Claim, value: float) -> float:
    """A number of the tested scale in the unit of `unit_of`: percent from logs, points from 0..1.

    >>> claim = Claim(name="a", statement="", kind="threshold", metric="val_acc", target=0.9,
    ...               smallest=0, reason="any", arms=({},))
    >>> round(in_unit(claim, 0.025), 6)
    2.5
    """
    if claim.relative:
        return 100 * math.expm1(min(value, 700.0))
    return 100 * value if unit_of(claim) == "points" else value


def arm_mean(arm: Arm) -> float:
    """Mean over the replicates; NaN where one is missing."""
    return float(t_interval(arm.values.to_numpy()).mean) if len(arm.values) else math.nan


def rival_of(result: Outcome, test: Comparison) -> str:
    """Of several comparisons, whom the one that decides is with; "" where there is one only."""
    if len(result.tests) < 2:
        return ""
    place = next(i for i, one in enumerate(result.tests) if one is test)
    has_rival = len(result.arms) == len(result.tests) + 1
    return result.arms[place + 1].label if has_rival and result.best else test.label


def sentence(
    claim: Claim, result: Outcome, found: Decision, needed: Range, unit: str = "epoch"
) -> str:
    """The finding as a sentence: what, each arm's mean, difference, interval, n, verdict."""
    head = _capital(_subject(claim, result))
    if found.verdict == MISSING:
        return f"{head}: {MISSING}: {result.problem}."
    estimate = _estimate(claim, result, found, unit)
    parts = [part for part in (_levels(claim, result), estimate) if part]
    ending = _ending(result, found, needed)
    return f"{head}: {'; '.join(parts)}: {ending}."


def _subject(claim: Claim, result: Outcome) -> str:
    names = {
        "single_s": "seconds of an epoch of one model on its own",
        "batch_losses": "training loss of each batch",
    }
    name = names.get(claim.metric, metric_name(claim.metric))
    if claim.quantity == "spread":
        name = f"sd of the {name} about its trend"
    elif claim.quantity == "change":
        name = f"change of {name}"
    elif claim.quantity == "steps_to":
        name = f"time to reach a {name}"
    steps = {arm.steps for arm in result.arms if arm.steps}
    if claim.quantity == "steps_to":
        steps = {arm.steps for arm in result.arms[:1] if arm.steps}
    if len(steps) > 1:
        several = all(text.startswith("mean of") for text in steps)
        steps = {"mean of each one's last 5 steps" if several else "of each one's last steps"}
    return f"{name} ({steps.pop()})" if steps else name


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _level(claim: Claim, value: float) -> str:
    """An arm's mean as text."""
    return level(value, claim.quantity == "value" and is_share(claim.metric))


def _levels(claim: Claim, result: Outcome) -> str:
    if _is_alone(claim, result) or claim.quantity in ("change", "steps_to"):
        return result.arms[0].label
    texts = [f"{arm.label} {_level(claim, arm_mean(arm))}" for arm in result.arms]
    if claim.against_metric and len(texts) == 1 and result.others:
        other = arm_mean(result.others[0])
        texts.append(f"{metric_name(claim.against_metric)} {_level(claim, other)}")
    return listing(texts, most=9)


def _estimate(claim: Claim, result: Outcome, found: Decision, unit: str) -> str:
    test = found.test
    if test is None:
        return ""
    words = _words(claim, unit, is_level=_is_level(claim, result))
    # signs belong to differences; a value (a loss, an epoch) has none
    signed = len(result.arms) > 1 and claim.quantity != "steps_to" or bool(claim.against_metric)
    signed = signed or claim.quantity == "change"

    def text(value: float) -> str:
        name = unit_of(claim, unit)
        shown = amount(in_unit(claim, value), name, "+" if signed else "")
        return "0" if name and float(shown) == 0 else shown

    head, sample = _compared(claim, result, test), _sample(result, test)
    low, high = test.interval(found.level)
    if not math.isfinite(low):
        return f"{head}{text(test.difference.mean)}{words} from {sample}, which has no interval"
    bounds = interval(text(low), f"{text(high)}{words}", found.level)
    return (
        f"{head}{text(test.difference.mean)}{words} ({bounds}, {sample}; "
        f"{_criterion(claim, result, unit)})"
    )


def _compared(claim: Claim, result: Outcome, test: Comparison) -> str:
    """Of which of several comparisons the estimate is: "against 6x32, "."""
    rival = rival_of(result, test)
    if not rival:
        return ""
    if claim.kind == "winner":
        how = "least" if test.inside else "most"
        return f"the {how} certain of {len(result.tests)} comparisons, against {rival}, "
    lead = "the weakest step, " if claim.kind == "ranking" else "the weakest, "
    return f"{lead}{rival}, "


def _is_alone(claim: Claim, result: Outcome) -> bool:
    """Whether one arm is compared with nothing: the estimate is its own level."""
    return len(result.arms) == 1 and not claim.against_metric


def _is_level(claim: Claim, result: Outcome) -> bool:
    """Whether the estimate is a level of the metric itself and not a difference of two."""
    return _is_alone(claim, result) and claim.quantity == "value"


def _words(claim: Claim, unit: str, is_level: bool = False) -> str:
    """What follows a number: levels of a share are in percent, differences of two in points."""
    name = unit_of(claim, unit)
    name = "%" if name == "points" and is_level else name
    return behind(name)


def _sample(result: Outcome, test: Comparison) -> str:
    if result.sample:
        return result.sample
    n, several = test.difference.n, len(result.arms) > 1
    if result.paired and several:
        return count(n, "pair")
    return f"{count(n, 'replicate')}{' an arm' if several else ''}"


def _criterion(claim: Claim, result: Outcome, unit: str) -> str:
    """What the interval is held against: "claimed higher by at least 0.5 points"."""
    level_words = _words(claim, unit, _is_level(claim, result))
    name = unit_of(claim, unit)
    size = declared_number(claim.smallest, name)
    words = behind(name, size)
    target = declared_number(claim.target or 0.0, name)
    if claim.kind == "equivalence":
        claimed = f"{target}{level_words}" if claim.target else "none"
        return f"claimed {claimed} give or take {size}{words}"
    if claim.kind == "threshold" and claim.target:
        if not claim.smallest:
            return f"claimed {claim.direction} than {target}{level_words}"
        return f"claimed {claim.direction} than {target}{level_words} by at least {size}{words}"
    if not claim.smallest:
        return f"claimed {claim.direction}"
    return f"claimed {claim.direction} by at least {size}{words}"


def _ending(result: Outcome, found: Decision, needed: Range) -> str:
    verdict = found.verdict
    if verdict != OPEN:
        return verdict
    n = found.test.difference.n if found.test else len(result.arms[0].values)
    overlaps = found.test is not None and found.test.difference.overlap > 0
    noun = "replicate" if overlaps else "seed"
    sample = f"on {result.sample}" if result.sample else f"at {count(n, noun)}"
    where = f"{verdict} {sample}"
    if found.overturned:
        return f"{where} ({OVERTURNED})"
    if result.sample or found.test is None:
        return where
    if n < 2:
        return f"{where} (a spread needs two)"
    if not math.isfinite(found.test.difference.se):
        return where
    return f"{where} ({_more_seeds(needed, noun)})"


def _more_seeds(needed: Range, noun: str) -> str:
    if needed.low is None:
        rest = "" if noun == "seed" else ", because they are of the same data: more data might"
        return f"more {noun}s would hardly decide it{rest}"
    if needed.high is None:
        return f"would need {needed.low} {noun}s or more, perhaps over {LARGEST_N:,}"
    return f"would need about {needed.low} to {needed.high} {noun}s"


def mixture_sentence(label: str, metric: str, share: Share, threshold: float, steps: str) -> str:
    """ "2 of 5 replicates stay at chance ..." as a sentence without its verdict."""
    bounds = interval(f"{100 * share.low:.0f}", f"{100 * share.high:.0f} %")
    return (
        f"{share.k} of {share.n} replicates of {label} stay at chance (share: {bounds}, exact), a "
        f"{metric_name(metric)} ({steps}) of at most {100 * threshold:.1f} % (the largest class's "
        "share and a margin)"
    )


def gradient_sentence(label: str, step: str, found: dict[str, float | str]) -> str:
    """A variant's gradients in one sentence without its verdict."""
    zero = (
        f"{100 * float(found['zero_share']):.0f} % of the layers have a gradient of exactly zero"
    )
    slope, low, high = (float(found[key]) for key in ("slope", "low", "high"))
    vanished, n = int(found["n_vanished"]), int(found["n"])
    if 0 < vanished < n:
        zero += f" (over a tenth in {vanished} of {n} replicates)"
    fit = "too few layers are left for a slope"
    if math.isfinite(slope):
        ends = interval(f"{low:+.3f}", f"{high:+.3f}")
        bounds = f" ({ends})" if math.isfinite(low) else ""
        fit = f"log10 of the magnitude changes by {slope:+.3f} per layer{bounds} over the others"
    return f"Gradients of {label} ({step}): {zero}, {fit}: {found['class']}"
