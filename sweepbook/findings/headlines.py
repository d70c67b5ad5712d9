"""A finding as one short sentence, for a reader who sees nothing else of the study."""

from __future__ import annotations

from sweepbook.findings.finding import Finding

MOST_WORDS = 25


def headline_of(finding: Finding) -> str:
    """One sentence of at most 25 words that says what the finding came to."""
    words = (finding.claim or finding.sentence).split()
    if len(words) <= MOST_WORDS:
        return f"{' '.join(words).rstrip('.')}."
    return f"{' '.join(words[: MOST_WORDS - 1])} …"
