"""What a template of answers may call with a finding, each by its name: texts, and questions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sweepbook.aggregates.labels import count, listing, metric_name, number
from sweepbook.findings.amounts import (
    amount,
    at_level,
    behind,
    counts_steps,
    declared_number,
    interval,
)
from sweepbook.findings.finding import FAILS, HOLDS, MISSING, MIXED, OPEN, Finding
from sweepbook.findings.headlines import ahead_of_second, level_of
from sweepbook.findings.wording.counted import growth, signed


def _lacking(row: Finding) -> str:
    """Nothing of what has a line of its own, as not available; that there is no such finding."""
    return "" if row.study else f"The record has no finding called {row.name!r}."


def _judged(row: Finding, holds: str, fails: str, still_open: str, mixed: str = "") -> str:
    words = {HOLDS: holds, FAILS: fails, OPEN: still_open, MISSING: "cannot be said"}
    words[MIXED] = mixed or still_open
    return words[row.verdict]


def _unsettled(row: Finding) -> str:
    if not row.n:
        return row.verdict
    return f"{row.verdict} at {count(row.n, 'seed')}{_needed(row)}"


def _needed(row: Finding) -> str:
    return f", since {row.why}" if row.why else ""


def _amount(row: Finding, sign: str = "", size_only: bool = False) -> str:
    """The estimate with its unit; where the words say on which side it lies, its size only."""
    if row.estimate is None:
        return "an unknown amount"
    value = abs(row.estimate) if size_only else row.estimate
    return amount(value, row.unit, sign) + behind(row.unit)


def _bounds(row: Finding) -> str:
    if row.low is None or row.high is None:
        return "(measured once, no interval)"
    low, high = _texts(row, row.low, row.high)
    return f"({interval(low, high, row.level or 0.95)}, n = {row.n})"


def _ends(row: Finding) -> str:
    """ "+0.2 to +0.5", in the unit of the estimate."""
    if row.low is None or row.high is None:
        return "no interval"
    ends = " to ".join(_texts(row, row.low, row.high))
    return ends + at_level(row.level)


def _texts(row: Finding, *values: float) -> list[str]:
    """Ends of an interval, with signs where they are of a difference."""
    unit = row.unit or ""
    if unit.startswith("log"):
        return [signed(value) for value in values]
    sign = "" if counts_steps(unit) or unit == "s" else "+"
    return [amount(value, unit, sign) for value in values]


def _span(row: Finding) -> str:
    """Of a change: "from epochs 31–40 to 51–60"."""
    later, _, earlier = (row.steps or "").partition(" against ")
    unit, _, steps = later.partition(" ")
    return f"from {unit} {earlier} to {steps}" if earlier else later


def _corrected(row: Finding) -> str:
    """The winner's mean on replicates that did not select it, where that is known."""
    if row.corrected is None:
        return ""
    return f" ({level_of(row, row.corrected)} on replicates that did not select it)"


def _tally(rows: Sequence[Finding]) -> str:
    holding = sum(row.verdict == HOLDS for row in rows)
    if holding == len(rows):
        return f"all {len(rows)}"
    still_open = sum(row.verdict in (OPEN, MIXED) for row in rows)
    return f"{holding} of {len(rows)}{f' ({still_open} undecided)' if still_open else ''}"


def _range(rows: Sequence[Finding]) -> str:
    """ "0.2 to 0.5 points": the smallest and the largest estimate."""
    known = [row.estimate for row in rows if row.estimate is not None]
    if not known:
        return "an unknown amount"
    unit = next(row.unit for row in rows if row.estimate is not None)
    low, high = min(known), max(known)
    to = "" if math.isclose(low, high) else f" to {amount(high, unit)}"
    return f"{amount(low, unit)}{to}{behind(unit)}"


WORDS: Mapping[str, Callable[..., Any]] = {
    "known": lambda row: row.verdict != MISSING,
    "lacking": _lacking,
    "judged": _judged,
    "unsettled": _unsettled,
    "level": lambda row: level_of(row, row.arm_value),
    "against": lambda row: level_of(row, row.against_value),
    "best_level": lambda row: level_of(row, row.best_value),
    "level_of": level_of,
    "corrected": _corrected,
    "amount": lambda row: _amount(row, size_only=True),
    "change": lambda row: _amount(row, "+"),
    "side": lambda row: "higher" if row.estimate >= 0 else "lower",
    "bounds": _bounds,
    "ends": _ends,
    "capital": lambda text: f"{text[:1].upper()}{text[1:]}",
    "why": lambda row: row.why or "the interval still contains both answers",
    "n_seeds": lambda row: count(row.n or 0, "seed"),
    "is_above": lambda row: row.low is not None and row.low > 0,
    "is_below": lambda row: row.high is not None and row.high < 0,
    "all_at_chance": lambda rows: [row for row in rows if row.estimate == 1],
    "none_at_chance": lambda rows: [row for row in rows if row.estimate == 0],
    "some_at_chance": lambda rows: [row for row in rows if 0 < (row.estimate or 0) < 1],
    "span": _span,
    "growth": lambda row: growth(row.estimate or 0.0),
    "second": lambda row: f"{row.second} ({level_of(row, row.second_value)})",
    "ahead": lambda row: f": {gap}" if (gap := ahead_of_second(row)) else "",
    "target": lambda row: declared_number(row.target, row.unit) + behind(row.unit),
    "smallest": lambda row: declared_number(row.smallest, row.unit) + behind(row.unit),
    "name": lambda row: metric_name(row.metric),
    "plain": lambda value: number(value, 3),
    "signed": signed,
    "share_of": lambda share: f"{100 * share:.0f} %",
    "listed": lambda items: listing(list(items), most=9),
    "tally": _tally,
    "range": _range,
}
