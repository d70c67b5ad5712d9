"""The order of an epoch and its batches: of (seed, epoch) alone."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor


def epoch_order(shuffle_seed: int, epoch: int, n_rows: int) -> Tensor:
    """Returns the permutation of the training rows in an epoch (1, 2, ...).

    It depends on the seed and the epoch alone, so that training can go on from any epoch.
    """
    order = np.random.default_rng([shuffle_seed, epoch]).permutation(n_rows)
    return torch.from_numpy(order)


def batches(n_rows: int, batch_size: int, batch_norm: bool) -> Iterator[slice]:
    """Yields the batches of an epoch; with batch norm a trailing batch of one row is dropped."""
    for start in range(0, n_rows, batch_size):
        stop = min(start + batch_size, n_rows)
        if not (batch_norm and stop - start == 1):
            yield slice(start, stop)
