"""train_pretext: turns are learnt without labels, once per machine."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from search_spaces.vision_pretext import MADE_WITH
from trainables.nets import body_weights
from trainables.pictures.images import describe_images
from trainables.pretext import describe_data, train_pretext, trial_cost_s
from trainables.pretext_config import PretextConfig
from trainables.pretext_trainer import PretextTrainer, four_turns
from trainables.vision import train_vision


@pytest.fixture
def settings(pictures: Path) -> dict[str, Any]:
    return {"data": str(pictures), "size": 16, "steps_per_eval": 8, "evals": 2, "n_images": 4}


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
    assert numbers(again) == numbers(steps[1])
    assert again["train_loss"] != other["train_loss"]


def numbers(step: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in step.items() if k.endswith(("loss", "acc"))}


def test_a_body_is_the_trainable_s_network_at_its_end(settings: dict[str, Any]) -> None:
    longer = train_pretext(settings | {"evals": 3})
    states = [step["state"]() for step in longer]
    body = body_weights.pretext_weights(settings["data"], config=PretextConfig(**settings))
    assert "fc.weight" not in body and len(body) == len(states[1]["net"]) - 2
    assert all(torch.equal(states[1]["net"][name], value) for name, value in body.items())
    assert "net" not in states[2]
    with pytest.raises(ValueError, match="keeps no weights to go on with to 4"):
        next(train_pretext(settings | {"evals": 4}, states[2]))


def test_a_body_does_not_depend_on_the_threads_of_who_makes_it(settings: dict[str, Any]) -> None:
    config = PretextConfig(**settings | {"size": 32, "steps_per_eval": 4})
    before, bodies = torch.get_num_threads(), []
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            bodies.append(body_weights._trained_body(config))
            assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(before)
    one, two = bodies
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_no_image_is_learnt_from_twice_before_all_have_been(settings: dict[str, Any]) -> None:
    trainer = PretextTrainer(PretextConfig(**settings | {"steps_per_eval": 13, "evals": 4}))
    first = np.concatenate(list(trainer._rows_of_steps()))
    trainer.n_evals = 1
    second = np.concatenate(list(trainer._rows_of_steps()))
    assert sorted(first) == sorted(second) == list(range(50))
    assert list(first) != list(second)


def test_the_body_is_made_once_and_shared_by_trials(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEPBOOK_CACHE", str(tmp_path))
    short = PretextConfig(data=str(pictures), size=16, steps_per_eval=2, evals=1, n_images=2)
    monkeypatch.setattr(body_weights, "PretextConfig", lambda: short)
    made: list[Any] = []
    training = body_weights._trained_body
    monkeypatch.setattr(body_weights, "_trained_body", lambda c: made.append(c) or training(c))
    config = {"data": str(pictures), "size": 16, "weights": "pretext", "evals_per_epoch": 1}
    for model in ("resnet18-probe", "logistic-probe", "resnet18-finetune"):
        step = list(train_vision(config | {"model": model}))[-1]
        assert np.isfinite(step["val_loss"])
    assert len(made) == 1
    body = body_weights.pretext_weights(str(pictures))
    assert len(made) == 1 and "fc.weight" not in body
    assert all(isinstance(value, torch.Tensor) for value in body.values())


def test_a_body_that_was_cut_short_is_made_again(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEPBOOK_CACHE", str(tmp_path))
    config = PretextConfig(**settings | {"steps_per_eval": 1, "evals": 1})
    first = body_weights.pretext_weights(settings["data"], config=config)
    (file,) = tmp_path.rglob("body.pth")
    file.write_bytes(file.read_bytes()[:1000])
    again = body_weights.pretext_weights(settings["data"], config=config)
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_settings_and_data(settings: dict[str, Any]) -> None:
    assert PretextConfig(data="pictures").size == 64 and PretextConfig().size is None
    assert PretextConfig(size=64) == PretextConfig() and PretextConfig(size=96).size == 96
    assert PretextConfig().lr == MADE_WITH, "the study says which one the weights are made with"
    with pytest.raises(ValueError, match="steps_per_eval must lie in 1"):
        PretextConfig(steps_per_eval=0)
    with pytest.raises(ValueError, match="unknown setting 'step'"):
        next(train_pretext({"step": 4}))
    described = describe_data(settings)
    assert list(described["class_names"].values())[1] == "turned by 90 degrees"
    images = describe_images(settings["data"])
    assert described["card"]["largest_class"]["share"] == 0.25, "what chance is judged by"
    assert described["sha256"] != images["sha256"] and described["rows"] == images["rows"]
    longer = settings | {"evals": 20}
    assert trial_cost_s(longer, described) > trial_cost_s(settings, described) > 0
