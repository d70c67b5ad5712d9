"""Whether there is room for what is planned, before anything starts."""

import dataclasses
import os
from collections.abc import Collection, Sequence
from pathlib import Path

from sweepbook.plan.plan import Plan

_NVIDIA = Path("/proc/driver/nvidia/gpus")  # one entry per card


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
    here = _gpus_here()
    if here < gpus:
        raise ValueError(
            f"a trial asks for {gpus:g} GPU, and this machine has {here}: train on the CPU "
            "(--gpus-per-trial 0, device cpu), or join a cluster with GPUs by --address"
        )


def _gpus_here() -> int:
    """How many GPUs this process sees, also where torch is not installed."""
    try:
        import torch
    except ModuleNotFoundError:
        cards = len(list(_NVIDIA.glob("*")))
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        named = cards if visible is None else len([one for one in visible.split(",") if one])
        return 0 if visible == "-1" else min(cards, named)
    return torch.cuda.device_count()


def with_share(plan: Plan, gpus: float | None, ended: Collection[str]) -> Plan:
    """Returns a record's plan in which each trial that still trains on GPUs has so many of them.

    Args:
        gpus: a share of a GPU, or a whole number of them; None: as recorded.
        ended: trial_ids of the trials that are kept as they are.

    Raises:
        ValueError: where trials would move from the CPU to a GPU, or from a GPU to the CPU.
    """
    if gpus is None:
        return plan
    there = [of_trial for _, of_trial in plan.needs]
    if not gpus or not any(there):
        began, other = ("GPUs", "the CPU") if any(there) else ("the CPU", "GPUs")
        raise ValueError(
            f"the trials of this record began on {began}, and --resume never moves them to "
            f"{other}: leave out --gpus-per-trial {gpus:g}, or run the study in a new record"
        )
    trials = tuple(
        dataclasses.replace(trial, gpus=gpus)
        if trial.gpus and trial.trial_id not in ended
        else trial
        for trial in plan.trials
    )
    study = dataclasses.replace(plan.study, gpus=gpus) if all(there) else plan.study
    return dataclasses.replace(plan, study=study, trials=trials)


def check_concurrency(searches: Sequence[str], address: str | None, limit: int | None) -> None:
    """Checks that a search on a running cluster is told how many of its trials to train at a time.

    The machines that are there now say nothing: a cluster may start more when trials wait, and
    a search only suggests as many as it is to have at a time.

    Raises:
        ValueError: where `--address` is given without `--max-concurrent`.
    """
    if searches and address is not None and limit is None:
        raise ValueError(
            f"study {searches[0]} is a search: with --address give --max-concurrent N, the trials "
            "that it has at a time. The cluster starts machines for as many, and the more there "
            "are, the less each knows of the others"
        )
