"""replicate_seeds: from (seed, replicate) alone, distinct, in range, and the same for ever."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables.seeds import MAX_REPLICATE, MAX_SEED, ReplicateSeeds, replicate_seeds

seeds = st.integers(0, MAX_SEED)
replicates = st.integers(0, MAX_REPLICATE)


def values(seeds: ReplicateSeeds) -> tuple[int, int, int]:
    return seeds.split, seeds.init, seeds.shuffle


@given(seeds, replicates)
def test_seeds_repeat_and_fit_63_bits(seed: int, replicate: int) -> None:
    first = replicate_seeds(seed, replicate)
    np.random.default_rng(0).random()  # other use of numpy's generators changes nothing
    assert first == replicate_seeds(seed, replicate)
    assert all(type(value) is int and 0 <= value < 2**63 for value in values(first))


def test_seeds_are_those_of_numpys_seed_sequence() -> None:
    for seed, replicate in ((0, 0), (7, 3), (MAX_SEED, MAX_REPLICATE)):
        sequence = np.random.SeedSequence(entropy=seed, spawn_key=(replicate,))
        words = sequence.generate_state(3, np.uint64)
        assert values(replicate_seeds(seed, replicate)) == tuple(int(w) // 2 for w in words)


def test_seeds_of_studies_and_replicates_all_differ() -> None:
    drawn = [v for s in range(30) for r in range(30) for v in values(replicate_seeds(s, r))]
    drawn += [v for r in range(30) for v in values(replicate_seeds(2**32 + r, 0))]
    assert len(set(drawn)) == len(drawn) == 30 * 31 * 3


def test_seeds_of_an_old_record_can_be_drawn_again() -> None:
    """Pinned numbers: a change here changes the result of every study."""
    assert replicate_seeds(0, 0) == ReplicateSeeds(
        split=4334430513956379144, init=7292093880020223915, shuffle=3701146001576988945
    )
    assert replicate_seeds(1, 4) == ReplicateSeeds(
        split=5862124722997179473, init=4631747033331880262, shuffle=4277667232252552092
    )


@pytest.mark.parametrize("bad", [-1, MAX_SEED + 1, 1.0, "3", None, True])
def test_a_seed_out_of_range_is_quoted(bad: object) -> None:
    with pytest.raises(ValueError, match=rf"^seed must be an integer of 0\.\..*got {bad!r}$"):
        replicate_seeds(bad, 0)  # type: ignore[arg-type]  # the point of the test
    numpy_int: Any = np.int64(3)  # as it comes out of a frame
    assert replicate_seeds(numpy_int, 0) == replicate_seeds(3, 0)


@pytest.mark.parametrize("bad", [-1, MAX_REPLICATE + 1, 0.5, False])
def test_a_replicate_out_of_range_is_quoted(bad: object) -> None:
    with pytest.raises(ValueError, match=rf"^replicate must be .*got {bad!r}$"):
        replicate_seeds(0, bad)  # type: ignore[arg-type]  # the point of the test
