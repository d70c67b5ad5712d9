"""Names of a report's files and anchors: safe for a file system, and no two alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from sweepbook.figures.kinds import specs_of
from sweepbook.record.load import Record


def safe_name(name: str) -> str:
    """`name` with letters, digits, dots, hyphens and underscores alone; never empty."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "unnamed"


def unique_names(wanted: Sequence[str], longer: Sequence[str]) -> list[str]:
    """File-safe names: `wanted`, or `longer` where two want the same; numbered if need be.

    Two names that differ in capitals alone count as the same, as some file systems have it.
    """
    counts = Counter(safe_name(name).lower() for name in wanted)
    chosen: list[str] = []
    for first, second in zip(map(safe_name, wanted), map(safe_name, longer), strict=True):
        name, n = (first if counts[first.lower()] == 1 else second), 1
        base = name
        while name.lower() in map(str.lower, chosen):
            n += 1
            name = f"{base}-{n}"
        chosen.append(name)
    return chosen


def figure_names(records: Sequence[Record], anchors: Sequence[str]) -> list[list[str]]:
    """Unique file names of each record's figures: as declared, with the record's name on clash."""
    flat = [
        (str(spec.get("name") or spec.get("kind") or "figure"), anchor)
        for record, anchor in zip(records, anchors, strict=True)
        for spec in specs_of(record)
    ]
    names = unique_names([name for name, _ in flat], [f"{anchor}-{name}" for name, anchor in flat])
    sizes = [len(specs_of(record)) for record in records]
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    return [names[start : start + size] for start, size in zip(starts, sizes, strict=True)]
