"""What a stack cannot train is refused before a parameter moves, with what to do instead."""

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from sweepbook.stack import Stack
from tests.stack.nets import SEEDS, batches, loss

sgd = torch.optim.SGD


class Own(nn.Linear):
    """A layer whose forward is given."""

    def __init__(self, forward, **attributes):
        super().__init__(5, 3)
        self.own = forward
        vars(self).update(attributes)

    def forward(self, x):
        return self.own(self, super().forward(x))


def frozen_apart(seed):
    net = nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 3))
    net[0].weight.requires_grad_(seed == SEEDS[0])
    return net


def hooked(seed):
    net = nn.Sequential(nn.Linear(5, 3))
    net[0].register_forward_hook(lambda *_: None)
    return net


def with_extra_state(seed):
    class Extra(nn.Linear):
        def get_extra_state(self):
            return {"count": 1}

    return Extra(5, 3)


one = nn.Linear(5, 3)
shared = nn.Parameter(torch.ones(3))


def sharing(seed):
    net = nn.Linear(5, 3)
    net.bias = shared
    return net


BUILDS = {
    "width": (lambda seed: nn.Linear(5, 3 + (seed == SEEDS[-1])), "alike"),
    "kind": (
        lambda seed: nn.Sequential(nn.ReLU() if seed == 3 else nn.GELU(), nn.Linear(5, 3)),
        "alike",
    ),
    "attribute": (lambda seed: Own(lambda self, y: y * self.scale, scale=seed), "register_buffer"),
    "a tensor that is no buffer": (
        lambda seed: Own(lambda self, y: y, other=torch.full((3,), float(seed))),
        "register_buffer",
    ),
    "a permutation that is no buffer": (
        lambda seed: Own(lambda self, y: y[:, self.order], order=torch.randperm(3)),
        "register_buffer",
    ),
    "frozen in one": (frozen_apart, "alike"),
    "all frozen": (lambda seed: nn.Linear(5, 3).requires_grad_(False), "no training"),
    "the same object": (lambda seed: one, "new one"),
    "a shared parameter": (sharing, "share"),
    "numbers of Python": (lambda seed: drawn_by_python(), "seed alone"),
    "evaluation": (lambda seed: nn.Linear(5, 3).eval(), "evaluation mode"),
    "no module": (lambda seed: torch.ones(3), "nn.Module"),
    "hooks": (hooked, "hooks"),
    "lazy": (lambda seed: nn.LazyLinear(3), "lazy"),
    "sparse": (lambda seed: nn.Embedding(5, 3, sparse=True), "sparse=False"),
    "complex": (lambda seed: nn.Linear(5, 3, dtype=torch.complex64), "floating-point"),
    "two types": (lambda seed: nn.Sequential(nn.Linear(5, 3), nn.Linear(3, 3).double()), "dtype"),
    "batch norm's momentum": (
        lambda seed: nn.Sequential(nn.Linear(5, 3), nn.BatchNorm1d(3, momentum=None)), "momentum",
    ),
    "extra state": (with_extra_state, "_extra_state"),
}  # fmt: skip


def drawn_by_python():
    """A net with a weight of Python's random numbers."""
    net = nn.Linear(5, 3)
    nn.init.constant_(net.weight, random.random())
    return net


@pytest.mark.parametrize("name", BUILDS)
def test_nets_that_cannot_be_stacked_are_refused(name):
    build, said = BUILDS[name]
    with pytest.raises((ValueError, TypeError), match=said):
        Stack(build, SEEDS, sgd)


def refused(build, said, error=ValueError, **options):
    """A first step that is refused, and leaves all parameters as they were."""
    stack = Stack(build, SEEDS, sgd, **options)
    before = stack.state()["flat"]
    with pytest.raises(error, match=said):
        stack.step(loss, *next(batches((5,), 1, dtype=torch.float32)))
    assert torch.equal(stack.state()["flat"], before)


def test_control_flow_that_reads_values_is_refused_by_place():
    def forward(self, y):
        return y if y.sum() > 0 else -y

    refused(lambda seed: nn.Sequential(nn.Identity(), Own(forward)), r"'1'.*torch\.where")


def test_a_forward_with_other_random_numbers_is_found_at_the_first_step():
    refused(lambda seed: Own(lambda self, y: y * random.random()), "alone")


def test_a_forward_that_vmap_cannot_differentiate_is_refused():
    def forward(self, y):
        return checkpoint(torch.tanh, y, use_reentrant=False)

    refused(lambda seed: Own(forward), r"vectorized=False")
    stack = Stack(lambda seed: Own(forward), SEEDS, sgd, vectorized=False)
    stack.step(loss, *next(batches((5,), 1, dtype=torch.float32)))


def test_an_attribute_of_any_kind_can_be_looked_at():
    odd = {"words": np.array(["a", None], dtype=object), "z": torch.ones(2, dtype=torch.complex64)}
    odd |= {"half": torch.ones((), dtype=torch.bfloat16), "parts": torch.eye(2).to_sparse()}
    Stack(lambda seed: Own(lambda self, y: y, **odd), SEEDS, sgd)


def test_dropout_within_another_transform_is_refused():
    def forward(self, y):
        return torch.func.vmap(nn.Module.__call__, in_dims=(None, 0))(self.drop, y)

    def build(seed):
        net = Own(forward)
        net.drop = nn.Dropout(0.5)
        return net

    refused(build, "random")


def test_a_forward_that_keeps_a_reference_to_its_weights_is_found():
    class Keeps(nn.Linear):
        def __init__(self):
            super().__init__(5, 3)
            self.cache = {0: self.weight}

        def forward(self, x):
            return nn.functional.linear(x, self.cache[0], self.bias) + 0 * self.weight.sum()

    refused(lambda seed: Keeps(), "alone")


def test_a_parameter_without_a_gradient_is_named():
    class Spare(nn.Linear):
        def __init__(self):
            super().__init__(5, 3)
            self.unused = nn.Parameter(torch.ones(2))

    refused(lambda seed: Spare(), "'unused'.*requires_grad_")


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda params: torch.optim.LBFGS(params), "LBFGS"),
        (lambda params: torch.optim.Adafactor(params), "Adafactor"),
        (lambda params: torch.optim.Muon(params), "Muon"),
        (lambda params: params, "optimizer"),
    ],
)
def test_optimizers_that_mix_numbers_are_refused(make, said):
    with pytest.raises((ValueError, TypeError), match=said):
        Stack(lambda seed: nn.Linear(5, 3), SEEDS, make)


@pytest.mark.parametrize("seeds", [(), (1, 1), (-1, 2), (0.5,)])
def test_seeds_that_are_none_are_refused(seeds):
    with pytest.raises((ValueError, TypeError)):
        Stack(lambda seed: nn.Linear(5, 3), seeds, sgd)


def test_batches_of_another_number_of_replicates_are_refused():
    stack = Stack(lambda seed: nn.Linear(5, 3), SEEDS, sgd)
    with pytest.raises(ValueError, match="expand"):
        stack(torch.ones(2, 4, 5))
    with pytest.raises(TypeError, match="lambda"):
        stack.step(loss, torch.ones(3, 4, 5), "labels")


def test_a_mistake_of_the_user_s_own_keeps_its_message():
    stack = Stack(lambda seed: nn.Linear(5, 3), SEEDS, sgd)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        stack.step(loss, torch.ones(3, 4, 6), torch.zeros(3, 4, dtype=torch.int64))
    with pytest.raises(ValueError, match="mean"):
        stack.step(lambda net, x: net(x), torch.ones(3, 4, 5))
