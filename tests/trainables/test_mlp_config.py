"""The settings of an MLP trial: defaults, ranges, choices, and the errors that name them."""

from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from trainables.mlp import train_mlp
from trainables.mlp_config import MLPConfig, as_config

OUT_OF_RANGE: list[tuple[str, object, str]] = [
    ("depth", 0, "1 .. 1000"),
    ("depth", 1001, "1 .. 1000"),
    ("width", 0, "1 .. 4096"),
    ("width", 4097, "1 .. 4096"),
    ("lr", 0.0, "1e-12 .. 1000.0"),
    ("lr", -0.1, "1e-12 .. 1000.0"),
    ("lr", 1001.0, "1e-12 .. 1000.0"),
    ("lr", float("nan"), "1e-12 .. 1000.0"),
    ("lr", float("inf"), "1e-12 .. 1000.0"),
    ("batch_size", 0, "1 .. 2147483648"),
    ("epochs", 0, "1 .. 1000000"),
    ("epochs", -3, "1 .. 1000000"),
    ("weight_decay", -1e-9, "0.0 .. 1000.0"),
    ("clip_norm", -1.0, "0.0 .. 1000000000.0"),
    ("replicates", 0, "1 .. 256"),
    ("replicates", 257, "1 .. 256"),
    ("first_replicate", -1, f"0 .. {2**31}"),
    ("seed", -1, f"0 .. {2**63 - 1}"),
    ("seed", 2**63, f"0 .. {2**63 - 1}"),
    ("depth", 2.0, "a whole number"),
    ("width", "16", "a whole number"),
    ("epochs", True, "a whole number"),
    ("lr", "0.1", "a number"),
    ("lr", None, "a number"),
    ("lr", True, "a number"),
    ("encoding", "cosines", "raw, sines"),
    ("encoding", ["raw"], "raw, sines"),
    ("init", "xavier", "default, he, he2, orthogonal"),
    ("optimizer", "sgd", "adam"),
    ("dtype", "float16", "float32, float64"),
    ("batch_norm", 1, "true or false"),
    ("residual", "yes", "true or false"),
    ("compile", None, "true or false"),
    ("batch_losses", 0, "true or false"),
    ("track_gradients", "false", "true or false"),
    ("time_single", 1.0, "true or false"),
    ("train_rows", 0, "1 .. 2147483648"),
    ("train_rows", 100.0, "a whole number"),
    ("train_rows", "all", "a whole number"),
    ("data", 3, "'embedded' or a folder"),
    ("data", "", "'embedded' or a folder"),
    ("device", "gpu", "'cpu', 'cuda' or 'cuda:N'"),
    ("device", None, "'cpu', 'cuda' or 'cuda:N'"),
]


@pytest.mark.parametrize(("name", "value", "allowed"), OUT_OF_RANGE)
def test_an_error_names_the_setting_its_value_and_what_is_allowed(
    name: str, value: object, allowed: str
) -> None:
    with pytest.raises(ValueError) as caught:
        as_config({name: value})
    message = str(caught.value)
    assert message.startswith(f"{name} must")
    assert allowed in message and message.endswith(f"got {value!r}")


def test_every_setting_has_a_case_above() -> None:
    assert {name for name, _, _ in OUT_OF_RANGE} == set(vars(MLPConfig()))


def test_an_error_comes_before_the_data_is_read(tmp_path: Path) -> None:
    bad: dict[str, Any] = {"data": str(tmp_path / "nowhere"), "lr": -1.0}
    with pytest.raises(ValueError, match="lr must lie in"):
        next(train_mlp(bad))
    with pytest.raises(ValueError, match="no such folder"):
        next(train_mlp(bad | {"lr": 0.1}))


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("learning_rate", "lr"),
        ("batchnorm", "batch_norm"),
        ("epoch", "epochs"),
        (7, "depth"),
        ("zzz", "depth, width, batch_norm"),
    ],
)
def test_an_unknown_setting_names_the_nearest(given: Any, meant: str) -> None:
    with pytest.raises(ValueError, match=f"unknown setting {given!r}: did you mean .*{meant}"):
        as_config({given: 1})


def test_batch_norm_refuses_batches_of_one_row(folder: Path) -> None:
    with pytest.raises(ValueError, match="batch_norm needs batch_size >= 2 .* got batch_size 1"):
        MLPConfig(batch_norm=True, batch_size=1)
    good: dict[str, Any] = {"data": str(folder), "replicates": 1, "epochs": 1, "depth": 1}
    assert next(train_mlp(good | {"batch_size": 1}))["n_steps"] == 400
    assert next(train_mlp(good | {"batch_size": 2, "batch_norm": True}))["n_steps"] == 200


def test_a_trailing_batch_of_one_row_is_dropped_with_batch_norm_only(city_folder: Path) -> None:
    good: dict[str, Any] = {"data": str(city_folder), "replicates": 2, "epochs": 1}
    for size, whole in ((16, 125), (100, 20)):  # 2,001 rows
        assert next(train_mlp(good | {"batch_size": size}))["n_steps"] == whole + 1
        normed = next(train_mlp(good | {"batch_size": size, "batch_norm": True}))
        assert normed["n_steps"] == whole


def test_batch_norm_with_one_training_row_is_refused(city_folder: Path, tmp_path: Path) -> None:
    for name, n_lines in (("train", 2), ("validation", 301), ("test", 301)):
        lines = (city_folder / f"{name}.csv").read_text().splitlines()[:n_lines]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")
    good: dict[str, Any] = {"data": str(tmp_path), "epochs": 1}
    with pytest.raises(ValueError, match="batch_norm needs at least 2 training rows, got 1"):
        next(train_mlp(good | {"batch_norm": True}))
    assert next(train_mlp(good))["n_steps"] == 1


def test_good_settings_are_kept_as_given() -> None:
    given: dict[str, Any] = {"lr": 1, "depth": 10, "encoding": "sines", "seed": 2**63 - 1}
    config = as_config(given)
    assert {name: getattr(config, name) for name in given} == given
    assert as_config(config) is config
    assert config == MLPConfig(**given) != MLPConfig()
    with pytest.raises(FrozenInstanceError):
        config.lr = 0.1  # type: ignore[misc]  # the point of the test


def test_the_defaults_are_those_of_the_exercise() -> None:
    default = vars(as_config({}))
    expected = {
        "depth": 6,
        "width": 16,
        "batch_norm": False,
        "lr": 0.001,
        "batch_size": 256,
        "encoding": "raw",
        "optimizer": "adam",
        "replicates": 5,
        "data": "embedded",
        "device": "cpu",
        "dtype": "float32",
        "weight_decay": 0.0,
        "clip_norm": 0.0,
    }
    assert expected.items() <= default.items()


def test_a_gpu_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ValueError, match="device 'cuda:1' asked for, but no GPU"):
        next(train_mlp({"device": "cuda:1"}))
