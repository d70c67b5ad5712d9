"""Where one call of `train` works, and what it makes of a trial there."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sweepbook.plan.plan import Plan
from sweepbook.record.planned import Trial
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.failures.recovery import Limits
from sweepbook.tune.placement import Placement
from sweepbook.tune.worker.run import Assignment

Pair = tuple[Plan, RecordWriter]  # a plan, and the writer of its record


@dataclass(frozen=True)
class Site:
    """Where one call of `train` works.

    Args:
        scratch: a folder on the driver's disk for what Tune writes and nobody reads.
        import_paths: where a worker finds the trainables' code; none on a cluster, to which the
            modules are sent.
        limits: how often trials are tried again, with what they have used of it so far.
    """

    scratch: Path
    import_paths: list[str]
    placement: Placement
    limits: Limits

    def assignment(self, trial: Trial, writers: Sequence[RecordWriter]) -> Assignment:
        """Returns what a worker gets to train a trial for these records."""
        records = [str(writer.folder.resolve()) for writer in writers]
        return Assignment(trial, records, self.import_paths)
