"""A finding as one short sentence, for a reader who sees nothing else of the study."""

from __future__ import annotations

from collections.abc import Iterator

from sweepbook.aggregates.labels import is_share, metric_name
from sweepbook.findings.amounts import amount, at_level, behind, level
from sweepbook.findings.finding import MISSING, Finding
from sweepbook.findings.wording.limits import as_sentence, n_words, shortened

MOST_WORDS = 25
BEST = "best-config"  # the name of our own question, which config is best
ORDER = "order"  # and of that about the winners of a confirmation
_NAME_WORDS = (12, 8, 6, 4)  # longest names of two configs that are tried, one after the other


def headline_of(finding: Finding) -> str:
    """One sentence of at most 25 words that says what the finding came to.

    What is claimed comes first, with its numbers behind it as far as there is room; of our own
    question which config is best, the config and the next one.
    """
    for text in _of_the_best(finding):
        if n_words(text) <= MOST_WORDS:
            return f"{text}."  # begins with a config's name
    for text in _candidates(finding):
        if 0 < n_words(text) <= MOST_WORDS:
            return as_sentence(text)
    said = finding.claim or finding.sentence or finding.name
    return as_sentence(shortened(said, MOST_WORDS))


def _of_the_best(finding: Finding) -> Iterator[str]:
    """Of our own question which config or winner is best: what it may be, the best one first."""
    if finding.name == BEST and finding.best:
        for most in _NAME_WORDS:
            for gap in dict.fromkeys((ahead_of_second(finding), "")):
                yield _best(finding, most, gap)
    if finding.name == ORDER and finding.best:
        yield _order(finding)


def _candidates(finding: Finding) -> Iterator[str]:
    """What the sentence may be, the best one first."""
    said = finding.claim.rstrip(".")
    if not said:
        return
    reading = finding.reading.rstrip(".")
    for what in (f"{said} ({reading})" if reading and reading != said else said, said):
        for numbers in _numbers(finding):
            yield f"{what}{';' if ': ' in what else ':'} {numbers}"
    yield said


def _best(finding: Finding, most: int, gap: str) -> str:
    """The best config and the next one; "is not told apart" where that is so."""
    which = "highest" if finding.direction == "higher" else "lowest"
    best = shortened(finding.best or "", most)
    head = f"{best} has the {which} {metric_name(finding.metric)}, {_level(finding, 'best')}"
    if not finding.second:
        return head
    second, value = shortened(finding.second, most), _level(finding, "second")
    behind_it = f"; {gap}" if gap else ""
    if finding.second_apart:
        return f"{head}; next is {second} with {value}{behind_it}"
    return f"{head}, and is not told apart from {second}, {value}{behind_it}"


def ahead_of_second(finding: Finding) -> str:
    """ "-0.766 (-0.960 to -0.571)": the best minus the next, "" where there is no interval."""
    low, high = finding.second_low, finding.second_high
    if finding.second_estimate is None or low is None or high is None:
        return ""
    ends = f"{_plain(finding, low, True)} to {_plain(finding, high, True)}"
    return f"{told(finding, finding.second_estimate, True)} ({ends})"


def _order(finding: Finding) -> str:
    of_share = is_share(finding.metric) and (finding.best_value or 0.0) <= 1
    value = level(finding.best_value or 0.0, of_share)
    metric, best = metric_name(finding.metric), shortened(finding.best or "", 8)
    head = f"{best} has the best mean of the winners, {metric} {value}"
    return f"{head}; {finding.found} differences between winners hold"


def _level(finding: Finding, which: str) -> str:
    return level_of(finding, getattr(finding, f"{which}_value"))


def level_of(finding: Finding, value: float | None) -> str:
    """A mean in the metric's own unit, as a text."""
    if value is None:
        return "an unknown value"
    return level(value, is_share(finding.metric) and finding.unit in ("points", "share"))


def _numbers(finding: Finding) -> Iterator[str]:
    if finding.verdict == MISSING:
        yield str(finding.note or "")
    elif finding.kind == "mixture":
        yield f"{finding.found} seeds stay at chance"
    elif finding.kind == "gradients":
        yield f"the gradients are {finding.found}"
    elif finding.estimate is None:
        return
    else:
        yield from _measured(finding)


def _measured(finding: Finding) -> Iterator[str]:
    """The values of both arms with their difference and its interval, or less of it."""
    is_steps = finding.unit not in ("points", "percent", "s", "", None)
    is_difference = bool(finding.against or finding.rival) and not is_steps
    change = told(finding, finding.estimate, is_difference)
    bounds = ""
    if finding.low is not None and finding.high is not None:
        ends = [_plain(finding, end, is_difference) for end in (finding.low, finding.high)]
        bounds = f" ({ends[0]} to {ends[1]}{at_level(finding.level)})"
    has_both = None not in (finding.arm_value, finding.against_value) and finding.against
    if has_both and finding.kind in ("direction", "equivalence") and not is_steps:
        both = f"{_level(finding, 'arm')} against {_level(finding, 'against')}"
        yield f"{both}, {change}{bounds}"
        yield f"{both}, {change}"
    if finding.rival:
        rival = shortened(finding.rival, 8)
        way = "against" if finding.kind == "winner" else "at the weakest,"
        yield f"{change}{bounds} {way} {rival}"
    yield f"{change}{bounds}"
    yield change


def told(finding: Finding, value: float | None, signed: bool) -> str:
    """The estimate, or an end of its interval, with its unit."""
    if value is None:
        return "an unknown amount"
    return f"{_plain(finding, value, signed)}{behind(finding.unit)}"


def _plain(finding: Finding, value: float, signed: bool) -> str:
    return amount(value, finding.unit, "+" if signed or finding.unit == "percent" else "")
