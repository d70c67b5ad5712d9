"""Squared gradient norms: by hand, by torch per model at depth 100, exact zeros, and clipping."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from trainables.batches import epoch_order
from trainables.cities.europe import Splits, load_splits
from trainables.mlp import train_mlp
from trainables.mlp_config import MLPConfig
from trainables.mlp_data import N_CLASSES
from trainables.seeds import replicate_seeds
from trainables.stacked.gradients import GradientTracker, clip_
from trainables.stacked.mlp import StackedMLP, build_network


def initial_network(config: MLPConfig, replicate: int) -> nn.Sequential:
    seeds = replicate_seeds(config.seed, replicate)
    return build_network(config, 2, N_CLASSES, seeds.init).double()


def by_hand(network: nn.Sequential, data: Splits) -> tuple[float, float]:
    """Squared gradient norms of the two linear layers of a net with one hidden neuron.

    For one row x (2,) with label y:   a = w.x + b,  h = max(a, 0),  z = v h + c  (33,),
    p = softmax(z),  L = -log p[y].  Backwards, with e the one-hot vector of y:

        dL/dz = p - e                       dL/dv = (p - e) h       dL/dc = p - e
        dL/da = v.(p - e) if a > 0 else 0   dL/dw = (dL/da) x       dL/db = dL/da

    The loss of a batch is the mean over its rows, and so is each gradient.
    """
    (w, b), (v, c) = ([p.detach().numpy() for p in layer.parameters()] for layer in network[::2])
    d_w, d_b, d_v, d_c = (np.zeros_like(array) for array in (w, b, v, c))
    n = len(data.train)
    for x, y in zip(data.train.x, data.train.y, strict=True):
        a = w[0] @ x + b[0]
        h = max(a, 0.0)
        z = v[:, 0] * h + c
        d_z = np.exp(z) / np.exp(z).sum() - np.eye(N_CLASSES)[y]
        d_a = v[:, 0] @ d_z if a > 0 else 0.0
        d_w, d_b = d_w + d_a * x / n, d_b + d_a / n
        d_v, d_c = d_v + d_z[:, None] * h / n, d_c + d_z / n
    return float((d_w**2).sum() + (d_b**2).sum()), float((d_v**2).sum() + (d_c**2).sum())


@pytest.fixture
def three_cities(city_folder: Path, tmp_path: Path) -> dict[str, Any]:
    """Settings: one batch of three rows per epoch, one hidden neuron, float64."""
    for name, n_lines in (("train", 4), ("validation", 301), ("test", 301)):
        lines = (city_folder / f"{name}.csv").read_text().splitlines()[:n_lines]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return {
        "data": str(tmp_path),
        "depth": 1,
        "width": 1,
        "epochs": 1,
        "dtype": "float64",
        "replicates": 12,
        "track_gradients": True,
    }


def test_two_layers_agree_with_the_derivation(three_cities: dict[str, Any]) -> None:
    config = MLPConfig(**three_cities)
    (epoch,) = train_mlp(config)
    data, n_dead = load_splits(config.data), 0
    for replicate in range(12):
        expected = by_hand(initial_network(config, replicate), data)
        assert epoch["replicates"]["grad_sq_norm"][replicate] == pytest.approx(expected, rel=1e-12)
        dead = expected[0] == 0.0  # the neuron is off for all three cities
        n_dead += dead
        assert epoch["replicates"]["grad_zero_share"][replicate] == [float(dead), 0.0]
    assert 0 < n_dead < 12


def test_the_mean_is_over_the_batches_of_an_epoch(three_cities: dict[str, Any]) -> None:
    """At a vanishing learning rate three batches of one row are three gradients of one net."""
    config = MLPConfig(**three_cities | {"batch_size": 1, "lr": 1e-12, "replicates": 6})
    (epoch,) = train_mlp(config)
    train = load_splits(config.data).train
    for replicate in range(6):
        network = initial_network(config, replicate)
        rows = [Splits(train.take(np.array([i])), train, train) for i in range(3)]
        expected = np.array([by_hand(network, row) for row in rows])
        means = epoch["replicates"]["grad_sq_norm"][replicate]
        assert means == pytest.approx(expected.mean(0), rel=1e-6)
        zeros = epoch["replicates"]["grad_zero_share"][replicate]
        assert zeros == pytest.approx((expected == 0).mean(0))


def torchs_squared_norms(config: MLPConfig, replicate: int, order: Tensor) -> list[float]:
    """Of each linear layer of one plain torch model, for the whole training split as a batch."""
    network = initial_network(config, replicate)
    train = load_splits(config.data).train
    x, y = torch.tensor(train.x)[order], torch.tensor(train.y)[order]
    layers = [m for m in network.modules() if isinstance(m, nn.Linear)]
    pairs = [(layer.weight, layer.bias) for layer in layers]
    loss = nn.functional.cross_entropy(network(x), y)
    grads = torch.autograd.grad(loss, [p for pair in pairs for p in pair])
    squares = [float(grad.square().sum()) for grad in grads]
    return [w + b for w, b in zip(squares[::2], squares[1::2], strict=True)]


@pytest.mark.parametrize(
    "variant",
    [
        {"batch_norm": True, "init": "he2"},
        {"batch_norm": True},
        {},
        {"batch_norm": True, "residual": True},
        {"init": "orthogonal", "clip_norm": 1.0},
    ],
    ids=["published", "batch norm", "plain", "residual", "orthogonal, clipped"],
)
def test_100_layers_agree_with_torch_per_model(variant: Any, city_folder: Path) -> None:
    """To within what torch's own result changes when the rows come in another order.

    100 narrow layers of batch norm amplify rounding by up to 1e12, and where a seed's signal
    dies out on the way, its gradient is nothing but amplified rounding: such a replicate, in
    which torch does not agree with itself to 1 percent, is left out.
    """
    config = MLPConfig(
        depth=100,
        width=4,
        dtype="float64",
        data=str(city_folder),
        batch_size=4096,
        epochs=1,
        replicates=4,
        track_gradients=True,
        **variant,
    )
    (epoch,) = train_mlp(config)
    n_compared = 0
    for replicate in range(4):
        order = epoch_order(replicate_seeds(0, replicate).shuffle, 1, 2001)
        theirs = torchs_squared_norms(config, replicate, order)
        again = torchs_squared_norms(config, replicate, order.flip(0))
        pairs = zip(theirs, again, strict=True)
        noise = max(abs(b / a - 1) if a else float(b != a) for a, b in pairs)
        if noise > 0.01:
            continue
        n_compared += 1
        ours = epoch["replicates"]["grad_sq_norm"][replicate]
        assert len(ours) == len(theirs) == 101
        assert ours == pytest.approx(theirs, rel=30 * noise + 1e-12, abs=0.0)
        zeros = [float(value == 0.0) for value in theirs]
        assert epoch["replicates"]["grad_zero_share"][replicate] == zeros
    assert n_compared >= (2 if config.batch_norm else 4)


def test_a_plain_net_of_100_layers_has_layers_without_any_gradient(city_folder: Path) -> None:
    deep = {"depth": 100, "width": 4, "epochs": 1, "track_gradients": True, "replicates": 3}
    (epoch,) = train_mlp(deep | {"data": str(city_folder)})
    for norms, zeros in zip(
        *(epoch["replicates"][n] for n in ("grad_sq_norm", "grad_zero_share")), strict=True
    ):
        assert zeros[0] == 1.0 and norms[0] == 0.0  # vanished on the way to the first layer
        assert zeros[-1] == 0.0 and norms[-1] > 0.0
        assert [norm == 0.0 for norm in norms] == [share == 1.0 for share in zeros]


# --- clipping ---------------------------------------------------------------------------------


@pytest.fixture
def stack() -> StackedMLP:
    return StackedMLP(MLPConfig(batch_norm=True, depth=2, width=3), 2, 5, seeds=[0, 1, 2])


@pytest.fixture
def gradient(stack: StackedMLP) -> Tensor:
    """Random numbers with the zeros that pad a stack's buffer."""
    flat = torch.randn(stack.flat.shape, generator=torch.Generator().manual_seed(0))
    return torch.cat([flat[: len(flat) - len(stack.padding)], stack.padding])


