"""Amounts as texts: a number with the digits that its unit asks for, an interval in words.

Numbers without a unit, and means with their half width, are in aggregates.labels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sweepbook.aggregates.labels import number

_LONG = 100_000  # from here on digits say less than the power of ten
HUNDREDTHS = ("points", "percent")  # units of which a whole has 100


def amount(value: float, unit: str | None, sign: str = "") -> str:
    """Two decimals below 1, one below 100, none above; without a unit three digits, always.

    A number of steps is never negative: an interval of one is cut off at 0.

    sign: "+" where the number is a difference, so that a positive one shows it, too.

    >>> amount(2.448, "points", "+"), amount(0.051, "points"), amount(0.2314, "", "+")
    ('+2.4', '0.05', '+0.231')
    >>> amount(15055198.0, "percent", "+"), amount(-0.001, "points", "+"), amount(0.2, "")
    ('+1.51e+07', '0', '0.200')
    >>> amount(-31.2, "epochs")
    '0'
    """
    if not unit:
        return f"{'+' if sign and value > 0 else ''}{_three_digits(value)}"
    if counts_steps(unit):
        value = max(value, 0.0)
    size = abs(value)
    if size >= _LONG:
        return f"{value:{sign}.3g}"
    shown = f"{value:{sign}.{2 if size < 1 else 1 if size < 100 else 0}f}"
    return "0" if float(shown) == 0 else shown  # never -0.00


def behind(unit: str | None, shown: str = "") -> str:
    """A unit as it follows a number: " points", or "" where there is none.

    shown: the number, of which "1" has one unit.

    >>> behind("points"), behind("points", "1"), behind("s", "1"), behind("")
    (' points', ' point', ' s', '')
    """
    is_one = shown == "1" and unit in ("points", "epochs", "rounds", "evals", "steps")
    return f" {str(unit).removesuffix('s') if is_one else unit}" if unit else ""


def declared_number(value: float, unit: str | None) -> str:
    """A declared number, which is on the metric's own scale, in a unit without its name.

    >>> declared_number(0.005, "points"), declared_number(15.0, "epochs")
    ('0.5', '15')
    """
    return number(value * (100 if unit in HUNDREDTHS else 1), 3)


def level(value: float, of_share: bool) -> str:
    """A mean in the metric's own unit: "94.5 %" of a share, else three digits.

    >>> level(0.945, True), level(0.2314, False)
    ('94.5 %', '0.231')
    """
    if not of_share:
        return _three_digits(value)
    shown = f"{100 * value:.1f}"
    return f"{abs(float(shown))} %" if float(shown) == 0 else f"{shown} %"  # never -0.0


def _three_digits(value: float) -> str:
    """A measured value: 0.19 beside 0.186 is 0.190."""
    shown = number(value, 3)
    digits = shown.lstrip("-0.").replace(".", "")
    if not digits.isdigit() or len(digits) >= 3:
        return shown
    return f"{shown}{'' if '.' in shown else '.'}{'0' * (3 - len(digits))}"


def at_level(level: float | None) -> str:
    """What follows the ends of an interval whose level is not the usual 95 %.

    >>> at_level(0.975), at_level(0.95)
    (', 97.5 % interval', '')
    """
    return "" if level in (None, 0.95) else f", {number(100 * level, 3)} % interval"


def interval(low: str, high: str, level: float = 0.95) -> str:
    """ "95 % interval +0.2 to +0.5": both ends are texts already.

    >>> interval("+0.2", "+0.5", 1 - 0.05 / 6)
    '99.2 % interval +0.2 to +0.5'
    """
    return f"{number(100 * level, 3)} % interval {low} to {high}"


def estimate_texts(finding: Mapping[Any, Any]) -> tuple[str, str]:
    """A finding's estimate with its unit, and its interval, which has the same unit; "–" for none.

    finding: a row of `findings_frame`. A difference has a sign, a value has none; a share is in
    percent. Of an interval that is not one of 95 % its level stands behind it.

    >>> row = {"estimate": 2.4, "low": 1.5, "high": 3.3, "level": 0.95, "unit": "points"}
    >>> estimate_texts(row | {"against": "depth 4", "rival": None})
    ('+2.4 points', '+1.5 to +3.3')
    """
    value, low, high = (_number(finding.get(key)) for key in ("estimate", "low", "high"))
    unit = str(finding.get("unit")) if not pd.isna(finding.get("unit")) else ""
    is_count = counts_steps(unit)
    is_difference = not is_count and any(
        not pd.isna(finding.get(key)) for key in ("against", "rival")
    )
    sign = "+" if is_difference or unit == "percent" or unit.startswith("log10") else ""
    if not math.isfinite(value):
        return "–", "–"

    def text(one: float) -> str:
        return f"{100 * one:.0f}" if unit == "share" else amount(one, unit, sign)

    shown = " %" if unit == "share" else behind(unit)
    if not math.isfinite(low):
        return f"{text(value)}{shown}", "–"
    level = _number(finding.get("level"))
    other = f" ({number(100 * level, 3)} %)" if level == level and level != 0.95 else ""
    last = " %" if unit == "share" else ""
    return f"{text(value)}{shown}", f"{text(low)} to {text(high)}{last}{other}"


def counts_steps(unit: str | None) -> bool:
    """Whether a unit is that of a number of steps, such as "epochs", which is never negative."""
    return bool(unit) and str(unit).endswith("s") and unit not in ("points", "s")


def _number(value: Any) -> float:
    return math.nan if pd.isna(value) else float(value)
