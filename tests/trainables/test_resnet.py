"""train_resnet18: what it yields, what stays frozen, what its numbers depend on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torchvision.models import ResNet18_Weights, resnet18
from torchvision.transforms.functional import to_pil_image

from tests.steps import numbers, through_a_file
from trainables.nets import resnet
from trainables.nets.resnet import eval_steps, train_resnet18
from trainables.nets.resnet_body import build_resnet18
from trainables.seeds import replicate_seeds
from trainables.vision_config import ResNetConfig
from trainables.vision_data import MEAN, STD, as_input, augmented, binary_metrics

METRICS = {f"{split}_{what}" for split in ("train", "val", "test") for what in ("loss", "acc")}


@pytest.fixture
def settings(pictures: Path, weight_file: Path) -> dict[str, Any]:
    base = {"data": str(pictures), "size": 16, "weights": str(weight_file)}
    return base | {"batch_size": 8, "evals_per_epoch": 2}


def trainer_after(config: dict[str, Any]) -> resnet._Trainer:
    trainer = resnet._Trainer(ResNetConfig(**config))
    trainer.next_eval()
    return trainer


def test_there_is_one_dict_per_evaluation_counted_from_1(settings: dict[str, Any]) -> None:
    random = torch.get_rng_state()
    steps = list(train_resnet18(settings | {"mode": "probe", "epochs": 2}))
    assert [step["eval"] for step in steps] == [1, 2, 3, 4]
    assert [step["epoch"] for step in steps] == [0.5, 1.0, 1.5, 2.0]
    assert [step["n_steps"] for step in steps] == [4, 7, 11, 14]  # 50 images in 7 batches
    for step in steps:
        others = {"n_steps", "time_s", "times", "state", "model", "predictions"}
        assert METRICS | others == set(step) - {"eval", "epoch"}
        assert 0 < sum(step["times"].values()) <= step["time_s"] * 1.01
    assert torch.equal(torch.get_rng_state(), random)  # nobody else's random numbers are used


def test_evaluations_are_spread_over_the_epoch_and_end_it() -> None:
    assert eval_steps(7, 2) == [4, 7]
    assert eval_steps(3, 3) == [1, 2, 3]
    with pytest.raises(ValueError, match="at most the steps of an epoch, 3, got 4"):
        eval_steps(3, 4)


@pytest.mark.parametrize(
    "changed",
    [
        {"mode": "finetune", "augment": "flip+crop", "frozen_depth": 2, "weight_decay": 0.01},
        {"mode": "scratch"},
        {"mode": "probe"},
        {"mode": "probe", "augment": "flip"},
    ],
    ids=str,
)
def test_resumed_equals_uninterrupted_bit_for_bit(
    changed: dict[str, Any], settings: dict[str, Any]
) -> None:
    config = settings | changed | {"epochs": 2}
    whole, states = [], []
    for step in train_resnet18(config):
        whole.append((numbers(step), step["predictions"]()))
        states.append(through_a_file(step["state"]()))
    for stop in (1, 2):  # within an epoch and at its end
        resumed = train_resnet18(config, states[stop - 1])
        for step, (expected, predicted) in zip(resumed, whole[stop:], strict=True):
            np.testing.assert_equal(numbers(step), expected)
            np.testing.assert_equal(step["predictions"](), predicted)
    assert set(states[-1]) == {"n_evals", "n_steps"}  # an ended training takes no space
    assert list(train_resnet18(config, states[-1])) == []


def test_a_state_of_another_config_is_refused(settings: dict[str, Any]) -> None:
    state = next(train_resnet18(settings | {"mode": "probe"}))["state"]()
    with pytest.raises(ValueError, match="state of another config"):
        next(train_resnet18(settings | {"mode": "finetune"}, state))
    ended = {"n_evals": 2, "n_steps": 7}
    with pytest.raises(ValueError, match="keeps no weights to go on with to 4"):
        next(train_resnet18(settings | {"mode": "probe", "epochs": 2}, ended))


@pytest.mark.parametrize(
    ("mode", "depth"), [("probe", 5), ("finetune", 2), ("finetune", 0)], ids=str
)
def test_frozen_parts_keep_weights_and_running_statistics(
    mode: str, depth: int, settings: dict[str, Any], weight_file: Path
) -> None:
    given = torch.load(weight_file, weights_only=True)
    config = settings | {"mode": mode, "cache_features": False}
    trainer = trainer_after(config | ({"frozen_depth": depth} if mode == "finetune" else {}))
    parts = [("conv1.", "bn1."), ("layer1.",), ("layer2.",), ("layer3.",), ("layer4.",)]
    now = trainer.net.state_dict()
    for i, prefixes in enumerate(parts):
        own = [name for name in now if name.startswith(prefixes)]
        same = [torch.equal(now[name], given[name]) for name in own]
        running = [torch.equal(now[n], given[n]) for n in own if "running" in n]
        assert len(running) > 0
        assert all(same) if i < depth else not any(running) and not all(same)
    frozen = [p for n, p in trainer.net.named_parameters() if n.startswith(sum(parts[:depth], ()))]
    assert all(p.grad is None and not p.requires_grad for p in frozen)


def test_a_probe_from_features_is_the_probe_through_the_body(settings: dict[str, Any]) -> None:
    config = settings | {"mode": "probe", "lr": 0.01, "epochs": 2}
    from_features = list(train_resnet18(config))
    through = list(train_resnet18(config | {"cache_features": False}))
    for one, other in zip(from_features, through, strict=True):
        for name in METRICS:
            assert one[name] == pytest.approx(other[name], abs=1e-5), name


@pytest.mark.parametrize("size", [16, 64])
def test_steps_are_those_of_torchvision_s_net_and_plain_adam(
    settings: dict[str, Any], size: int
) -> None:
    """Layouts and the fused Adam change no more than the rounding.

    Fused Adam on the CPU gives wrong numbers, silently, where a gradient lies in memory in
    another order than its parameter.
    """
    own_settings = {"mode": "scratch", "weight_decay": 0.01, "size": size}
    config = ResNetConfig(**(settings | own_settings))
    trainer = resnet._Trainer(config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(trainer.seeds.init)
        plain = resnet18(num_classes=1)
    own = dict(trainer.net.named_parameters())
    copies = {name: p.detach().clone().contiguous() for name, p in own.items()}
    adam = torch.optim.Adam(copies.values(), lr=config.lr, weight_decay=0.01, foreach=False)
    for step in range(3):
        rows = np.arange(8) + 8 * step
        x, y = trainer.inputs.drawn(rows, step), trainer.labels["train"][rows]
        logits = trainer._step(x, y)
        if step == 0:
            expected = plain(x.contiguous())[:, 0]
            torch.nn.functional.binary_cross_entropy_with_logits(expected, y).backward()
            torch.testing.assert_close(logits, expected.detach(), rtol=1e-4, atol=1e-4)
            for name, parameter in plain.named_parameters():
                torch.testing.assert_close(own[name].grad, parameter.grad, rtol=1e-2, atol=1e-4)
        for name, copy in copies.items():
            grad = own[name].grad
            assert grad is not None
            copy.grad = grad.contiguous()
        adam.step()
        for name, copy in copies.items():
            torch.testing.assert_close(own[name].detach(), copy, rtol=1e-5, atol=1e-6)


def test_the_last_layer_starts_the_same_whatever_the_body(weight_file: Path) -> None:
    body = {k: v for k, v in torch.load(weight_file).items() if not k.startswith("fc.")}
    new, given = build_resnet18(3), build_resnet18(3, body=body)
    assert torch.equal(new.get_parameter("fc.weight"), given.get_parameter("fc.weight"))
    assert not torch.equal(new.get_parameter("conv1.weight"), given.get_parameter("conv1.weight"))
    assert torch.equal(given.get_parameter("conv1.weight"), body["conv1.weight"])


def test_inputs_are_normalised_as_the_weights_ask_for() -> None:
    transforms = ResNet18_Weights.IMAGENET1K_V1.transforms(crop_size=20, resize_size=20)
    assert (MEAN, STD) == (tuple(transforms.mean), tuple(transforms.std))
    pixels = np.random.default_rng(0).integers(0, 256, (2, 20, 20, 3), dtype=np.uint8)
    x = as_input(pixels, "cpu")
    assert x.is_contiguous(memory_format=torch.channels_last)
    expected = torch.stack([transforms(to_pil_image(p)) for p in pixels])
    torch.testing.assert_close(x, expected, rtol=0, atol=1e-5)


def test_augmentation_mirrors_and_shifts_and_comes_from_its_seeds() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 16, 16, 3), dtype=np.uint8)
    before = pixels.copy()
    assert augmented(pixels, "none", [1]) is pixels
    flipped = augmented(pixels, "flip", [1, 2])
    mirrored = (flipped == pixels[:, :, ::-1]).all((1, 2, 3))
    assert 16 < mirrored.sum() < 48
    assert (flipped[~mirrored] == pixels[~mirrored]).all()
    shifted = augmented(pixels, "crop", [1, 2])
    middles = np.stack(
        [[p[2 + i : 14 + i, 2 + j : 14 + j] for i in range(-2, 3) for j in range(-2, 3)]
         for p in pixels]
    )  # fmt: skip
    found = (middles == shifted[:, None, 2:14, 2:14]).all((2, 3, 4))
    assert found.any(1).all()  # each is its own picture, shifted by at most two pixels
    assert found.any(0).sum() > 15  # in many ways
    np.testing.assert_equal(augmented(pixels, "crop", [1, 2]), shifted)
    assert (augmented(pixels, "crop", [1, 3]) != shifted).any()
    np.testing.assert_equal(pixels, before)


def test_the_seed_decides_weights_and_order(settings: dict[str, Any]) -> None:
    trained = [
        next(train_resnet18(settings | {"mode": "scratch", "seed": seed})) for seed in (0, 0, 1)
    ]
    np.testing.assert_equal(numbers(trained[0]), numbers(trained[1]))
    assert trained[0]["train_loss"] != trained[2]["train_loss"]
    assert replicate_seeds(0, 0).init != replicate_seeds(1, 0).init


def test_metrics_by_hand_and_of_a_diverged_net() -> None:
    logits, labels = torch.tensor([0.0, 2.0, -1.0, 3.0]), torch.tensor([0, 1, 1, 0])
    found = binary_metrics("val", logits, labels)
    losses = [np.log(2), np.log1p(np.exp(-2)), np.log1p(np.exp(1)), np.log1p(np.exp(3))]
    assert found["val_loss"] == pytest.approx(np.mean(losses))
    assert found["val_acc"] == 0.5  # a logit of 0 says fake
    assert all(np.isnan(v) for v in binary_metrics("val", logits * np.nan, labels).values())


def test_a_gpu_that_is_not_there_is_named(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="'cuda' asked for, but no GPU is available"):
        next(train_resnet18(settings | {"device": "cuda"}))
