"""train_mlp_stack: configs in one stack give each the bits that it has by itself."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trainables.mlp import PER_MODEL, stack_size, train_mlp, train_mlp_stack

RATES = (1.0, 0.01, 0.003, 0.001, 0.0003)
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {"batch_losses": True},
    "odd": {"width": 5, "depth": 3, "batch_size": 99},
    "sines": {"encoding": "sines"},
    "everything": {"batch_norm": True, "residual": True, "track_gradients": True},
    "wide": {"width": 64, "depth": 2},
}


def assert_same(one: Any, other: Any) -> None:
    """Equal to the last bit, tensors and arrays within dicts too; NaN equals NaN."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert set(one) == set(other)
        for key, value in one.items():
            assert_same(value, other[key])
    elif isinstance(one, torch.Tensor):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    else:
        np.testing.assert_equal(one, other)


def numbers(metrics: dict[str, Any]) -> dict[str, Any]:
    clock = {"time_s", "times", "state", "predictions"}
    return {key: value for key, value in metrics.items() if key not in clock}


@pytest.fixture
def settings(city_folder: Path) -> dict[str, Any]:
    return {"data": str(city_folder), "epochs": 2, "batch_size": 200, "replicates": 2}


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_config_has_the_bits_that_it_has_alone(
    variant: str, settings: dict[str, Any]
) -> None:
    settings |= VARIANTS[variant]
    own = [{"lr": lr, "clip_norm": 0.5 * (n == 2)} for n, lr in enumerate(RATES)]
    own[1]["weight_decay"] = own[4]["weight_decay"] = 0.01
    configs = [settings | one for one in own]
    together = list(train_mlp_stack(configs, [None] * 5))
    for number, config in enumerate(configs):
        for stacked, alone in zip(together, train_mlp(config), strict=True):
            assert_same(numbers(stacked[number]), numbers(alone))
        assert_same(stacked[number]["state"](), alone["state"]())
        assert_same(stacked[number]["predictions"](), alone["predictions"]())


@pytest.mark.parametrize("n_replicates", [2, 3, 5, 8])
@pytest.mark.parametrize("n_models", [2, 3, 5, 8, 17, 40, 80])
def test_the_bits_do_not_depend_on_the_size_of_the_stack(
    n_models: int, n_replicates: int, settings: dict[str, Any]
) -> None:
    n_configs = max(1, n_models // n_replicates)
    settings |= {"replicates": n_replicates, "epochs": 1, "batch_norm": n_models % 2 == 0}
    configs = [settings | {"lr": 0.01 * 0.9**n} for n in range(n_configs)]
    (together,) = train_mlp_stack(configs, [None] * n_configs)
    for number in {0, n_configs // 2, n_configs - 1}:
        (alone,) = train_mlp(configs[number])
        assert_same(numbers(together[number]), numbers(alone))
        assert_same(together[number]["state"](), alone["state"]())


def test_a_training_goes_on_in_a_stack_or_out_of_it(settings: dict[str, Any]) -> None:
    configs = [settings | {"lr": lr, "epochs": 3} for lr in (0.01, 0.01, 0.001)]
    whole, first = [], {}
    for yielded in train_mlp_stack(configs, [None] * 3):
        whole.append(yielded)
        first = first or yielded[0]["state"]()
    states = [next(train_mlp(config))["state"]() for config in configs]
    later = list(train_mlp_stack(configs[1:], states[1:]))
    assert [metrics["epoch"] for metrics, _ in later] == [2, 3]
    for expected, found in zip(whole[1:], later, strict=True):
        assert [numbers(one) for one in expected[1:]] == [numbers(one) for one in found]
    (_, last) = train_mlp(configs[0], first)
    assert_same(numbers(last), numbers(whole[2][0]))
    assert_same(last["state"](), whole[2][0]["state"]())


def test_a_config_that_diverges_touches_no_other(settings: dict[str, Any]) -> None:
    settings |= {"epochs": 3, "batch_norm": True}
    configs = [settings | {"lr": lr} for lr in (0.01, 0.003, 0.001)]
    states = [next(train_mlp(config))["state"]() for config in configs]
    states[1]["model"]["flat"][0] = torch.nan
    together = list(train_mlp_stack(configs, states))
    assert all(np.isnan(metrics["replicates"]["val_loss"][0]) for _, metrics, _ in together)
    for number in (0, 2):
        for found, alone in zip(together, train_mlp(configs[number], states[number]), strict=True):
            assert_same(numbers(found[number]), numbers(alone))


def test_what_shares_no_stack_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="differ in lr, weight_decay, clip_norm alone"):
        next(train_mlp_stack([settings, settings | {"width": 8}], [None, None]))
    with pytest.raises(ValueError, match="share no stack"):
        next(train_mlp_stack([settings | {"replicates": 1}] * 2, [None, None]))
    state = next(train_mlp(settings))["state"]()
    with pytest.raises(ValueError, match="after one epoch"):
        next(train_mlp_stack([settings, settings], [state, None]))


def test_a_stack_holds_about_40_small_models_and_fewer_large_ones() -> None:
    assert set(PER_MODEL) == {"lr", "weight_decay", "clip_norm"}
    assert stack_size({"replicates": 5}) == 8 and stack_size({"replicates": 8}) == 5
    assert stack_size({"width": 512, "replicates": 5}) == 1
    for apart in ({"replicates": 1}, {"compile": True}, {"device": "cuda"}):
        assert stack_size(apart) == 1
