"""The European cities as stacked tensors: one split, encoding and order per replicate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from trainables.batches import epoch_order
from trainables.cities.europe import (
    COUNTRIES,
    Split,
    clean_mask,
    load_splits,
    with_train_rows,
    without_test_places,
)
from trainables.mlp_config import LeakConfig, MLPConfig
from trainables.seeds import ReplicateSeeds

N_CLASSES = len(COUNTRIES)
FREQUENCIES = np.arange(1, 11) / 10.0  # of the sine encoding: sin(a x), a in 0.1 .. 1.0


def encode(points: np.ndarray, encoding: str) -> np.ndarray:
    """Returns inputs (n, 2) as they are ("raw"), or (n, 20) for "sines".

    Sines are sin(a x) for a in 0.1, 0.2, ..., 1.0, of the longitude, then of the latitude, in
    degrees as they are.
    """
    if encoding == "raw":
        return points
    return np.sin(points[:, :, None] * FREQUENCIES).reshape(len(points), -1)


@dataclass(frozen=True)
class StackedSplit:
    """One split of K replicates: x (K, n_inputs, n), y (K, n), row_id (K, n)."""

    x: Tensor
    y: Tensor
    row_id: np.ndarray

    def __len__(self) -> int:
        return self.y.shape[1]

    def shuffled(self, seeds: Sequence[ReplicateSeeds], epoch: int) -> tuple[Tensor, Tensor]:
        """Returns x and y in the order of an epoch; each replicate has its own order."""
        orders = [epoch_order(s.shuffle, epoch, len(self)) for s in seeds]
        x = torch.stack([x[:, o] for x, o in zip(self.x, orders, strict=True)])
        y = torch.stack([y[o] for y, o in zip(self.y, orders, strict=True)])
        return x, y


@dataclass(frozen=True)
class StackedData:
    """The splits of K replicates; clean (K, n_test) is False where a test point is in train."""

    train: StackedSplit
    validation: StackedSplit
    test: StackedSplit
    clean: Tensor


def load_stacked(config: MLPConfig, seeds: Sequence[ReplicateSeeds]) -> StackedData:
    """Loads the splits of each replicate onto the config's device.

    Raises:
        ValueError: as `load_splits`, `with_train_rows` and `without_test_places`.

    Randomness: the split and the training rows drawn from it are of (seed, replicate) alone.
    """
    splits = [load_splits(config.data, split_seed=s.split) for s in seeds]
    if config.train_rows is not None:
        n = config.train_rows
        splits = [with_train_rows(own, n, s.split) for own, s in zip(splits, seeds, strict=True)]
    if isinstance(config, LeakConfig) and config.leak == "removed":
        splits = [without_test_places(own, s.split) for own, s in zip(splits, seeds, strict=True)]
    return StackedData(
        _stack([s.train for s in splits], config),
        _stack([s.validation for s in splits], config),
        _stack([s.test for s in splits], config),
        torch.from_numpy(np.stack([clean_mask(s.train, s.test) for s in splits])).to(
            config.device
        ),
    )


def _stack(splits: Sequence[Split], config: MLPConfig) -> StackedSplit:
    dtype = getattr(torch, config.dtype)
    x = np.stack([encode(split.x, config.encoding).T for split in splits])
    y = np.stack([split.y for split in splits])
    return StackedSplit(
        torch.from_numpy(x).to(config.device, dtype).contiguous(),
        torch.from_numpy(y).to(config.device),
        np.stack([split.row_id for split in splits]),
    )
