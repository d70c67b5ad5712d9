"""What trials ask of GPUs, held against what is there."""

import re
from collections.abc import Iterable

from sweepbook.trial import Trial

_OUT_OF_MEMORY = re.compile(r"^torch\.(cuda\.)?OutOfMemoryError\b", re.MULTILINE)


def check_gpus(trials: Iterable[Trial], address: str | None) -> None:
    """Checks that this machine has the GPUs of the largest trial, where it is to train them.

    A running cluster (`address`) is not asked: it may start machines when a trial waits.

    Raises:
        ValueError: where no trial of that size could ever start.
    """
    most = max((trial.gpus for trial in trials), default=0.0)
    if not most or address is not None:
        return
    import torch

    here = torch.cuda.device_count()
    if here < most:
        raise ValueError(
            f"a trial asks for {most:g} GPU, and this machine has {here}: train on the CPU "
            "(--gpus-per-trial 0, device cpu), or join a cluster with GPUs by --address"
        )


def missing_gpus(trials: Iterable[Trial], there: float) -> str | None:
    """Returns a note for trials that wait until a cluster has more GPUs, or None."""
    waiting = [trial for trial in trials if trial.gpus > there]
    if not waiting:
        return None
    most = max(trial.gpus for trial in waiting)
    return (
        f"{len(waiting)} trials ask for up to {most:g} GPU, and the cluster has {there:g} now: "
        "they wait until it has more"
    )


def is_out_of_memory(error: str) -> bool:
    """Whether the last attempt in an error's text ended because a GPU's memory was full."""
    return _OUT_OF_MEMORY.search(error.rpartition("Failure # ")[2]) is not None
