"""What every trial is asked, as the page shows it: one line for each question, and a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sweepbook.aggregates.labels import count, metric_name, number
from sweepbook.findings.amounts import amount, behind, declared_number
from sweepbook.findings.asked.groups import Group
from sweepbook.findings.finding import Finding
from sweepbook.findings.headlines import level_of
from sweepbook.findings.wording.counted import signed
from sweepbook.pages.table import Table

_NOTHING = "–"
_NUMBERS = ("value", "against", "estimate", "interval", "n")
_KEYS = ("trial", "value", "against", "found", "estimate", "interval", "n", "verdict")


@dataclass(frozen=True)
class Asked:
    """A question's line with the table of its answers.

    rule: what makes an answer a yes, where a size does. note: what another table has, or "".
    """

    name: str
    line: str
    rows: Sequence[Finding]
    rule: str = ""
    note: str = ""

    @property
    def table(self) -> Table:
        """One row for each trial."""
        return _table(self.rows)


def asked_of(groups: Sequence[Group]) -> list[Asked]:
    """The groups of one record's findings for the page."""
    return [
        Asked(
            group.name,
            f"{group.line[:1].upper()}{group.line[1:]}",
            group.rows,
            _rule(group.rows[0]),
        )
        for group in groups
    ]


def told_once(sections: Sequence[Sequence[Asked]], anchors: Sequence[str]) -> list[list[Asked]]:
    """The questions of several records, of a trial that they share in the first of them alone.

    Each line still counts all trials of its record. anchors: what the records are called.
    """
    seen: dict[tuple[str, str], str] = {}
    told = []
    for anchor, asked in zip(anchors, sections, strict=True):
        own = []
        for one in asked:
            keys = [(one.name, row.trial_ids or "") for row in one.rows]
            earlier = [seen[key] for key in keys if key in seen]
            rows = [row for row, key in zip(one.rows, keys, strict=True) if key not in seen]
            own.append(replace(one, rows=rows, note=_elsewhere(earlier)))
        for one in asked:
            seen |= {(one.name, row.trial_ids): anchor for row in one.rows if row.trial_ids}
        told.append(own)
    return told


def _rule(row: Finding) -> str:
    if row.kind not in ("direction", "equivalence") or not row.smallest:
        return ""
    size = declared_number(row.smallest, row.unit)
    return f"Smallest difference that matters: {size}{behind(row.unit, size)}."


def _elsewhere(anchors: Sequence[str]) -> str:
    if not anchors:
        return ""
    names = ", ".join(dict.fromkeys(anchors))
    stands = "stands" if len(anchors) == 1 else "stand"
    return f"{count(len(anchors), 'trial')} of this record {stands} in the table of {names}."


def _table(rows: Sequence[Finding]) -> Table:
    """A column for each number that the question has; one where no trial has it is left out."""
    cells = [_cells(row) for row in rows]
    keys = [key for key in _KEYS if any(own[key] != _NOTHING for own in cells)]
    names = _names(rows[0]) if rows else {}
    columns = [names.get(key, key) for key in keys]
    numeric = frozenset(name for key, name in zip(keys, columns, strict=True) if key in _NUMBERS)
    return Table(columns, [[own[key] for key in keys] for own in cells], numeric)


def _names(row: Finding) -> dict[str, str]:
    """What a row's columns are called, where it depends on what was measured."""
    unit = f" ({row.unit})" if row.unit in ("points", "percent") else ""
    names = {"value": metric_name(row.metric), "estimate": f"difference{unit}"}
    if row.kind in ("gradients", "mixture"):
        names["estimate"] = "slope" if row.kind == "gradients" else "share"
    return names | ({"against": metric_name(row.against)} if row.against else {})


def _cells(row: Finding) -> dict[str, str]:
    has_both = bool(row.against) and row.estimate is not None
    return {
        "trial": row.arm or row.claim,
        "value": level_of(row, row.arm_value) if has_both else _NOTHING,
        "against": level_of(row, row.against_value) if has_both else _NOTHING,
        "found": row.found or _NOTHING,
        "estimate": _number(row, row.estimate),
        "interval": _interval(row),
        "n": str(row.n) if row.n else _NOTHING,
        "verdict": f"{row.verdict}{' (unusual seeds)' if row.overturned else ''}",
    }


def _number(row: Finding, value: float | None) -> str:
    if value is None:
        return _NOTHING
    sign = "+" if row.against else ""
    return signed(value) if row.kind == "gradients" else amount(value, row.unit, sign)


def _interval(row: Finding) -> str:
    if row.low is None or row.high is None:
        return _NOTHING
    level = number(100 * (row.level or 0.95), 3)
    return f"{_number(row, row.low)} to {_number(row, row.high)} ({level} %)"
