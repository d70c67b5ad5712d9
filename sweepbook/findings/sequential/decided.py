"""What a record says of its looks: the design, and what each look judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sweepbook.findings.question import Question
from sweepbook.findings.sequential.design import Design, questions_of
from sweepbook.findings.sequential.judge import Judged
from sweepbook.record.load import Record


@dataclass(frozen=True)
class Decided:
    """The looks of a record, at least one.

    Args:
        questions: the claims that are decided look by look, as the design froze them.
        ending: why there was no further look: "decided", "looks", "budget", or "" where it goes
            on or was interrupted.
    """

    design: Design
    judged: Sequence[Judged]
    questions: Sequence[Question]
    ending: str = ""

    @property
    def endings(self) -> Mapping[str, Mapping[str, Any]]:
        """Claim -> its ending at the last look."""
        return self.judged[-1].endings

    def look_of(self, look: int) -> str:
        """A look in words: "3 of 7", or "3" where there is no last one."""
        return str(look) if self.design.unlimited else f"{look} of {len(self.design.looks)}"


def decided_of(record: Record) -> Decided | None:
    """The looks of a record; None where it was not decided look by look, or has not looked yet.

    Raises ValueError where the manifest lacks a value of them.
    """
    decide = record.manifest.decide
    if decide is None or not decide.judged:
        return None
    design = Design.from_json(decide.design)
    judged = [judged_of(one) for one in decide.judged]
    return Decided(design, judged, questions_of(record, design), decide.ending)


def judged_of(content: Mapping[str, Any]) -> Judged:
    """What a look judged, of the plain values that a manifest keeps of it.

    Raises ValueError where one is missing.
    """
    try:
        wanted = frozenset(str(one) for one in content["wanted"])
        look, n = int(content["look"]), int(content["n"])
        return Judged(look=look, n=n, endings=dict(content["endings"]), wanted=wanted)
    except (KeyError, TypeError) as error:
        raise ValueError(f"a look of manifest.decide lacks a value: {error}") from error
