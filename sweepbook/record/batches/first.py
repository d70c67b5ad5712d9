"""A record as its first batches are: the replicates whose states it keeps."""

from dataclasses import replace

from sweepbook.record.batches.ranges import batches_of
from sweepbook.record.load import Record


def first_batches(record: Record) -> Record:
    """Returns a record without the replicates that were added to its trials later; pure.

    A checkpoint holds the first batch of a trial, and all trials began with as many replicates.
    """
    if all(len(trial.batches) < 2 for trial in record.manifest.trials):
        return record
    trials = tuple(
        replace(t, n_replicates=len(first), batches=((first.start, first.stop),))
        for t in record.manifest.trials
        for first in batches_of(t)[:1]
    )
    ends = {trial.trial_id: trial.n_replicates for trial in trials}
    own = record.reports["trial_id"].map(ends)
    return replace(
        record,
        manifest=replace(record.manifest, trials=trials),
        trials=record.trials.assign(n_replicates=record.trials["trial_id"].map(ends)),
        reports=record.reports[record.reports["replicate"] < own].reset_index(drop=True),
    )
