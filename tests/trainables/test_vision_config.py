"""The settings of image trials: their rules, and what a model does not have."""

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import pytest

from trainables.vision import n_evals, one_replicate, trial_cost_s
from trainables.vision_config import (
    BoostingConfig,
    Model,
    ProbeConfig,
    ResNetConfig,
    VisionConfig,
    as_config,
)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model": "resnet50"}, "model must be one of resnet18-scratch"),
        ({"lr": 0.0}, "lr must lie in"),
        ({"augment": "rotate"}, "augment must be one of none, flip, crop"),
        ({"frozen_depth": 6}, "frozen_depth must lie in 0 .. 5, got 6"),
        ({"evals_per_epoch": 0}, "evals_per_epoch must lie in"),
        ({"batch_size": 2.5}, "batch_size must be a whole number"),
        ({"epochs": 0}, "epochs must lie in"),
        ({"size": 8, "data": "pictures"}, "size must lie in 16"),
        ({"device": "tpu"}, "device must be 'cpu', 'cuda'"),
        ({"data": ""}, "data must be 'embedded' or a folder"),
        ({"seed": -1}, "seed must lie in"),
        ({"skip_corrupt": 1}, "skip_corrupt must be true or false"),
        ({"weights": ""}, "weights must be 'imagenet' or 'pretext' or a file"),
        ({"weights": "gone.pth"}, "weights 'gone.pth': no such file"),
        ({"model": "xgboost", "weights": "gone.pth"}, "weights 'gone.pth': no such file"),
        ({"model": "xgboost", "rounds": 0}, "rounds must lie in"),
        ({"model": "xgboost", "early_stopping": 0}, "early_stopping must lie in"),
        ({"model": "logistic-probe", "max_iter": 0}, "max_iter must lie in"),
        ({"learning_rate": 1}, "unknown setting 'learning_rate'"),
    ],
    ids=str,
)
def test_a_bad_setting_is_named_before_anything_starts(
    config: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        as_config(config)


def test_a_setting_that_a_model_does_not_have_makes_no_difference() -> None:
    boosted = [VisionConfig(model="xgboost", lr=lr, epochs=5) for lr in (0.1, 0.01)]
    assert boosted[0] == boosted[1] == VisionConfig(model="xgboost")
    assert (boosted[0].lr, boosted[0].weights, boosted[0].epochs) == (None, None, 1)
    scratch = VisionConfig(model="resnet18-scratch", weights="imagenet", frozen_depth=2)
    assert scratch == VisionConfig(model="resnet18-scratch")
    assert scratch.weights is None and scratch.lr == 0.001 and scratch.rounds is None
    assert VisionConfig(model="resnet18-probe", frozen_depth=1).frozen_depth == 5


@pytest.mark.parametrize("model", get_args(Model))
def test_a_config_goes_through_a_dict_unchanged(model: Model) -> None:
    config = VisionConfig(model=model, data="pictures", seed=7)
    assert VisionConfig(**asdict(config)) == config
    assert config.own().seed == 7 and config.own().data == "pictures"


def test_defaults_are_those_of_the_model_itself() -> None:
    assert VisionConfig(model="xgboost").own() == BoostingConfig()
    assert VisionConfig(model="logistic-probe").own() == ProbeConfig()
    assert VisionConfig(model="resnet18-probe").own() == ResNetConfig(mode="probe")
    assert ResNetConfig(data="pictures").size == 224 and ResNetConfig().size is None
    assert ResNetConfig(size=64) == ResNetConfig() and ResNetConfig(size=224).size == 224


def test_fidelity_replicates_and_cost_follow_the_config() -> None:
    assert n_evals({"model": "resnet18-scratch", "epochs": 3, "evals_per_epoch": 5}) == 15
    assert n_evals({"model": "xgboost", "rounds": 7, "epochs": 3}) == 7
    assert n_evals({"model": "logistic-probe"}) == 1
    single = [model for model in get_args(Model) if one_replicate({"model": model})]
    assert single == ["logistic-probe", "xgboost"]
    data = {"rows": {"train": 1000, "validation": 100, "test": 100}}
    cost = {m: trial_cost_s({"model": m, "data": "x"}, data) for m in get_args(Model)}
    assert cost["resnet18-scratch"] == cost["resnet18-finetune"] > cost["resnet18-probe"] > 0
    longer = {"model": "resnet18-scratch", "epochs": 4, "data": "x"}
    assert trial_cost_s(longer, data) > 3 * cost["resnet18-scratch"]


def test_planning_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from trainables.vision import VisionConfig, n_evals; "
        "n_evals({}); n_evals({'model': 'xgboost'}); "
        "print(sorted({'torch', 'torchvision', 'xgboost', 'sklearn'} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "[]"
