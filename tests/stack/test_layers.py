"""Nets with one unusual part each: stacked, they give the numbers of the net alone."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import orthogonal, spectral_norm, weight_norm

from sweepbook.stack import Stack
from tests.stack.nets import OPTIMIZERS, SEEDS, batches, loss, train_alone

close = {"rtol": 1e-9, "atol": 1e-9}


class Tied(nn.Module):
    """The same weights twice, under two names."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(5, 5)
        self.second = nn.Linear(5, 5)
        self.second.weight = self.first.weight
        self.head = nn.Linear(5, 3)

    def forward(self, x):
        return self.head(self.second(self.first(x).relu()).relu())


class Counts(nn.Module):
    """Buffers that forward puts new tensors in the place of, one of them not in the state_dict."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(5, 3)
        self.register_buffer("mean", torch.zeros(5, dtype=torch.float64))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64), persistent=False)

    def forward(self, x):
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
            self.count += 1
        return self.head(x - self.mean) / (1 + self.count)


class Last(nn.Module):
    """The last output of a recurrent layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.head = layer, nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.layer(x)[0][:, -1])


class Attention(nn.Module):
    """torch's own attention."""

    def __init__(self):
        super().__init__()
        self.layer, self.head = nn.MultiheadAttention(6, 2, batch_first=True), nn.Linear(6, 3)

    def forward(self, x):
        return self.head(self.layer(x, x, x, need_weights=False)[0].mean(1))


class Words(nn.Module):
    """An embedding of whole numbers."""

    def __init__(self):
        super().__init__()
        self.words, self.head = nn.Embedding(9, 4), nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.words((x.abs() * 4).long().clamp(max=8)).mean(1))


class Scaled(nn.Module):
    """A parameter that is one number."""

    def __init__(self):
        super().__init__()
        self.scale, self.head = nn.Parameter(torch.tensor(1.5)), nn.Linear(5, 3)

    def forward(self, x):
        return self.scale * self.head(x)


class Slope(nn.Module):
    """A net whose output is the derivative of another, by torch.func within forward."""

    def __init__(self):
        super().__init__()
        self.inner, self.head = nn.Sequential(nn.Linear(5, 4), nn.Tanh()), nn.Linear(5, 3)

    def forward(self, x):
        slope = torch.func.vmap(torch.func.grad(lambda row: self.inner(row).sum()))
        return self.head(slope(x))


def frozen(net):
    net[0].weight.requires_grad_(False)
    return net


def evaluating(net):
    net[1].eval()
    return net


def pictures(*layers):
    return lambda: nn.Sequential(*[layer() for layer in layers], nn.Flatten(), nn.LazyLinear(3))


def initialised(make, shape):
    def build(seed):
        net = make().double()
        if any(nn.parameter.is_lazy(p) for p in net.parameters()):
            modes = net.training
            net.eval()(torch.zeros(1, *shape, dtype=torch.float64))
            net.train(modes)
        return net

    return build


def dense(make):
    return lambda: nn.Sequential(nn.Linear(5, 8, bias=False), make(), nn.Linear(8, 3))


