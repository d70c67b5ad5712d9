"""The question of a study answered in a headline and a few sentences, from the findings alone.

A template holds words; each number, label and verdict in the text is a finding's. It is part of
the study's record (Study.answers). A template is a text that somebody wrote: it is rendered in
Jinja's sandbox, with the functions of `functions` and nothing else. A headline is declared by a
call block with the finding that it rests on: {% call headline(f("name")) %}...{% endcall %}.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sweepbook.aggregates.labels import count, listing, metric_name, number
from sweepbook.findings.amounts import (
    amount,
    at_level,
    behind,
    counts_steps,
    declared_number,
    from_first,
    interval,
)
from sweepbook.findings.finding import FAILS, HOLDS, MISSING, MIXED, OPEN, Finding
from sweepbook.findings.forest import is_weak
from sweepbook.findings.headlines import ahead_of_second, level_of
from sweepbook.findings.wording.counted import growth, signed
from sweepbook.record.load import Record


@dataclass(frozen=True)
class Headline:
    """What a study found, for a reader who sees only this line.

    verdict: of the finding it rests on. finding: the name of that finding, "" if there is none.
    text: one sentence of at most 25 words; the page shows the verdict beside it. is_weak: few
    seeds of other trials show how seeds fail.
    """

    verdict: str
    finding: str
    text: str
    is_weak: bool = False


@dataclass(frozen=True)
class Answers:
    """A study's question answered: headlines, then paragraphs that do not repeat them."""

    headlines: list[Headline]
    paragraphs: list[str]


def study_answers(record: Record, findings: Sequence[Finding]) -> Answers:
    """The answers by the template that the record's study declares; empty without one.

    findings: as `evaluate` returns them. The same findings give the same text. Pure.

    Raises:
        ValueError: the template cannot be rendered, saying why.
    """
    try:
        return _rendered(record.manifest.study.answers, findings)
    except Exception as error:  # whatever the template does
        raise ValueError(
            f"the template of study {record.study}: {type(error).__name__}: {error}"
        ) from error


def environment() -> ImmutableSandboxedEnvironment:
    """Jinja's sandbox, in which a template is read and rendered."""
    return ImmutableSandboxedEnvironment(
        autoescape=False,  # plain text: the report's own templates escape it
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=False,
    )


def _rendered(template: str, findings: Sequence[Finding]) -> Answers:
    headlines: list[Headline] = []
    text = environment().from_string(template).render(functions(findings, headlines))
    paragraphs = map(_one_line, re.split(r"\n\s*\n", text))
    return Answers(headlines, [paragraph for paragraph in paragraphs if paragraph])


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def functions(
    findings: Sequence[Finding], headlines: list[Headline] | None = None
) -> dict[str, Any]:
    """What templates may call, by name; rows are findings. Headlines are added to the list."""
    by_name = {finding.name: finding for finding in findings}

    def find(name: str) -> Finding:
        return by_name.get(name, Finding(name=name, note="the record has no such claim"))

    def every(kind: str) -> list[Finding]:
        beginning = re.compile(rf"{re.escape(kind)}-(?!evaluation)")
        return [finding for finding in findings if beginning.match(finding.name)]

    def first(kind: str) -> Finding:
        return next(iter(every(kind)), Finding(name=kind, note=f"there is no {kind}"))

    def headline(row: Finding, caller: Callable[[], str]) -> str:
        if headlines is not None and (text := _one_line(caller())):
            headlines.append(Headline(row.verdict, row.name, text, is_weak(row)))
        return ""

    return {
        "headline": headline,
        "f": find,
        "every": every,
        "first": first,
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
    return [amount(from_first(value, unit), unit, sign) for value in values]


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
