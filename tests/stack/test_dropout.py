"""Masks: a replicate's numbers do not depend on how many others there are."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sweepbook.stack import Stack
from tests.stack.nets import OPTIMIZERS, batches, loss

SEEDS = tuple(range(10, 18))


def build(seed):
    layers = (nn.Linear(5, 33), nn.ReLU(), nn.Dropout(0.5), nn.Linear(33, 3))
    return nn.Sequential(*layers).double()


def trained(seeds, make=build, n_steps=20, vectorized=True):
    """The losses (steps, R) of a stack; batches are the same for a seed in any stack."""
    stack = Stack(make, seeds, OPTIMIZERS["Adam"], vectorized=vectorized)
    rows = [SEEDS.index(seed) for seed in seeds]
    steps = batches((5,), n_steps, n=len(SEEDS))
    return torch.stack([stack.step(loss, x[rows], y[rows]) for x, y in steps])


def test_a_replicate_has_the_same_bits_however_many_follow_it():
    whole = trained(SEEDS)
    for n in (2, 3, 5, 7):
        assert torch.equal(trained(SEEDS[:n]), whole[:, :n])


@pytest.mark.parametrize("seeds", [SEEDS[3:], SEEDS[::-1], SEEDS[5:6]])
def test_at_another_place_a_replicate_s_numbers_are_the_same_but_for_rounding(seeds):
    rows = [SEEDS.index(seed) for seed in seeds]
    torch.testing.assert_close(trained(seeds), trained(SEEDS)[:, rows], rtol=1e-12, atol=1e-12)
    in_turn = trained(seeds, vectorized=False)
    assert torch.equal(in_turn, trained(SEEDS, vectorized=False)[:, rows])


def test_masks_differ_between_replicates_and_steps_and_keep_the_mean():
    def make(seed):
        return nn.Sequential(nn.Dropout(0.25), nn.Linear(1, 1))

    def mean_of_mask(net, x):
        dropped = net[0](x)
        return dropped.mean() + 0 * net[1](dropped).mean()

    stack, x = Stack(make, SEEDS, torch.optim.SGD), torch.ones(len(SEEDS), 400, 1)
    means = torch.cat([stack.step(mean_of_mask, x) for _ in range(2)])
    assert len(means.unique()) > 8 and (means - 1).abs().max() < 0.15
    assert torch.equal(stack(x), stack(x))  # no masks in evaluation


def test_a_functional_dropout_is_refused_by_name():
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(5, 3).double()

        def forward(self, x):
            return F.dropout(self.inner(x), 0.5, self.training)

    def make(seed):
        return nn.Sequential(nn.Identity(), Functional())

    with pytest.raises(ValueError, match=r"functional\.dropout of '1'.*nn\.Dropout"):
        trained(SEEDS[:2], make)
    whole = trained(SEEDS, make, n_steps=3, vectorized=False)  # in turn, each has its own
    part = trained(SEEDS[2:4], make, n_steps=3, vectorized=False)
    assert torch.equal(part, whole[:, 2:4])


@pytest.mark.parametrize(
    "module, said",
    [
        (nn.Dropout1d(0.5), "nn.Dropout"),
        (nn.AlphaDropout(0.1), "nn.Dropout"),
        (nn.RReLU(), "LeakyReLU"),
        (nn.MultiheadAttention(4, 2, dropout=0.1), "attention"),
        (nn.TransformerEncoderLayer(4, 2, 8), "self_attn"),
        (nn.LSTM(4, 4, 2, dropout=0.1), "dropout=0"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_modules_with_masks_of_another_kind_are_refused(module, said):
    with pytest.raises(ValueError, match=said):
        Stack(lambda seed: nn.Sequential(nn.Linear(4, 4), module), SEEDS[:2], torch.optim.SGD)


def test_attention_with_dropout_is_refused_by_name():
    class Attention(nn.Linear):
        def forward(self, x):
            q = super().forward(x)[:, None]
            return F.scaled_dot_product_attention(q, q, q, dropout_p=0.5)[:, 0]

    with pytest.raises(ValueError, match=r"dropout_p=0"):
        trained(SEEDS[:2], lambda seed: nn.Sequential(nn.Linear(5, 3), Attention(3, 3)).double())
