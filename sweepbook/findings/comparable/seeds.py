"""Whether the seeds of a trial have made any difference."""

from __future__ import annotations

from sweepbook.record.load import Record

ALIKE = (
    'every seed gave exactly the same; let config["seed"] set what is random there, or declare '
    "with single that nothing is"
)


def seeds_are_alike(record: Record, trial_id: str) -> bool:
    """Whether several replicates of a trial have reported the same numbers at every step.

    A training that sets a seed of its own gives such replicates, and their spread of 0 says
    nothing. Seconds do not count.
    """
    rows = record.reports[record.reports["trial_id"] == trial_id]
    whose = [own for _, own in rows.groupby("replicate")]
    if len(whose) < 2:
        return False
    numbers = rows.select_dtypes("number").columns.difference(["replicate", record.unit])
    metrics = [name for name in numbers if not name.endswith("_s") and name != "n_steps"]
    first, *others = (own.set_index(record.unit)[metrics].sort_index() for own in whose)
    return all(first.equals(other) for other in others)
