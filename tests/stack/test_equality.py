"""The contract: a stack gives the numbers of ordinary nets trained one by one."""

import pytest
import torch

from sweepbook.stack import Stack
from tests.stack.nets import NETS, OPTIMIZERS, SEEDS, batches, loss, train_alone

N_STEPS = 22
close = {"rtol": 1e-9, "atol": 1e-9}


@pytest.mark.parametrize("vectorized", [True, False], ids=["at once", "in turn"])
@pytest.mark.parametrize("clip_norm", [None, 0.3])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", NETS)
def test_a_stack_trains_as_its_nets_would_alone(name, optimizer, clip_norm, vectorized):
    build, shape = NETS[name]
    make = OPTIMIZERS[optimizer]
    stack = Stack(build, SEEDS, make, clip_norm=clip_norm, vectorized=vectorized)
    steps = list(batches(shape, N_STEPS))
    losses = torch.stack([stack.step(loss, *step) for step in steps])  # (steps, R)
    scores = stack(steps[0][0])
    for r, seed in enumerate(SEEDS):
        rows = [(x[r], y[r]) for x, y in steps]
        net, alone = train_alone(build, seed, make, rows, clip_norm)
        torch.testing.assert_close(losses[:, r], alone, **close)
        for key, tensor in net.state_dict().items():
            torch.testing.assert_close(stack.state_dict(r)[key], tensor, **close)
        torch.testing.assert_close(scores[r], net.eval()(steps[0][0][r]).detach(), **close)


def test_a_replicate_s_state_dict_is_that_of_its_net():
    build, shape = NETS["images"]
    stack = Stack(build, SEEDS, OPTIMIZERS["Adam"])
    x, y = next(batches(shape, 1))
    stack.step(loss, x, y)
    net = build(0)
    net.load_state_dict(stack.state_dict(1))
    torch.testing.assert_close(net.eval()(x[1]).detach(), stack(x)[1], **close)
    assert net[1].num_batches_tracked == 1
