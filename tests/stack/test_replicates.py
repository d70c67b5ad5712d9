"""The seeds and the batches of a trial's replicates."""

import torch

from sweepbook.record.planned import replicate_seed
from sweepbook.stack import seeds_of, shuffled_batches


def test_the_seeds_are_those_of_replicates_trained_one_by_one():
    assert seeds_of({"seed": 7, "replicates": 3}) == [replicate_seed(7, r) for r in range(3)]


def test_an_epoch_has_every_row_of_each_replicate_once():
    rows = torch.stack([torch.arange(10), torch.arange(100, 110)])
    found = list(shuffled_batches(rows, 4, (1, 2), epoch=3))
    assert [tuple(batch.shape) for batch in found] == [(2, 4), (2, 4), (2, 2)]
    assert torch.equal(torch.cat(found, 1).sort(1).values, rows)


def test_an_order_depends_on_its_seed_and_the_epoch_alone():
    rows = torch.arange(50).expand(3, -1)
    (three,), (one,) = (
        shuffled_batches(rows[: len(seeds)], 50, seeds, epoch=1) for seeds in ((4, 5, 6), (5,))
    )
    (later,) = shuffled_batches(rows, 50, (4, 5, 6), epoch=2)
    assert torch.equal(three[1], one[0])
    assert not torch.equal(three[0], three[1]) and not torch.equal(three, later)
