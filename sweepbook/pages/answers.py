"""The published questions answered in a few sentences each, from the findings alone.

A template per study (templates/answers/STUDY.md.j2, and any.md.j2 for every study) holds words;
each number, label and verdict in the text is a finding's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from sweepbook.aggregates.labels import count, is_share, listing, metric_name, number
from sweepbook.findings.verdicts import FAILS, HOLDS, MISSING, OPEN
from sweepbook.record.load import Record

_HERE = Path(__file__).parent

Row = Mapping[str, Any]


def answers(record: Record, findings: pd.DataFrame) -> list[str]:
    """Paragraphs of plain text, one per question of the record's study; [] for other studies.

    findings: as `findings.evaluate` returns them. Where a finding is not available the text says
    why. The same findings give the same text. Pure.
    """
    environment = _environment()
    rows = [_cleaned(row) for row in findings.to_dict("records")]
    functions = _functions(rows)
    texts = []
    for name in (f"answers/{record.study}.md.j2", "any.md.j2"):
        try:
            template = environment.get_template(name)
        except jinja2.TemplateNotFound:
            continue
        texts += re.split(r"\n\s*\n", template.render(functions))
    return [text for raw in texts if (text := re.sub(r"\s+", " ", raw).strip())]


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(
            [str(_HERE / "templates"), str(_HERE.parents[1] / "analysis")]
        ),
        autoescape=False,  # plain text: the report's own templates escape it
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=False,
    )


def _cleaned(row: Mapping[Any, Any]) -> dict[str, Any]:
    """NaN and NA as None, so that templates can ask."""
    return {
        str(key): None
        if value is pd.NA or (isinstance(value, float) and value != value)
        else value
        for key, value in row.items()
    }


def _functions(rows: Sequence[Row]) -> dict[str, Any]:
    """What templates may call; rows are findings."""
    by_name = {str(row["name"]): row for row in rows}

    def find(name: str) -> Row:
        missing = {"name": name, "verdict": MISSING, "note": "the record has no such claim"}
        return by_name.get(name, missing)

    def every(kind: str) -> list[Row]:
        return [row for row in rows if re.match(rf"{kind}-(?!evaluation)", row["name"])]

    def first(kind: str) -> Row:
        return next(iter(every(kind)), {"verdict": MISSING, "note": f"there is no {kind}"})

    return {
        "f": find,
        "every": every,
        "first": first,
        "known": lambda row: row["verdict"] != MISSING,
        "lacking": _lacking,
        "judged": _judged,
        "unsettled": _unsettled,
        "level": lambda row: level_of(row, row["arm_value"]),
        "against": lambda row: level_of(row, row["against_value"]),
        "best_level": lambda row: level_of(row, row["best_value"]),
        "level_of": level_of,
        "corrected": _corrected,
        "amount": lambda row: f"{_number(row, abs(row['estimate']))}{_unit(row)}",
        "change": lambda row: f"{_number(row, row['estimate'], '+')}{_unit(row)}",
        "side": lambda row: "higher" if row["estimate"] >= 0 else "lower",
        "bounds": _bounds,
        "target": _target,
        "smallest": _smallest,
        "name": lambda row: metric_name(row["metric"]),
        "plain": lambda value: number(value, 3),
        "signed": lambda value: f"{value:+.3f}",
        "share_of": lambda share: f"{100 * share:.0f} %",
        "listed": lambda items: listing(list(items), most=9),
        "tally": _tally,
        "range": _range,
    }


def level_of(row: Row, value: float | None) -> str:
    """A mean in the metric's own unit: "94.5 %" for a share, three digits else."""
    if value is None:
        return "an unknown value"
    share = is_share(row["metric"]) and row["unit"] in ("points", "share")
    return f"{100 * value:.1f} %" if share else number(value, 3)


def _lacking(row: Row) -> str:
    subject = f"Whether “{row['claim']}”" if row.get("claim") else "One question"
    return f"{subject} cannot be said from this record: {row.get('note') or 'no reason given'}."


def _judged(row: Row, holds: str, fails: str, still_open: str) -> str:
    return {HOLDS: holds, FAILS: fails, OPEN: still_open, MISSING: "cannot be said"}[
        row["verdict"]
    ]


def _unsettled(row: Row) -> str:
    needed = row.get("needed_n")
    more = f" (about {needed:.0f} would be needed)" if needed else ""
    n = row.get("n")
    return f"undecided at {count(int(n), 'seed')}{more}" if n else "undecided"


def _unit(row: Row) -> str:
    return f" {row['unit']}" if row["unit"] else ""


def _number(row: Row, value: float, sign: str = "") -> str:
    if not row["unit"]:
        return f"{'+' if sign and value > 0 else ''}{number(value, 3)}"
    places = 2 if abs(value) < 1 else 1 if abs(value) < 100 else 0
    return f"{value:{sign}.{places}f}"


def _bounds(row: Row) -> str:
    if row.get("low") is None:
        return "(measured once, no interval)"
    sign = "" if row["unit"].endswith("s") and row["unit"] != "points" else "+"
    low, high = (_number(row, row[key], sign) for key in ("low", "high"))
    if row["unit"].startswith("log"):
        low, high = (f"{row[key]:+.3f}" for key in ("low", "high"))
    return f"(95 % interval {low} to {high}, n = {row['n']:.0f})"


def _target(row: Row) -> str:
    scale = 100 if row["unit"] in ("points", "percent") else 1
    return f"{number(row['target'] * scale, 3)}{_unit(row)}"


def _smallest(row: Row) -> str:
    """The smallest difference that matters, in its unit: "0.5 points"."""
    return f"{number(row['smallest'] * (100 if row['unit'] else 1), 3)}{_unit(row)}"


def _corrected(row: Row) -> str:
    """The winner's mean on replicates that did not select it, where that is known."""
    if row.get("corrected") is None:
        return ""
    return f" ({level_of(row, row['corrected'])} on replicates that did not select it)"


def _tally(rows: Sequence[Row]) -> str:
    holding = sum(row["verdict"] == HOLDS for row in rows)
    if holding == len(rows):
        return f"all {len(rows)}"
    still_open = sum(row["verdict"] == OPEN for row in rows)
    return f"{holding} of {len(rows)}{f' ({still_open} undecided)' if still_open else ''}"


def _range(rows: Sequence[Row]) -> str:
    """ "0.2 to 0.5 points": the smallest and the largest estimate."""
    known = [row for row in rows if row.get("estimate") is not None]
    if not known:
        return "an unknown amount"
    low, high = (f(row["estimate"] for row in known) for f in (min, max))
    if math.isclose(low, high):
        return f"{_number(known[0], low)}{_unit(known[0])}"
    return f"{_number(known[0], low)} to {_number(known[0], high)}{_unit(known[0])}"