CASES = {
    "tied": (Tied, (5,)),
    "own buffers": (Counts, (5,)),
    "frozen": (lambda: frozen(dense(nn.ReLU)()), (5,)),
    "frozen batch norm": (lambda: evaluating(dense(lambda: nn.BatchNorm1d(8))()), (5,)),
    "batch norm without affine": (dense(lambda: nn.BatchNorm1d(8, affine=False)), (5,)),
    "batch norm without statistics": (
        dense(lambda: nn.BatchNorm1d(8, track_running_stats=False)), (5,),
    ),
    "group norm": (dense(lambda: nn.GroupNorm(2, 8)), (5,)),
    "PReLU": (dense(nn.PReLU), (5,)),
    "weight norm": (lambda: nn.Sequential(weight_norm(nn.Linear(5, 3))), (5,)),
    "orthogonal": (lambda: nn.Sequential(orthogonal(nn.Linear(5, 3))), (5,)),
    "linear on sequences": (
        lambda: nn.Sequential(nn.Linear(5, 4), nn.Flatten(), nn.Linear(28, 3)), (7, 5),
    ),
    "sequences": (
        pictures(lambda: nn.Conv1d(2, 4, 3, bias=False), lambda: nn.BatchNorm1d(4), nn.ReLU),
        (2, 9),
    ),
    "volumes": (
        pictures(lambda: nn.Conv3d(1, 2, 2, bias=False), lambda: nn.BatchNorm3d(2), nn.ReLU),
        (1, 3, 4, 4),
    ),
    "groups, strides, dilation": (
        pictures(
            lambda: nn.Conv2d(2, 4, 3, groups=2, stride=2, padding="valid", dilation=2), nn.ReLU,
        ), (2, 11, 11),
    ),
    "circular padding": (
        pictures(lambda: nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular")), (1, 5, 5),
    ),
    "transposed": (pictures(lambda: nn.ConvTranspose2d(1, 2, 3, stride=2), nn.ReLU), (1, 3, 3)),
    "pooling first": (
        pictures(lambda: nn.AvgPool2d(2), lambda: nn.MaxPool2d(2, 1), lambda: nn.Conv2d(1, 2, 2)),
        (1, 8, 8),
    ),
    "instance norm": (pictures(lambda: nn.InstanceNorm2d(2), nn.ReLU), (2, 4, 4)),
    "attention": (Attention, (4, 6)),
    "encoder": (
        lambda: nn.Sequential(
            nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0, batch_first=True),
            nn.Flatten(), nn.Linear(24, 3),
        ), (4, 6),
    ),
    "embedding": (Words, (4,)),
    "one number": (Scaled, (5,)),
    "derivatives": (Slope, (5,)),
}  # fmt: skip
IN_TURN_ONLY = {
    "LSTM": (lambda: Last(nn.LSTM(5, 4, batch_first=True)), (6, 5)),
    "spectral norm": (lambda: nn.Sequential(spectral_norm(nn.Linear(5, 3))), (5,)),
    "batch norm without momentum": (dense(lambda: nn.BatchNorm1d(8, momentum=None)), (5,)),
}


def check_equal(make, shape, seeds=SEEDS, **options):
    build = initialised(make, shape)
    stack = Stack(build, seeds, OPTIMIZERS["AdamW"], clip_norm=0.5, **options)
    steps = list(batches(shape, 6, n=len(seeds)))
    losses = torch.stack([stack.step(loss, *step) for step in steps])
    scores = stack(steps[0][0])
    for r, seed in enumerate(seeds):
        rows = [(x[r], y[r]) for x, y in steps]
        net, alone = train_alone(build, seed, trained_part(OPTIMIZERS["AdamW"]), rows, 0.5)
        torch.testing.assert_close(losses[:, r], alone, **close)
        assert set(stack.state_dict(r)) == set(net.state_dict())
        torch.testing.assert_close(dict(net.state_dict()), stack.state_dict(r), **close)
        torch.testing.assert_close(scores[r], net.eval()(steps[0][0][r]).detach(), **close)
        again = build(seed)
        again.load_state_dict(stack.state_dict(r))


def trained_part(make):
    return lambda parameters: make([p for p in parameters if p.requires_grad])


@pytest.mark.filterwarnings("ignore:There is a performance drop")  # weight norm
@pytest.mark.parametrize("name", CASES)
def test_it_equals_the_net_alone(name):
    check_equal(*CASES[name])


@pytest.mark.parametrize("name", ["own buffers", "sequences", "encoder"])
def test_a_stack_of_one_equals_its_net(name):
    check_equal(*CASES[name], seeds=SEEDS[:1])


@pytest.mark.parametrize("name", [*IN_TURN_ONLY, "tied", "own buffers", "frozen"])
def test_it_equals_the_net_alone_in_turn(name):
    check_equal(*(CASES | IN_TURN_ONLY)[name], vectorized=False)


@pytest.mark.parametrize("name", IN_TURN_ONLY)
def test_what_vmap_cannot_do_is_refused(name):
    with pytest.raises(ValueError, match="vectorized=False"):
        check_equal(*IN_TURN_ONLY[name])


def test_frozen_parameters_stay_as_they_were_built():
    build = initialised(*CASES["frozen"])
    stack = Stack(build, SEEDS, OPTIMIZERS["AdamW"])
    before = stack.state_dict(0)["0.weight"]
    for step in batches((5,), 3):
        stack.step(loss, *step)
    assert torch.equal(stack.state_dict(0)["0.weight"], before)
