"""Weights of ResNet-18: torchvision's own loader, files, and what is said where there are none."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision

from trainables.nets import weights
from trainables.nets.weights import file_sha256, load_file, load_imagenet, load_url, state_sha256
from trainables.vision import train_vision
from trainables.vision_config import VisionConfig


@pytest.fixture
def torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """TORCH_HOME of its own, in which nothing is; returns the folder of checkpoints."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(weights, "_failed", {})
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def published(weight_file: Path, folder: Path) -> Path:
    """The checkpoint named as torchvision names its own: with the beginning of its hash."""
    path = folder / f"resnet18-{file_sha256(weight_file)[:8]}.pth"
    path.write_bytes(weight_file.read_bytes())
    return path


def no_network(*args: Any, **kwargs: Any) -> Any:
    raise OSError("Network is unreachable")


def test_a_checkpoint_is_downloaded_by_torchvision_and_its_hash_checked(
    weight_file: Path, torch_home: Path, tmp_path: Path
) -> None:
    far = published(weight_file, tmp_path)
    state = load_url(far.as_uri())
    assert (torch_home / far.name).is_file()
    assert state.keys() == load_file(str(weight_file)).keys()
    far.unlink()
    assert state_sha256(load_url(far.as_uri())) == state_sha256(state)  # from TORCH_HOME now


def test_a_download_with_another_hash_is_refused(
    weight_file: Path, torch_home: Path, tmp_path: Path
) -> None:
    far = tmp_path / "resnet18-01234567.pth"
    far.write_bytes(weight_file.read_bytes())
    with pytest.raises(OSError, match='invalid hash value .expected "01234567"'):
        load_url(far.as_uri())
    assert not (torch_home / far.name).exists()


def test_a_damaged_checkpoint_in_torch_home_is_named(torch_home: Path) -> None:
    (torch_home / "resnet18-f37072fd.pth").write_bytes(b"cut short")
    with pytest.raises(ValueError, match=r"resnet18-f37072fd\.pth is damaged.*f37072fd"):
        load_imagenet()


