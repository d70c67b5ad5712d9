"""Training that goes on from a saved state yields the numbers of an uninterrupted one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.steps import through_a_file
from trainables.mlp import train_mlp

CLOCK = ("time_s", "times", "state", "predictions")
CONFIGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "batch norm": {"batch_norm": True, "weight_decay": 0.01},
    "everything": {
        "batch_norm": True,
        "clip_norm": 1.0,
        "track_gradients": True,
        "batch_losses": True,
        "encoding": "sines",
        "residual": True,
        "init": "he",
    },
}


def same_state(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_state(one[k], other[k]) for k in one)
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else bool(one == other)


def numbers(epoch: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in epoch.items() if k not in CLOCK}


@pytest.mark.parametrize("name", CONFIGS)
def test_resumed_equals_uninterrupted_bit_for_bit(name: str, city_folder: Path) -> None:
    config = {"data": str(city_folder), "replicates": 3, "epochs": 5, "batch_size": 100}
    config |= CONFIGS[name]
    whole, states = [], []
    for epoch in train_mlp(config):
        states.append(through_a_file(epoch["state"]()))
        whole.append((numbers(epoch), epoch["predictions"]()))
    for stop in (1, 3):
        resumed = train_mlp(config, states[stop - 1])
        for epoch, (expected, predicted) in zip(resumed, whole[stop:], strict=True):
            np.testing.assert_equal(numbers(epoch), expected)
            np.testing.assert_equal(epoch["predictions"](), predicted)
        assert same_state(epoch["state"](), states[-1])


def test_a_state_is_a_moment_and_can_be_used_twice(city_folder: Path) -> None:
    config = {"data": str(city_folder), "replicates": 2, "epochs": 3, "batch_norm": True}
    training = train_mlp(config)
    first = next(training)
    state, later = first["state"](), next(training)
    assert state["epoch"] == 1 and state["n_steps"] == first["n_steps"]  # moved on, and it not
    again = [next(train_mlp(config, state)) for _ in range(2)]
    for epoch in again:
        np.testing.assert_equal(numbers(epoch), numbers(later))


def test_a_state_of_the_last_epoch_leaves_nothing_to_train(city_folder: Path) -> None:
    config = {"data": str(city_folder), "replicates": 2, "epochs": 1}
    state = next(train_mlp(config))["state"]()
    assert list(train_mlp(config, state)) == []
    longer = [epoch["epoch"] for epoch in train_mlp(config | {"epochs": 3}, state)]
    assert longer == [2, 3]


def test_a_state_of_another_number_of_replicates_is_refused(city_folder: Path) -> None:
    config = {"data": str(city_folder), "replicates": 2, "epochs": 2}
    state = next(train_mlp(config))["state"]()
    with pytest.raises(ValueError, match="state of another config"):
        next(train_mlp(config | {"replicates": 3}, state))
    with pytest.raises(ValueError, match="state of another config"):
        next(train_mlp(config | {"width": 8}, state))
    assert next(train_mlp(config, state))["epoch"] == 2
