"""The questions that every trial is asked, each as one line: how many trials answer what.

Each answer is a finding of its own; `question` says which of them belong together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sweepbook.aggregates.labels import count, listing
from sweepbook.findings.asked.texts import TEXTS
from sweepbook.findings.finding import FAILS, HOLDS, MISSING, MIXED, OPEN, Finding
from sweepbook.record.load import Record

ANSWERS = {HOLDS: "yes", FAILS: "no", OPEN: OPEN, MIXED: MIXED, MISSING: MISSING}
_OF_LEARNERS = ("gap", "gap-evaluation-mode", "train-mode")
_AT_CHANCE = "at chance"


@dataclass(frozen=True)
class Group:
    """One question with the answers of all trials that were asked.

    left_out: why a trial was not asked (its ending, or "at chance") -> how many trials.
    """

    name: str
    text: str
    rows: Sequence[Finding]
    left_out: Mapping[str, int]

    @property
    def counts(self) -> dict[str, int]:
        """Verdict -> how many trials have it; each verdict is there."""
        found = Counter(row.verdict for row in self.rows)
        return {verdict: found[verdict] for verdict in ANSWERS}

    @property
    def line(self) -> str:
        """The question and how often it is answered how, as one sentence or two."""
        counts = self.counts
        told = [f"{n} {ANSWERS[v]}" for v, n in counts.items() if n or v in (FAILS, OPEN)]
        first = f"{counts[HOLDS]} of {count(len(self.rows), 'trial')} yes"
        answers = ", ".join([first, *(text for text in told if not text.endswith(" yes"))])
        return f"{self.text}: {answers}.{self._not_asked()}"

    def _not_asked(self) -> str:
        if not self.left_out:
            return ""
        phrases = [
            f"{count(n, 'trial')} {_AT_CHANCE}" if why == _AT_CHANCE else count(n, f"{why} trial")
            for why, n in self.left_out.items()
        ]
        return f" Not asked: {listing(phrases)}."


def question_groups(record: Record, findings: Sequence[Finding]) -> list[Group]:
    """The findings that have a question, one group for each, in their order. Pure."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.question:
            groups.setdefault(finding.question, []).append(finding)
    return [
        Group(name, TEXTS.get(name, rows[0].claim), rows, _left_out(record, name, rows))
        for name, rows in groups.items()
    ]


def _left_out(record: Record, name: str, rows: Sequence[Finding]) -> dict[str, int]:
    asked = {trial_id for row in rows for trial_id in (row.trial_ids or "").split()}
    others = record.trials[~record.trials["trial_id"].isin(asked)]
    endings = Counter(str(status) for status in others["status"])
    n_finished = endings.pop("finished", 0)
    if n_finished and name in _OF_LEARNERS:
        endings[_AT_CHANCE] = n_finished
    return dict(sorted(endings.items()))
