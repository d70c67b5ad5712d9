"""Claims about test accuracy whose intervals hold for further test rows as well."""

from __future__ import annotations

from collections.abc import Sequence

from sweepbook.aggregates.labels import count
from sweepbook.aggregates.predictions import grouped_predictions, hit_table
from sweepbook.findings.outcomes import Comparison, Outcome, band
from sweepbook.findings.values import Arm
from sweepbook.record.load import Record
from sweepbook.stats.rows import n_groups, row_difference
from sweepbook.study.claim import Claim


def over_rows(
    record: Record, claim: Claim, arms: Sequence[Arm], notes: tuple[str, ...]
) -> Outcome:
    """The first arm against each other one, on the same test rows, over rows and replicates."""
    predictions = grouped_predictions(record)
    tables = [hit_table(predictions, arm.trial_id) for arm in arms]
    without = next((a.label for a, t in zip(arms, tables, strict=True) if t.empty), "")
    if without:
        return Outcome(arms, problem=f"{without} has no test predictions", notes=notes)
    try:
        found = [row_difference(tables[0], other) for other in tables[1:]]
    except ValueError as error:
        return Outcome(arms, problem=str(error), notes=notes)
    claimed = arms[0].label
    tests = [
        Comparison(f"{claimed} against {b.label}", gap, band(claim))
        for b, gap in zip(arms[1:], found, strict=True)
    ]
    higher = 1.0 if claim.direction == "higher" else -1.0
    if claim.kind == "winner":  # the sentence names the nearest of the others
        shown = min(tests, key=lambda test: higher * test.difference.mean)
    else:
        shown = min(tests, key=lambda test: test.room)
    best = max(arms, key=lambda arm: higher * float(arm.values.mean()))
    n_own = n_groups(tables[0])
    grouped = f" in {count(n_own, 'group')}" if n_own else ""
    sizes = f"{count(len(tables[0]), 'test row')}{grouped}, {count(shown.difference.n, 'seed')}"
    return Outcome(
        arms,
        tests,
        shown.difference,
        paired=True,
        notes=notes,
        best=best.label if claim.kind == "winner" else "",
        rival=arms[1 + tests.index(shown)].label if len(tests) > 1 else "",
        sample=sizes,
    )