def per_model(model: StackedMLP, flat: Tensor) -> list[Tensor]:
    """The gradient of each model, gathered through the stack's own views."""
    offsets = np.cumsum([0, *(p.numel() for p in model.parameters)])
    parts = [flat[a:b].view(3, -1) for a, b in zip(offsets, offsets[1:], strict=False)]
    return [torch.cat([part[k] for part in parts]) for k in range(3)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_clipping_bounds_each_model_and_leaves_small_gradients_alone(
    stack: StackedMLP, gradient: Tensor, dtype: torch.dtype
) -> None:
    flat = gradient.to(dtype, copy=True)
    small = per_model(stack, torch.arange(len(flat)))[1]
    flat[small] *= 0.001  # the gradient of model 1
    before, tracker = per_model(stack, flat), GradientTracker(stack)
    norms, largest = tracker.squared_norms(flat), torch.full((3,), 0.5, dtype=torch.float64)
    clip_(flat, norms, tracker.segments, largest)
    after = per_model(stack, flat)
    assert torch.equal(after[1], before[1]) and before[1].norm() < 0.5
    for k in (0, 2):
        assert before[k].norm() > 0.5 >= after[k].norm()
        assert after[k].norm().item() == pytest.approx(0.5, rel=1e-5)
        assert torch.allclose(after[k] / after[k].norm(), before[k] / before[k].norm(), atol=1e-6)
    largest[0] = 0.0
    mixed = gradient.to(dtype, copy=True)
    mixed[small] *= 0.001
    clip_(mixed, norms, tracker.segments, largest)
    own = per_model(stack, mixed)
    assert torch.equal(own[0], before[0]) and torch.equal(own[2], after[2]), "each its own norm"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_squared_norms_belong_to_layers_and_sum_to_the_models(
    stack: StackedMLP, gradient: Tensor, dtype: torch.dtype
) -> None:
    flat = gradient.to(dtype)
    norms = GradientTracker(stack).squared_norms(flat)
    assert torch.equal(flat, gradient.to(dtype))  # looked at only
    assert norms.shape == (4, 3) and norms.dtype == torch.float64  # 3 linear layers, batch norm
    expected = [float(own.double().square().sum()) for own in per_model(stack, flat)]
    assert norms.sum(0).tolist() == pytest.approx(expected, rel=1e-12)
    assert (norms > 0).all()


def test_a_bound_that_is_never_reached_changes_nothing(city_folder: Path) -> None:
    settings = {"data": str(city_folder), "epochs": 2, "replicates": 2}
    free, wide, tight = (
        list(train_mlp(settings | {"clip_norm": norm}))[-1]["replicates"]
        for norm in (0.0, 1e9, 0.01)
    )
    assert wide == free
    assert tight["val_loss"] != free["val_loss"]
