"""The seeds of a trial's replicates, and the batches of each."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from sweepbook.record.planned import replicate_seed
from sweepbook.stack.dropout import seeded

STREAM = 3  # of a seed's random numbers: the order of rows


def seeds_of(config: Mapping[str, Any]) -> list[int]:
    """Returns the seeds of a stacked trial's replicates.

    They are those that a trainable without `stacked=True` gets as config["seed"].

    Args:
        config: of a study with `stacked=True`: `seed` is the study's, `replicates` their number,
            and `first_replicate`, where it is there, the number of the first one, else 0.

    Returns:
        Numbers of 0..2**31 - 1, one per replicate.
    """
    first = config.get("first_replicate", 0)
    return [replicate_seed(config["seed"], first + r) for r in range(config["replicates"])]


def shuffled_batches(
    rows: Tensor, size: int, seeds: Sequence[int], epoch: int
) -> Iterator[Tensor]:
    """Yields the rows of one epoch in batches, in another order for each replicate.

    Args:
        rows: numbers of rows (R, n) that each replicate trains on.
        size: rows of a batch, >= 1; the last batch may be smaller.
        seeds: one per replicate.
        epoch: >= 0.

    Yields:
        Numbers of rows (R, size), on the device of `rows`.

    Randomness:
        The order of a replicate depends on its seed and the epoch alone, so a resumed training
        needs no state of it.
    """
    orders = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seeded(seed, STREAM, epoch))
        orders.append(torch.randperm(rows.shape[1], generator=generator))
    order = torch.stack(orders).to(rows.device)
    yield from rows.gather(1, order).split(size, dim=1)
