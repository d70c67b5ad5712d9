"""The MLP's replicates have the same bits in any stack that holds them."""

import pytest

from trainables.mlp import train_mlp

SMALL = {"epochs": 2, "train_rows": 600, "depth": 2}


def values(first, n, **settings):
    config = {**SMALL, **settings, "first_replicate": first, "replicates": n}
    return [metrics["replicates"] for metrics in train_mlp(config)]


@pytest.mark.parametrize("settings", [{}, {"batch_norm": True}], ids=["plain", "batch norm"])
def test_a_replicate_has_the_same_bits_in_a_batch_of_its_own(settings):
    whole = values(0, 10, **settings)
    for first, n in ((0, 5), (5, 5), (8, 2)):
        for ours, all_ten in zip(values(first, n, **settings), whole, strict=True):
            assert ours == {name: own[first : first + n] for name, own in all_ten.items()}
