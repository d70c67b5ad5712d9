"""A stack of K models is K separate torch models, whatever its size and whoever is beside them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from trainables.batches import epoch_order
from trainables.cities.europe import Split, load_splits
from trainables.mlp import train_mlp
from trainables.mlp_config import MLPConfig
from trainables.mlp_data import N_CLASSES, encode
from trainables.seeds import replicate_seeds
from trainables.stacked.mlp import StackedMLP, build_network

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "batch norm": {"batch_norm": True},
    "residual": {"residual": True},
    "residual, batch norm": {"residual": True, "batch_norm": True, "lr": 0.01},
    "sines": {"encoding": "sines", "lr": 0.01},
    "sines, batch norm": {"encoding": "sines", "batch_norm": True},
    "orthogonal, clipping": {"init": "orthogonal", "clip_norm": 0.5, "lr": 0.01},
    "he, weight decay": {"init": "he", "weight_decay": 0.1, "width": 5, "depth": 3},
    "inputs as wide as the net": {"width": 2, "depth": 2, "residual": True},
}


def tensors(split: Split, config: MLPConfig) -> tuple[Tensor, Tensor]:
    dtype = getattr(torch, config.dtype)
    return torch.tensor(encode(split.x, config.encoding), dtype=dtype), torch.tensor(split.y)


def train_alone(config: MLPConfig, replicate: int) -> tuple[list[float], float]:
    """The usual loop over one nn.Sequential: loss of each batch of epoch 1, then val loss."""
    seeds = replicate_seeds(config.seed, replicate)
    splits = load_splits(config.data, split_seed=seeds.split)
    x, y = tensors(splits.train, config)
    network = build_network(config, x.shape[1], N_CLASSES, seeds.init).to(x.dtype)
    optimizer = torch.optim.Adam(
        network.parameters(), lr=config.lr, weight_decay=config.weight_decay
    )
    cross_entropy, losses = nn.CrossEntropyLoss(), []
    order = epoch_order(seeds.shuffle, 1, len(x))
    for rows in torch.split(order, config.batch_size):
        if config.batch_norm and len(rows) == 1:
            continue
        loss = cross_entropy(network(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        if config.clip_norm:
            nn.utils.clip_grad_norm_(network.parameters(), config.clip_norm)
        optimizer.step()
        losses.append(loss.item())
    network.eval()
    x, y = tensors(splits.validation, config)
    with torch.no_grad():
        return losses, cross_entropy(network(x), y).item()


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-3), ("float64", 1e-9)])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_stack_equals_models_trained_one_by_one(
    variant: str, dtype: str, tolerance: float, city_folder: Path
) -> None:
    settings = VARIANTS[variant] | {"dtype": dtype, "data": str(city_folder)}
    config = MLPConfig(epochs=1, batch_size=100, replicates=3, batch_losses=True, **settings)
    (epoch,) = train_mlp(config)
    assert len({losses[-1] for losses in epoch["replicates"]["batch_losses"]}) == 3
    for replicate in range(3):
        losses, val_loss = train_alone(config, replicate)
        stacked = epoch["replicates"]["batch_losses"][replicate]
        assert len(stacked) == len(losses) == (20 if config.batch_norm else 21)
        assert losses[19] < losses[0]  # it does learn
        assert stacked[:20] == pytest.approx(losses[:20], rel=tolerance)
        if dtype == "float64":  # float32: Adam amplifies the rounding of biases before batch norm
            assert epoch["replicates"]["val_loss"][replicate] == pytest.approx(val_loss, rel=1e-9)


def test_the_network_is_the_one_that_was_published() -> None:
    network = build_network(MLPConfig(batch_norm=True), 2, 33, seed=0)
    kinds = [type(layer).__name__ for layer in network]
    assert kinds == ["Linear", "BatchNorm1d", "ReLU"] * 6 + ["Linear"]
    sizes = [(m.in_features, m.out_features) for m in network if isinstance(m, nn.Linear)]
    assert sizes == [(2, 16), *[(16, 16)] * 5, (16, 33)]


@pytest.mark.parametrize(("init", "deviation"), [("he", 0.2), ("he2", 0.4)])
def test_he_weights_have_the_stated_deviation(init: Any, deviation: float) -> None:
    network = build_network(MLPConfig(init=init, width=50, depth=40), 2, 33, seed=1)
    weights = torch.cat([m.weight.flatten() for m in network[3:-1] if isinstance(m, nn.Linear)])
    assert weights.std().item() == pytest.approx(deviation, rel=0.02)  # sqrt(2 / 50), twice it
    assert weights.mean().item() == pytest.approx(0, abs=0.005)


def test_building_depends_on_the_seed_and_leaves_torchs_generator_alone() -> None:
    before = torch.random.get_rng_state()
    config = MLPConfig(init="orthogonal")
    networks = [build_network(config, 2, 33, seed) for seed in (5, 5, 6)]
    one, same, other = (list(network.parameters())[2].detach() for network in networks)
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert torch.allclose(one @ one.T, 2 * torch.eye(16), atol=1e-5)  # orthogonal, gain sqrt(2)
    assert torch.equal(before, torch.random.get_rng_state())


SETTINGS: list[dict[str, Any]] = [
    {"batch_losses": True},
    {"batch_norm": True, "clip_norm": 0.5, "track_gradients": True, "residual": True},
]


@pytest.mark.parametrize(
    "settings", [*SETTINGS, {"width": 5, "depth": 3}], ids=["plain", "everything", "odd"]
)
def test_replicates_do_not_depend_on_how_many_there_are(
    settings: dict[str, Any], city_folder: Path
) -> None:
    shared = {"epochs": 2, "data": str(city_folder), "batch_size": 100, **settings}
    nine = list(train_mlp(shared | {"replicates": 9}))
    for n in (2, 3, 5, 8):
        for few, many in zip(train_mlp(shared | {"replicates": n}), nine, strict=True):
            first = {name: values[:n] for name, values in many["replicates"].items()}
            np.testing.assert_equal(few["replicates"], first)  # bit for bit


@pytest.mark.parametrize("settings", SETTINGS, ids=["plain", "everything"])
def test_a_diverging_replicate_does_not_touch_its_neighbours(
    settings: dict[str, Any], city_folder: Path
) -> None:
    config = MLPConfig(epochs=3, data=str(city_folder), batch_size=100, replicates=4, **settings)
    healthy = list(train_mlp(config))
    state = next(train_mlp(config))["state"]()
    model = StackedMLP(config, 2, N_CLASSES, [0] * 4)
    model.load_state(state["model"])
    with torch.no_grad():
        model.layers[0][0][1, 0, 0] = torch.nan  # one weight of replicate 1
    state["model"] = model.state()
    for sound, spoilt in zip(healthy[1:], train_mlp(config, state), strict=True):
        names = [name for name in sound if name.endswith(("_loss", "_acc", "_acc_clean"))]
        assert len(names) >= 7
        assert all(np.isnan(spoilt[name]) for name in names)  # no average over survivors
        assert all(np.isnan(spoilt["replicates"][name][1]) for name in names)
        for name, values in sound["replicates"].items():
            for replicate in (0, 2, 3):
                assert spoilt["replicates"][name][replicate] == values[replicate], name
