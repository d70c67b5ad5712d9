"""train_pretext: turns are learnt without labels, once per machine."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trainables import pretext
from trainables.pretext import (
    PretextConfig,
    describe_data,
    four_turns,
    pretext_weights,
    train_pretext,
)
from trainables.vision import train_vision
from trainables.weights import state_sha256


@pytest.fixture
def settings(pictures: Path) -> dict[str, Any]:
    return {"data": str(pictures), "size": 16, "steps": 16, "evals": 2, "n_images": 4}


def test_an_image_is_shown_in_its_four_turns() -> None:
    pixels = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    turned = four_turns(pixels)
    assert turned.shape == (8, 4, 4, 3)
    np.testing.assert_equal(turned[:2], pixels)
    np.testing.assert_equal(turned[2:4, 0, 0], pixels[:, 0, -1])  # to the left by 90 degrees
    np.testing.assert_equal(turned[4:6], pixels[:, ::-1, ::-1])
    np.testing.assert_equal(np.rot90(turned[6:], axes=(1, 2)), pixels)


def test_turns_are_learnt_and_the_seed_decides(settings: dict[str, Any]) -> None:
    steps = list(train_pretext(settings))
    assert [(s["eval"], s["n_steps"]) for s in steps] == [(1, 8), (2, 16)]
    assert steps[1]["epoch"] == pytest.approx(16 * 4 / 50)
    assert steps[1]["train_acc"] > 0.6 > 0.25  # chance
    again, other = (list(train_pretext(settings | {"seed": seed}))[-1] for seed in (0, 1))
    assert state_sha256(again["body"]()) == state_sha256(steps[1]["body"]())
    assert state_sha256(other["body"]()) != state_sha256(steps[1]["body"]())
    assert {k: v for k, v in again.items() if k.endswith(("loss", "acc"))} == {
        k: v for k, v in steps[1].items() if k.endswith(("loss", "acc"))
    }


def test_the_body_is_made_once_and_shared_by_trials(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEPBOOK_CACHE", str(tmp_path))
    monkeypatch.setattr(pretext, "FOLDER_SIZE", 16)
    short = PretextConfig(steps=2, evals=1, n_images=2)
    monkeypatch.setattr(pretext, "PretextConfig", lambda: short)
    made: list[Any] = []
    training = pretext._training
    monkeypatch.setattr(pretext, "_training", lambda c: made.append(c) or training(c))
    config = {"data": str(pictures), "size": 16, "weights": "pretext", "evals_per_epoch": 1}
    for model in ("resnet18-probe", "logistic-probe", "resnet18-finetune"):
        step = list(train_vision(config | {"model": model}))[-1]
        assert np.isfinite(step["val_loss"])
    assert len(made) == 1
    body = pretext_weights(str(pictures))
    assert len(made) == 1 and "fc.weight" not in body
    assert all(isinstance(value, torch.Tensor) for value in body.values())


def test_the_body_is_that_of_the_trainable_whose_evaluations_change_no_weight(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEPBOOK_CACHE", str(tmp_path))
    trained = list(train_pretext(settings))[-1]["body"]()
    config = PretextConfig(**{k: v for k, v in settings.items() if k != "data"})
    kept = pretext_weights(settings["data"], config=config)
    assert state_sha256(kept) == state_sha256(trained)


def test_settings_and_data(settings: dict[str, Any]) -> None:
    assert PretextConfig(data="pictures").size == 64 and PretextConfig().size is None
    with pytest.raises(ValueError, match="steps must lie in 5"):
        PretextConfig(steps=4)
    with pytest.raises(ValueError, match="unknown setting 'step'"):
        next(train_pretext({"step": 4}))
    assert list(describe_data(settings)["class_names"].values())[1] == "turned by 90 degrees"
