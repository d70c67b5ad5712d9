"""A claim's outcome as one English sentence, with every number that its verdict rests on."""

from __future__ import annotations

import math

from sweepbook.aggregates.labels import count, is_share, listing, metric_name
from sweepbook.findings.amounts import amount, behind, declared_number, interval, level
from sweepbook.findings.finding import MISSING, OPEN
from sweepbook.findings.outcomes import Outcome
from sweepbook.findings.verdicts import arm_mean
from sweepbook.study.claim import Claim


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


def sentence(
    claim: Claim, result: Outcome, verdict: str, needed: int | None, unit: str = "epoch"
) -> str:
    """The finding as a sentence: what, each arm's mean, difference, interval, n, verdict."""
    head = _capital(_subject(claim, result))
    if verdict == MISSING:
        return f"{head}: {MISSING}: {result.problem}."
    parts = [part for part in (_levels(claim, result), _estimate(claim, result, unit)) if part]
    ending = _ending(claim, result, verdict, needed)
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
    if claim.against_metric and len(texts) == 1 and result.shown is not None:
        other = arm_mean(result.arms[0]) - result.shown.mean
        texts.append(f"{metric_name(claim.against_metric)} {_level(claim, other)}")
    return listing(texts, most=9)


def _estimate(claim: Claim, result: Outcome, unit: str) -> str:
    shown = result.shown
    if shown is None:
        return ""
    words = _words(claim, unit, is_level=_is_level(claim, result))
    # signs belong to differences; a value (a loss, an epoch) has none
    signed = len(result.arms) > 1 and claim.quantity != "steps_to" or bool(claim.against_metric)
    signed = signed or claim.quantity == "change"

    def text(value: float) -> str:
        name = unit_of(claim, unit)
        shown = amount(in_unit(claim, value), name, "+" if signed else "")
        return "0" if name and float(shown) == 0 else shown

    head = _compared(claim, result)
    if not math.isfinite(shown.low):
        return f"{head}{text(shown.mean)}{words} from {_sample(result)}, which has no interval"
    bounds = interval(text(shown.low), f"{text(shown.high)}{words}")
    return (
        f"{head}{text(shown.mean)}{words} ({bounds}, {_sample(result)}; "
        f"{_criterion(claim, result, unit)})"
    )


def _compared(claim: Claim, result: Outcome) -> str:
    """Of which of several comparisons the estimate is: "to the nearest of the others, 6x32, "."""
    if result.picked_anew:
        how = "both picked anew on the other replicates for each one left out"
        return f"to the runner-up, {result.rival} ({how}), "
    what = {"winner": "to the nearest of the others, ", "ranking": "the weakest step, "}
    lead = what.get(claim.kind, "" if len(result.tests) < 2 else "the weakest, ")
    return f"{lead}{result.rival}, " if lead else ""


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


def _sample(result: Outcome) -> str:
    if result.sample:
        return result.sample
    n = result.shown.n if result.shown is not None else 0
    several = len(result.arms) > 1
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


def _ending(claim: Claim, result: Outcome, verdict: str, needed: int | None) -> str:
    if verdict != OPEN:
        return verdict
    if result.sample:
        return f"{verdict} on {result.sample}"
    n = result.shown.n if result.shown is not None else len(result.arms[0].values)
    if n < 2:
        return f"{verdict} at {count(n, 'seed')} (a spread needs two)"
    more = f"would need about {needed}" if needed else "more seeds would hardly decide it"
    if result.shown is None:
        return f"{verdict} at {count(n, 'seed')}"
    return f"{verdict} at {count(n, 'seed')} ({more})"


def mixture_sentence(label: str, metric: str, k: int, n: int, threshold: float, steps: str) -> str:
    """ "2 of 5 replicates stay at chance ..." as a sentence without its verdict."""
    return (
        f"{k} of {n} replicates of {label} stay at chance, a {metric_name(metric)} ({steps}) of "
        f"at most {100 * threshold:.1f} % (the largest class's share and a margin)"
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
