"""Checks a record from a script or a notebook."""

from __future__ import annotations

from sweepbook.commands import verify as command
from sweepbook.notebook.record import Where, place_of
from sweepbook.record.storage.places import place


def verify(
    record: Where,
    *,
    trials: int = 1,
    seed: int = 0,
    epochs: int | None = None,
    trust: bool = False,
) -> list[str]:
    """Checks a record: its digest, its completeness, and some of its trials by retraining them.

    The trials are retrained in this process, without Ray, and find all GPUs that it finds. Those
    that went on after an interruption come first; the seed draws the others.

    Args:
        record: the record, its folder, or its URI.
        trials: how many trials to retrain, at least 0. Trials that were stopped are not retrained.
            0: nothing that the record names is imported or called.
        seed: draws the trials.
        epochs: steps (epochs, rounds) to retrain of each, at least 1; None: all of them.
        trust: run the code that the record names wherever it lies, as for `resume`.

    Returns:
        What is wrong, one sentence each, and after trials that differ a line that says what to
        do; an empty list if all checks pass.

    Raises:
        ValueError: there is no record, a number is out of its range, or the record's code may not
            be run.
    """
    if trials < 0 or (epochs is not None and epochs < 1):
        raise ValueError(
            f"trials must be at least 0 and epochs at least 1, got {trials} and {epochs}"
        )
    found, _ = command.verify(place(place_of(record)), trials, seed, epochs, trust=trust)
    return found
