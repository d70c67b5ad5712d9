"""A stack goes on from its state bit for bit, and its divergence stays in its replicate."""

import copy

import pytest
import torch
from torch import nn

from sweepbook.stack import Stack
from sweepbook.tune.worker.states.given_state import plain_state
from tests.stack.nets import OPTIMIZERS, SEEDS, batches, loss


def build(seed):
    return nn.Sequential(
        nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3)
    )


def in_float32(n_steps, shape=(5,)):
    return list(batches(shape, n_steps, dtype=torch.float32))


@pytest.mark.parametrize("vectorized", [True, False], ids=["at once", "in turn"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_it_goes_on_bit_for_bit(optimizer, vectorized):
    def make():
        return Stack(build, SEEDS, OPTIMIZERS[optimizer], clip_norm=1.0, vectorized=vectorized)

    steps = in_float32(8)
    whole = make()
    for step in steps[:4]:
        whole.step(loss, *step)
    state = whole.state()
    kept = copy.deepcopy(state)
    after = [whole.step(loss, *step) for step in steps[4:]]

    resumed = make()
    resumed.load_state(state)
    again = [resumed.step(loss, *step) for step in steps[4:]]
    assert torch.equal(torch.stack(again), torch.stack(after))
    for r in range(len(SEEDS)):
        ours, theirs = resumed.state_dict(r), whole.state_dict(r)
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    plain_state(state)  # a checkpoint of Sweepbook takes it
    assert torch.equal(state["flat"], kept["flat"])  # training did not move what was kept


def test_a_state_of_another_stack_is_refused():
    state = Stack(build, SEEDS, OPTIMIZERS["Adam"]).state()
    with pytest.raises(ValueError, match="seeds"):
        Stack(build, (1, 2, 3), OPTIMIZERS["Adam"]).load_state(state)
    other = Stack(lambda seed: nn.Linear(5, 3), SEEDS, OPTIMIZERS["Adam"])
    with pytest.raises(ValueError, match="tensors"):
        other.load_state(state)
    wide, tall = (
        Stack(lambda seed, n=n: nn.Linear(n, 8 - n, bias=False), SEEDS, OPTIMIZERS["Adam"])
        for n in (5, 3)
    )
    with pytest.raises(ValueError, match="shapes"):
        wide.load_state(tall.state())


def convolving(seed):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(16, 3),
    )  # fmt: skip


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e30])
@pytest.mark.parametrize("make, shape", [(build, (5,)), (convolving, (1, 6, 6))])
def test_a_replicate_that_diverges_touches_no_other(make, shape, bad):
    good, ill = (Stack(make, SEEDS, OPTIMIZERS["Adam"], clip_norm=1.0) for _ in range(2))
    for number, (x, y) in enumerate(in_float32(6, shape)):
        expected = good.step(loss, x, y)
        if number == 2:
            x = x.clone()
            x[1] = bad
        got = ill.step(loss, x, y)
        assert torch.equal(got[[0, 2]], expected[[0, 2]])
    for r in (0, 2):
        ours, theirs = ill.state_dict(r), good.state_dict(r)
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_a_learning_rate_scheduler_moves_all_replicates():
    stack = Stack(build, SEEDS, lambda params: torch.optim.SGD(params, lr=1.0))
    schedule = torch.optim.lr_scheduler.StepLR(stack.optimizer, 1, gamma=0.0)
    steps = in_float32(2)
    stack.step(loss, *steps[0])
    schedule.step()
    before = stack.state()["flat"]
    stack.step(loss, *steps[1])
    assert torch.equal(stack.state()["flat"], before)
