"""What a finding says beside its numbers: how its claim is read, and how far it reaches."""

from __future__ import annotations

from collections.abc import Sequence

from sweepbook.findings.deciding.other_trials import LEAST_SEEDS
from sweepbook.findings.deciding.outcomes import Outcome
from sweepbook.findings.deciding.verdicts import Decision
from sweepbook.findings.finding import FAILS, HOLDS
from sweepbook.findings.question import Question
from sweepbook.findings.wording.limits import as_sentence
from sweepbook.record.load import Record


def whole(question: Question, told: Sequence[str], notes: Sequence[str]) -> str:
    """The finding's text: what is decided, what was found, and the notes, a sentence each."""
    said, reading = question.statement, question.claim.reading
    parts = [f"“{said}”."] if said else []
    if reading and reading != said:  # of what nobody has stated it is the statement
        parts.append(f"Decided here: {reading.rstrip('.')}.")
    return " ".join([*parts, *map(as_sentence, told), *map(as_sentence, notes)])


def weak(result: Outcome, found: Decision) -> list[str]:
    """Says where a verdict rests on seeds of which nobody knows how often they fail."""
    if found.verdict not in (HOLDS, FAILS) or result.n_seeds >= LEAST_SEEDS or not result.tests:
        return []
    seen = f"few seeds of other trials show how seeds fail ({result.n_seeds})"
    if not result.n_seeds:
        seen = "no other trial shows how seeds fail"
    return [f"{seen}, so the verdict is weak"]


def looked(record: Record, found: Decision) -> list[str]:
    """Says where somebody could see the results before more of them were trained."""
    if record.manifest.extends is None or found.verdict not in (HOLDS, FAILS):
        return []
    return [
        "the results were looked at before the record was extended, so the verdict errs more "
        "often than in 5 % of studies"
    ]
