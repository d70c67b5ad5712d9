"""Claims, checked against a record: its settings, its steps and its columns."""

from __future__ import annotations

from collections.abc import Sequence

from sweepbook.checks.claims import claim_problems
from sweepbook.checks.declared import metrics_of_claims
from sweepbook.checks.forms import metric_problem
from sweepbook.checks.planned import of_plan
from sweepbook.plan.manifest import recorded_plan
from sweepbook.record.load import Record
from sweepbook.study.claim import Claim
from sweepbook.study.errors import Faults


def check_recorded(record: Record, claims: Sequence[Claim]) -> None:
    """Refuses claims that a record's trials cannot decide.

    Raises:
        ValueError: one line for each fault.
    """
    found = _of_columns(record, claims) if len(record.reports) else []
    found += claim_problems(claims, of_plan(recorded_plan(record.manifest)))
    if found:
        raise Faults("\n".join(found))


def _of_columns(record: Record, claims: Sequence[Claim]) -> list[str]:
    """Metrics of claims that the record does not have."""
    columns = frozenset(map(str, record.reports))
    asked = metrics_of_claims(record.study, claims)
    problems = {what: metric_problem(name, columns, record.name) for what, name in asked.items()}
    found = [f"{what} {problem}" for what, problem in problems.items() if problem]
    rows = [claim.name for claim in claims if claim.over == "rows"]
    if rows and record.predictions().empty:
        found += [
            f'study {record.study}, claim {name}: over="rows" compares predictions, and '
            f'{record.name} has none: write over="replicates"'
            for name in rows
        ]
    return found
