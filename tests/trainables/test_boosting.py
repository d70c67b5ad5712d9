"""train_xgboost: XGBClassifier's model, tree by tree."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xgboost import XGBClassifier

from tests.steps import numbers, through_a_file
from trainables.nets.boosting import boosting_images, train_xgboost
from trainables.vision_config import BoostingConfig


@pytest.fixture(scope="module")
def settings(pictures: Path) -> dict[str, Any]:
    return {"data": str(pictures), "rounds": 5}


def test_a_folder_is_seen_as_in_the_exercise(settings: dict[str, Any]) -> None:
    assert boosting_images(BoostingConfig(**settings)).train.pixels.shape == (50, 64, 64, 3)


def test_the_trees_are_those_of_xgbclassifier(settings: dict[str, Any]) -> None:
    steps = list(train_xgboost(settings))
    assert [(s["eval"], s["round"], s["n_steps"]) for s in steps] == [
        (i, i, i) for i in range(1, 6)
    ]
    images = boosting_images(BoostingConfig(**settings))
    x = {name: part.pixels.reshape(len(part), -1) for name, part in images.parts().items()}
    model = XGBClassifier(n_estimators=5, n_jobs=1)
    model.fit(x["train"], images.train.label)
    for name, part in images.parts().items():
        assert steps[-1][f"{name}_acc"] == model.score(x[name], part.label)
        shown = model.predict_proba(x[name])[np.arange(len(part)), part.label]
        assert steps[-1][f"{name}_loss"] == pytest.approx(-np.log(shown).mean(), rel=1e-4)
    predictions = steps[-1]["predictions"]()
    np.testing.assert_equal(predictions["predicted"], model.predict(x["test"]))
    np.testing.assert_allclose(
        predictions["probability"], model.predict_proba(x["test"]).max(1), rtol=1e-5
    )


def test_resumed_equals_uninterrupted_bit_for_bit(settings: dict[str, Any]) -> None:
    whole, states = [], []
    for step in train_xgboost(settings):
        states.append(through_a_file(step["state"]()))
        whole.append((numbers(step), step["predictions"]()))
    for step, (expected, predicted) in zip(
        train_xgboost(settings, states[1]), whole[2:], strict=True
    ):
        np.testing.assert_equal(numbers(step), expected)
        np.testing.assert_equal(step["predictions"](), predicted)


def test_early_stopping_ends_after_the_lowest_validation_loss(settings: dict[str, Any]) -> None:
    config = settings | {"rounds": 40, "eta": 1.0, "early_stopping": 2}
    steps, states = [], []
    for step in train_xgboost(config):
        steps.append(step)
        states.append(step["state"]())
    losses = [step["val_loss"] for step in steps]
    best = int(np.argmin(losses))
    assert len(steps) == best + 3 < 40
    predictions = steps[-1]["predictions"]()
    right = predictions["predicted"] == predictions["label"]
    assert right.mean() == steps[-1]["test_acc"]  # both of the last round's model
    shown = np.where(right, predictions["probability"], 1 - predictions["probability"])
    assert -np.log(shown).mean() == pytest.approx(steps[-1]["test_loss"])
    for state in states[-2:]:  # one that is over gives its last dict once more
        (last,) = train_xgboost(config, through_a_file(state))
        np.testing.assert_equal(numbers(last), numbers(steps[-1]))
        np.testing.assert_equal(last["predictions"](), predictions)


def test_every_seed_gives_the_same_model(settings: dict[str, Any]) -> None:
    one, other = (list(train_xgboost(settings | {"seed": seed}))[-1] for seed in (0, 1))
    np.testing.assert_equal(numbers(one), numbers(other))
