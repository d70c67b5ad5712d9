"""What a record cannot say: one line for all claims that lack the same thing, with its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sweepbook.findings.finding import MISSING, Finding
from sweepbook.record.load import Record


@dataclass(frozen=True)
class Missing:
    """Claims that are not available for the same reason.

    Args:
        names: of their findings. text: how many there are and what they lack, one sentence.
        remedy: what to do about it, one sentence, or "".
    """

    names: list[str]
    text: str
    remedy: str = ""


def missing_of(record: Record, findings: Sequence[Finding]) -> list[Missing]:
    """The declared claims that are not available, one entry for all that lack the same thing."""
    return [
        Missing([one.name], f"“{one.claim}” is not available: {one.note}.")
        for one in findings
        if one.verdict == MISSING
    ]
