"""What the image trainables owe to the runner: each model, on few and small pictures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from search_spaces import STUDIES
from tests.steps import numbers, through_a_file
from trainables.nets.boosting import boosting_images
from trainables.vision import n_evals, one_replicate, predict, train_vision
from trainables.vision_config import BoostingConfig, Model, VisionConfig, as_config
from trainables.vision_data import square_images

TRAINABLE = "trainables.vision:train_vision"
METRICS = {f"{split}_{what}" for split in ("train", "val", "test") for what in ("loss", "acc")}
ALWAYS = METRICS | {"eval", "n_steps", "time_s", "times", "predictions"}
MORE = {"xgboost": {"round", "state"}, "logistic-probe": {"epoch", "state"}}
PHASES = {"import", "data", "train", "evaluate"}
SMALL = {"size": 16, "batch_size": 8, "evals_per_epoch": 2, "rounds": 3, "seed": 3}
LONG = {  # until 16 pictures are known by heart
    "resnet18-scratch": {"epochs": 12},
    "resnet18-probe": {"epochs": 60, "lr": 0.03},
    "resnet18-finetune": {"epochs": 12},
    "logistic-probe": {},
    "xgboost": {"rounds": 30},
}


@pytest.mark.parametrize("model", get_args(Model))
def test_an_image_trainable_keeps_its_contract(
    model: str, pictures: Path, weight_file: Path
) -> None:
    config = SMALL | {"model": model, "data": str(pictures), "weights": str(weight_file)}
    given, steps, states = dict(config), [], []
    for step in train_vision(config):
        steps.append(step)
        states.append(through_a_file(step["state"]()) if "state" in step else None)
    assert config == given  # not mutated
    assert [step["eval"] for step in steps] == list(range(1, n_evals(config) + 1))
    for step in steps:
        assert set(step) == ALWAYS | MORE.get(model, {"epoch", "state", "model"})
        assert np.isfinite([step[name] for name in METRICS]).all()
        assert {"train", "evaluate"} <= set(step["times"]) <= PHASES
    assert {"import", "data"} <= set(steps[0]["times"])
    check_predictions(steps[-1])
    np.testing.assert_equal(numbers(next(train_vision(config))), numbers(steps[0]))
    if states[0] is not None:
        resumed = train_vision(config, states[0])
        np.testing.assert_equal([numbers(s) for s in resumed], [numbers(s) for s in steps[1:]])
    other = next(train_vision(config | {"seed": 4}))
    assert (other["train_loss"] == steps[0]["train_loss"]) == one_replicate(config)


@pytest.mark.parametrize("model", get_args(Model))
def test_a_saved_state_predicts_what_its_trainable_did(
    model: str, pictures: Path, weight_file: Path
) -> None:
    config = SMALL | {"model": model, "data": str(pictures), "weights": str(weight_file)}
    *_, last = train_vision(config)
    own = as_config(config).own()
    images = (
        boosting_images(own)
        if isinstance(own, BoostingConfig)
        else square_images(own.data, own.size, own.skip_corrupt)
    )
    found = predict(config, through_a_file(last.get("model", last["state"])()), images.test.pixels)
    arrays = last["predictions"]()
    real = np.where(arrays["predicted"] == 1, arrays["probability"], 1 - arrays["probability"])
    np.testing.assert_allclose(found, real, rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="pixels must be uint8 of shape"):
        predict(config, last.get("model", last["state"])(), images.test.pixels[0])


def check_predictions(step: dict[str, Any]) -> None:
    arrays = step["predictions"]()
    assert set(arrays) == {"split", "row_id", "label", "predicted", "probability"}
    assert {array.shape for name, array in arrays.items() if name != "split"} == {(12,)}
    assert step["test_acc"] == pytest.approx((arrays["predicted"] == arrays["label"]).mean())
    assert (arrays["probability"] >= 0.5).all() and len(set(arrays["row_id"])) == 12


@pytest.fixture(scope="module")
def sixteen(tmp_path_factory: pytest.TempPathFactory, write_pictures: Callable[..., Path]) -> Path:
    return write_pictures(tmp_path_factory.mktemp("sixteen"), {"train": 8, "val": 1, "test": 1})


@pytest.mark.parametrize("model", get_args(Model))
def test_sixteen_pictures_are_learnt_by_heart(
    model: str, sixteen: Path, weight_file: Path
) -> None:
    config = SMALL | LONG[model] | {"model": model, "data": str(sixteen)}
    config |= {"weights": str(weight_file), "evals_per_epoch": 1}
    for step in train_vision(config):
        last = step
    assert last["train_acc"] == 1.0


def test_every_declared_config_is_one_that_the_trainable_takes() -> None:
    cells = [c for s in STUDIES.values() if s.trainable == TRAINABLE for c in s.configs()]
    assert all(n_evals(cell) >= 1 for cell in cells)
    assert VisionConfig().model in get_args(Model)