def test_without_network_a_trial_fails_at_once_and_says_what_to_do(
    torch_home: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "create_connection", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    config = {"model": "resnet18-probe", "data": str(pictures), "size": 16}
    VisionConfig(**config)  # planning does not ask for weights
    with pytest.raises(OSError) as error:
        next(train_vision(config))
    said = str(error.value)
    assert str(torch_home / "resnet18-f37072fd.pth") in said and "unreachable" in said
    assert "--weights FILE" in said and "--weights pretext" in said and "\n" not in said


def test_the_network_is_not_asked_again_for_every_trial(
    torch_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def ask(*args: Any, **kwargs: Any) -> Any:
        asked.append((args, socket.getdefaulttimeout()))
        raise OSError("Network is unreachable")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", ask)
    said = set()
    for _ in range(3):
        with pytest.raises(OSError, match="cannot be downloaded") as error:
            load_imagenet()
        said.add(str(error.value))
    assert len(asked) == len(said) == 1
    assert asked[0][1] == weights.NETWORK_S and socket.getdefaulttimeout() is None


def test_a_file_gives_the_body_whatever_its_last_layer(weight_file: Path, tmp_path: Path) -> None:
    state = torch.load(weight_file, weights_only=True)
    body = {k: v for k, v in state.items() if not k.startswith("fc.")}
    old = {k: v for k, v in body.items() if not k.endswith("num_batches_tracked")}
    for name, content in {"ten": body | {"fc.weight": torch.zeros(10, 512)}, "old": old}.items():
        torch.save(content, tmp_path / name)
        found = load_file(str(tmp_path / name))
        assert all(torch.equal(found[k], v) for k, v in old.items()) and "fc.weight" not in found


WRAPPED: dict[str, tuple[Callable[[dict[str, Any]], Any], list[str]]] = {
    "DataParallel": (lambda state: _prefixed("module.", state), ["'module.'"]),
    "compiled": (lambda state: _prefixed("_orig_mod.", state), ["'_orig_mod.'"]),
    "both": (
        lambda state: _prefixed("module._orig_mod.", state),
        ["'module.'", "'_orig_mod.'"],
    ),
    "a checkpoint": (
        lambda state: {"epoch": 3, "model": "resnet18", "state_dict": state, "optimizer": {}},
        ["'state_dict'"],
    ),
    "a checkpoint of a wrapped model": (
        lambda state: {"model": _prefixed("module.", state), "epoch": 3},
        ["'model'", "'module.'"],
    ),
    "half": (lambda state: _as(torch.float16, state), ["float16"]),
    "double": (lambda state: _as(torch.float64, state), ["float64"]),
}


def _prefixed(prefix: str, state: dict[str, Any]) -> dict[str, Any]:
    return {prefix + k: v for k, v in state.items()}


def _as(dtype: torch.dtype, state: dict[str, Any]) -> dict[str, Any]:
    return {k: v.to(dtype) if v.is_floating_point() else v for k, v in state.items()}


@pytest.mark.parametrize("name", WRAPPED)
def test_a_wrapped_state_dict_is_the_same_and_what_was_taken_is_said(
    name: str, weight_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrap, told = WRAPPED[name]
    state = torch.load(weight_file, weights_only=True)
    torch.save(wrap(state), path := tmp_path / "wrapped.pth")
    expected = load_file(str(weight_file))
    assert not caplog.messages, "a plain state dict needs no word"
    found = load_file(str(path))
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert found[key].dtype == value.dtype
        assert torch.equal(found[key], value.half().float() if name == "half" else value) or (
            not value.is_floating_point()
        )
    (message,) = caplog.messages
    assert str(path) in message and all(text in message for text in told)


def _without(state: dict[str, Any]) -> Any:
    return {k: v for k, v in state.items() if not k.startswith("layer4")}


BAD = {
    "no pickle": (lambda state: b"JPEG", "cannot be read as a state dict"),
    "code": (lambda state: torch.nn.Linear(1, 1), "cannot be read as a state dict"),
    "a list": (lambda state: [1, 2], "holds a list, not a state dict"),
    "a whole model": (
        lambda state: torchvision.models.resnet18(),
        r"torchvision.models.resnet.ResNet.*torch.save\(model.state_dict\(\), FILE\)$",
    ),
    "two wrapped": (
        lambda state: {"state_dict": state, "model": state},
        "'model', 'state_dict': write the one that is meant",
    ),
    "a part": (
        lambda state: {f"backbone.{k}": v for k, v in state.items()},
        "first 'bn1.bias'.*all have the prefix 'backbone.': write them without it",
    ),
    "one name misspelt": (
        lambda state: {k.replace("bn1.bias", "bn1.bais"): v for k, v in state.items()},
        "first 'bn1.bais', near 'bn1.bias'",
    ),
    "integers": (
        lambda state: state | {"bn1.bias": torch.zeros(64, dtype=torch.int8)},
        "bn1.bias holds int8",
    ),
    "too large": (
        lambda state: state | {"bn1.bias": torch.full((64,), 1e300, dtype=torch.float64)},
        "bn1.bias holds NaN or infinite values",
    ),
    "layers missing": (_without, "25 names are missing .first 'layer4.0.bn1.bias'"),
    "wider": (
        lambda state: state | {"conv1.weight": torch.zeros(64, 3, 3, 3)},
        r"conv1.weight has shape \(64, 3, 3, 3\), in ResNet-18 \(64, 3, 7, 7\)",
    ),
    "no tensor": (lambda state: state | {"bn1.bias": 3}, "bn1.bias has shape int"),
    "NaN": (
        lambda state: state | {"bn1.bias": torch.full((64,), torch.nan)},
        "bn1.bias holds NaN or infinite values",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_does_not_fit_is_named_before_anything_starts(
    name: str, weight_file: Path, tmp_path: Path
) -> None:
    spoil, message = BAD[name]
    content, path = spoil(torch.load(weight_file, weights_only=True)), tmp_path / "bad.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(ValueError, match=message) as error:
        VisionConfig(model="resnet18-probe", weights=str(path))
    assert str(path) in str(error.value)


def test_the_hash_of_weights_is_of_their_values(weight_file: Path) -> None:
    state = load_file(str(weight_file))
    assert state_sha256(state) == state_sha256(dict(reversed(state.items())))
    assert state_sha256(state) != state_sha256(state | {"bn1.bias": state["bn1.bias"] + 1e-6})


def test_a_file_is_named_by_its_whole_path(
    weight_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(weight_file.parent)
    for given in (weight_file.name, f"./{weight_file.name}", str(weight_file)):
        for model in ("logistic-probe", "resnet18-finetune"):
            assert VisionConfig(model=model, weights=given).weights == str(weight_file)
