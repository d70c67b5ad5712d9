"""The batches of replicates of a trial: what is trained of each, and the trial with one more."""

from dataclasses import replace

from sweepbook.record.planned import Trial
from sweepbook.study.settings import FIRST

FEWEST = 2  # nets of a stack: one alone may have other bits (a matrix product of another kind)


def batches_of(trial: Trial) -> list[range]:
    """Returns the ranges of replicates that were trained together, upwards."""
    own = trial.batches or ((trial.first, trial.first + trial.n_replicates),)
    return [range(first, end) for first, end in own]


def to_train(trial: Trial, batch: range) -> Trial:
    """Returns the trial that trains a batch of another one's replicates, and says which they are.

    Where a stack would hold a single replicate, the one before it is trained along: its rows are
    known, and not taken. The very first batch is trained as it always was.
    """
    first, end = batch.start, batch.stop
    if trial.stacked and 0 < first and len(batch) < FEWEST:
        first = max(0, end - FEWEST)
    n, before = end - first, len(batches_of(trial)[0])
    config = dict(trial.config)
    if trial.stacked:
        config |= {"replicates": n} | ({FIRST: first} if first else {})
    return replace(
        trial,
        config=config,
        first=first,
        n_replicates=n,
        batches=((batch.start, batch.stop),),
        cost_s=trial.cost_s if trial.stacked else trial.cost_s * n / before,
    )


def grown(trial: Trial, batch: range) -> Trial:
    """Returns the trial with a further batch; one that it has already is not added again.

    Raises:
        ValueError: the batch does not go on where the trial's replicates end.
    """
    before = [own for own in batches_of(trial) if own.start < batch.start]
    if not before or before[-1].stop != batch.start:
        raise ValueError(
            f"trial {trial.trial_id} has {trial.n_replicates} replicates, so that those from "
            f"{batch.start} on cannot be added"
        )
    ranges = tuple((own.start, own.stop) for own in (*before, batch))
    return replace(trial, n_replicates=batch.stop, batches=ranges)
