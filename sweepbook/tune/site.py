"""Where one call of `train` works, and what it makes of a trial there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sweepbook.plan.plan import Plan
from sweepbook.record.planned import Trial
from sweepbook.record.writer import RecordWriter
from sweepbook.study.study import Study
from sweepbook.tune.failures.recovery import Limits
from sweepbook.tune.placement import Placement
from sweepbook.tune.worker.assignment import Assignment, Pack
from sweepbook.tune.worker.states.best_state import Keeping

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
        return Assignment(trial, records, self.import_paths, keeping_of(writers[0].manifest.study))

    def pack(
        self, trials: Sequence[Trial], owners: Mapping[str, Sequence[RecordWriter]]
    ) -> Assignment | Pack:
        """Returns what a worker gets to train these trials together; of one, its assignment.

        Args:
            owners: trial_id -> the writers of the records that want it.
        """
        members = [self.assignment(trial, owners[trial.trial_id]) for trial in trials]
        fused = owners[trials[0].trial_id][0].manifest.study.fused
        if len(members) == 1 or fused is None:
            return members[0]
        return Pack(members, fused.train)


def keeping_of(study: Study) -> Keeping:
    """Returns which state of a study's trials is kept, and when: its best one by its metric."""
    asha = study.scheduler
    if asha is None:
        return Keeping(study.metric.mode)
    most = asha.max_t or 0  # a planned study's is a number
    rungs = {rung for bracket in range(asha.brackets) for rung in asha.rungs(most, bracket)}
    return Keeping(study.metric.mode, tuple(sorted(rungs)))
