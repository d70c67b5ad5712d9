"""The seeds of a replicate: from (study seed, replicate) alone; nothing else derives seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MAX_SEED = 2**63 - 1  # every seed fits a signed 64-bit column
MAX_REPLICATE = 2**32 - 1  # one word of a SeedSequence's spawn key


@dataclass(frozen=True)
class ReplicateSeeds:
    """Seeds of one replicate, each an int in 0..2**63 - 1."""

    split: int
    init: int
    shuffle: int


def replicate_seeds(seed: int, replicate: int) -> ReplicateSeeds:
    """The seeds that replicate `replicate` of a study with seed `seed` uses in every trial.

    Configs of one study therefore share split, initialisation stream and shuffle per replicate.
    How many replicates there are changes nothing: replicate 2 of 3 is replicate 2 of 30.

    Args:
        seed: the study's seed, 0..2**63 - 1.
        replicate: 0..2**32 - 1, counted from 0.

    Raises:
        ValueError: an argument is not an integer (bool counts as none) or out of range.

    Randomness: pure; numpy's SeedSequence(entropy=seed, spawn_key=(replicate,)), whose output
        numpy keeps from release to release. Never trial order, worker or clock.

    >>> replicate_seeds(0, 1) == replicate_seeds(0, 1) != replicate_seeds(0, 2)
    True
    """
    entropy = _integer("seed", seed, MAX_SEED)
    key = _integer("replicate", replicate, MAX_REPLICATE)
    sequence = np.random.SeedSequence(entropy=entropy, spawn_key=(key,))
    split, init, shuffle = (int(word) >> 1 for word in sequence.generate_state(3, np.uint64))
    return ReplicateSeeds(split=split, init=init, shuffle=shuffle)


def _integer(name: str, value: object, highest: int) -> int:
    """`value` as an int of 0..highest; ValueError otherwise."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        if 0 <= value <= highest:
            return int(value)
    raise ValueError(f"{name} must be an integer of 0..{highest}, got {value!r}")
