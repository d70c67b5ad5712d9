"""Declared claims as rows of a forest plot: a mark, the claim, its bar, its numbers.

A bar is in units of the smallest difference that matters, on an axis that is nearly linear up to
one such unit and nearly logarithmic beyond (asinh). It is turned so that what is claimed lies to
the right; a claim of equality lies inside the band of differences that do not matter.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from sweepbook.aggregates.labels import count
from sweepbook.findings.amounts import amount, at_level, behind, counts_steps
from sweepbook.findings.finding import FAILS, HOLDS, MISSING, MIXED, OPEN, Finding
from sweepbook.findings.forest import SMALLEST, is_weak
from sweepbook.pages.names import safe_name
from sweepbook.pages.table import Table
from sweepbook.record.registration import AFTER

END = 30.0  # of the axis, in smallest differences; a bar beyond it ends in an arrow
MOST_OF_LABEL = 44  # letters
TICKS = (-10, -3, -1, 0, 1, 3, 10)
MARKS = {HOLDS: "✓", FAILS: "✗", MIXED: "◐", OPEN: "?", MISSING: "–"}


@dataclass(frozen=True)
class Bar:
    """An estimate with its interval, in percent of the plot's width.

    low and high are None where there is no interval; reach: what that becomes with one more
    unusual seed, where this is known; below and above: it goes on beyond the axis.
    """

    at: float
    low: float | None
    high: float | None
    reach: tuple[float, float] | None = None
    below: bool = False
    above: bool = False


@dataclass(frozen=True)
class Row:
    """A declared claim as the page shows it.

    label: a few words for the first screen. seeds: "5 of 5 seeds at chance" of a claim about a
    share of the seeds, which has no bar; numbers: the estimate with its interval, or "". why:
    what a verdict lacks, in a few words, or "". is_same: it is claimed to lie in the band.
    """

    anchor: str
    label: str
    claim: str
    reading: str
    verdict: str
    bar: Bar | None
    seeds: str
    numbers: str
    sample: str
    why: str
    sentence: str
    is_late: bool
    is_same: bool

    @property
    def mark(self) -> str:
        """The verdict as one character."""
        return MARKS[self.verdict]


def place(value: float) -> float:
    """Where a number of smallest differences lies on the axis, in percent from the left.

    >>> place(0.0), place(30.0), place(-1000.0)
    (50.0, 100.0, 0.0)
    """
    inside = max(-END, min(END, value))
    return round(50 + 50 * math.asinh(inside) / math.asinh(END), 2)


def band() -> tuple[float, float]:
    """Left and right end of the differences that do not matter, in percent."""
    return place(-1.0), place(1.0)


def rows_of(anchor: str, findings: Iterable[Finding], forest: pd.DataFrame) -> list[Row]:
    """One row per declared claim, in their order.

    Args:
        anchor: of the study's section on the page.
        findings: of the declared claims.
        forest: as `forest_frame` returns it, of the same claims.
    """
    known = {str(row["name"]): row for row in forest.to_dict("records")}
    listed = list(findings)
    often = Counter(finding.claim for finding in listed)
    return [
        _row(anchor, finding, known.get(finding.name, {}), often[finding.claim] > 1)
        for finding in listed
    ]


def claim_table(rows: Sequence[Row]) -> Table:
    """The rows as texts: verdict, claim, estimate."""
    cells = []
    for row in rows:
        read = f" ({row.reading})" if row.reading and row.reading != row.claim else ""
        late = "declared after the training began" if row.is_late else ""
        why = "".join(f", {text}" for text in (row.why, late) if text)
        numbers = row.numbers or row.seeds
        cells.append([f"{row.mark} {row.verdict}{why}", f"{row.claim}{read}", numbers, row.sample])
    return Table(["verdict", "declared claim", "estimate (95 % interval)", "seeds"], cells)


def _row(
    anchor: str, finding: Finding, scaled: dict[object, object], shares_its_words: bool
) -> Row:
    is_scaled = scaled.get("scale") == SMALLEST
    return Row(
        anchor=f"claim-{anchor}-{safe_name(finding.name)}",
        label=_label(finding, shares_its_words),
        claim=finding.claim,
        reading=finding.reading,
        verdict=finding.verdict,
        bar=_bar(scaled) if is_scaled and finding.verdict != MISSING else None,
        seeds=_seeds(finding),
        numbers=_numbers(finding),
        sample=_sample(finding),
        why=_why(finding),
        sentence=finding.sentence,
        is_late=finding.declared == AFTER,
        is_same=(scaled.get("band_low"), scaled.get("band_high")) == (-1.0, 1.0),
    )


def _label(finding: Finding, shares_its_words: bool) -> str:
    """The title; else what is claimed, or the name where that is long or also said of others."""
    if finding.title:
        return finding.title
    if len(finding.claim) <= MOST_OF_LABEL and not shares_its_words:
        return _capital(finding.claim.rstrip("."))
    return _capital(finding.name.replace("-", " "))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _bar(row: dict[object, object]) -> Bar | None:
    names = ("estimate", "low", "high", "guard_low", "guard_high")
    estimate, low, high, least, most = (float(str(row[name])) for name in names)
    if not math.isfinite(estimate):
        return None
    if float(str(row["band_high"])) < 0:  # claimed to be lower
        estimate, low, high, least, most = -estimate, -high, -low, -most, -least
    if not (math.isfinite(low) and math.isfinite(high)):
        return Bar(place(estimate), None, None, below=estimate < -END, above=estimate > END)
    known = math.isfinite(least) and math.isfinite(most)
    reach = (place(least), place(most)) if known else None
    return Bar(place(estimate), place(low), place(high), reach, low < -END, high > END)


def _seeds(finding: Finding) -> str:
    if finding.kind != "mixture" or not finding.found:
        return ""
    return f"{finding.found} seeds at chance"


def _numbers(finding: Finding) -> str:
    """ "against 6x32: +0.38 points (95 % interval +0.25 to +0.51)"."""
    if finding.estimate is None or finding.kind == "mixture":
        return ""
    against = "against " if finding.kind == "winner" else ""
    lead = f"{against}{finding.rival}: " if finding.rival else ""
    text = f"{lead}{_text(finding, finding.estimate)}{_unit(finding)}"
    if finding.low is None or finding.high is None:
        return text
    ends = (_text(finding, finding.low), _text(finding, finding.high))
    return f"{text} ({_ends(ends, finding.level or 0.95)})"


def _ends(ends: Sequence[str], of_level: float) -> str:
    return f"{' to '.join(ends)}{at_level(of_level)}"


def _unit(finding: Finding) -> str:
    if finding.kind == "gradients":
        return " log10 per layer"
    return " %" if _is_level(finding) else behind(finding.unit)


def _text(finding: Finding, value: float) -> str:
    if finding.kind == "gradients":
        return f"{value:+.3f}"
    is_difference = bool(finding.against or finding.rival) and not counts_steps(finding.unit)
    sign = "+" if is_difference or finding.unit == "percent" else ""
    return amount(value, finding.unit, sign)


def _is_level(finding: Finding) -> bool:
    """Whether the estimate is a share's level and not a difference of two."""
    return finding.unit == "points" and finding.kind == "threshold" and finding.target is not None


def _sample(finding: Finding) -> str:
    return finding.sample or (count(finding.n, "seed") if finding.n else "")


def _why(finding: Finding) -> str:
    if finding.look is not None and finding.verdict in (OPEN, MIXED):
        return finding.why
    if finding.overturned:
        return "one more unusual seed would overturn it"
    if finding.verdict == OPEN:
        is_few = finding.needed_low is not None or finding.kind == "mixture"
        return "too few seeds" if is_few else "the interval is too wide"
    return "weak" if is_weak(finding) else ""
