"""What trials ask of a machine, held against what is there."""

import os
import re
from collections.abc import Sequence

_OUT_OF_MEMORY = re.compile(r"^torch\.(cuda\.)?OutOfMemoryError\b", re.MULTILINE)


def check_room(needs: Sequence[tuple[float, float]], address: str | None) -> None:
    """Checks that this machine has room for the largest trial, where it is to train them.

    A running cluster (`address`) is not asked: it may start machines when a trial waits.

    Args:
        needs: the CPUs and GPUs of each trial.

    Raises:
        ValueError: where no trial of that size could ever start.
    """
    if not needs or address is not None:
        return
    cpus, gpus = (max(each) for each in zip(*needs, strict=True))
    here = os.cpu_count() or 1
    if here < cpus:
        raise ValueError(
            f"a trial asks for {cpus:g} CPUs, and this machine has {here}: give its study "
            f"cpus up to {here}, or join a cluster with more by --address"
        )
    if not gpus:
        return
    import torch

    here = torch.cuda.device_count()
    if here < gpus:
        raise ValueError(
            f"a trial asks for {gpus:g} GPU, and this machine has {here}: train on the CPU "
            "(--gpus-per-trial 0, device cpu), or join a cluster with GPUs by --address"
        )


def missing_gpus(needs: Sequence[tuple[float, float]], there: float) -> str | None:
    """Returns a note for trials that wait until a cluster has more GPUs, or None.

    Args:
        needs: the CPUs and GPUs of each trial.
    """
    waiting = [gpus for _, gpus in needs if gpus > there]
    if not waiting:
        return None
    return (
        f"{len(waiting)} trials ask for up to {max(waiting):g} GPU, and the cluster has "
        f"{there:g} now: they wait until it has more"
    )


def is_out_of_memory(error: str) -> bool:
    """Whether the last attempt in an error's text ended because a GPU's memory was full."""
    return _OUT_OF_MEMORY.search(error.rpartition("Failure # ")[2]) is not None
