"""The image trainable: any of five baselines on real and fake images, by its config."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from trainables.vision_config import (
    BoostingConfig,
    ProbeConfig,
    ResNetConfig,
    VisionConfig,
    as_config,
)
from trainables.vision_cost import START_S, TREE_S, pass_s


def train_vision(
    config: VisionConfig | Mapping[str, Any], state: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Trains the model that the config names; yields as that model's own trainable.

    See `train_resnet18`, `train_probe` and `train_xgboost`. Every dict has eval = 1, 2, ...,
    n_evals(config) of them (fewer where boosting stops early), and the metrics train_loss,
    train_acc, val_loss, val_acc, test_loss, test_acc, n_steps, time_s.

    Raises:
        ValueError: a setting is out of its range, data or weights cannot be used.
        OSError: ImageNet weights are not to be had.
    """
    own = as_config(config).own()
    if isinstance(own, ResNetConfig):
        from trainables.nets.resnet import train_resnet18

        yield from train_resnet18(own, state)
    elif isinstance(own, BoostingConfig):
        from trainables.nets.boosting import train_xgboost

        yield from train_xgboost(own, state)
    elif state is None:  # given one, its only fit is over
        from trainables.nets.probe import train_probe

        yield from train_probe(own)


def predict(
    config: VisionConfig | Mapping[str, Any], state: Mapping[str, Any], pixels: Any
) -> npt.NDArray[np.float64]:
    """Returns the probability (n,) that each image is real, by a model in a saved state.

    Args:
        config: of the training.
        state: what a yielded `state()` returned.
        pixels: uint8 (n, H, W, 3), of the size that the model was trained on.

    Raises:
        ValueError: the pixels have another form, or the state holds no weights.
        OSError: ImageNet weights are not to be had.
    """
    own, pixels = as_config(config).own(), np.asarray(pixels)
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3:
        raise ValueError(
            f"pixels must be uint8 of shape (n, height, width, 3), got {pixels.dtype} of shape "
            f"{pixels.shape}"
        )
    if isinstance(own, ResNetConfig):
        from trainables.nets.resnet import predict_resnet18

        return predict_resnet18(own, state, pixels)
    if isinstance(own, BoostingConfig):
        from trainables.nets.boosting import predict_xgboost

        return predict_xgboost(state, pixels)
    from trainables.nets.probe import predict_probe

    return predict_probe(own, state, pixels)


def n_evals(config: Mapping[str, Any]) -> int:
    """Returns how many reports a trial of the config makes at most."""
    own = as_config(config).own()
    if isinstance(own, ResNetConfig):
        return own.epochs * own.evals_per_epoch
    return own.rounds if isinstance(own, BoostingConfig) else 1


def one_replicate(config: Mapping[str, Any]) -> bool:
    """Returns whether every seed gives the same model."""
    return not isinstance(as_config(config).own(), ResNetConfig)


def describe_data(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the description of the config's images, with their card; see `describe_images`."""
    from trainables.pictures.images import describe_images

    checked = as_config(config)
    return describe_images(checked.data, checked.skip_corrupt)


def trial_cost_s(config: Mapping[str, Any], data: Mapping[str, Any]) -> float:
    """Returns roughly the seconds of a trial on one core, on data as `describe_data` says.

    It orders trials and estimates a study's cost, nothing else.
    """
    own = as_config(config).own()
    rows: Mapping[str, int] = data["rows"]
    if isinstance(own, BoostingConfig):
        return START_S + own.rounds * rows["train"] * TREE_S
    one_pass_s = pass_s(own.size)
    from_features = isinstance(own, ProbeConfig) or (own.mode == "probe" and own.augment == "none")
    if from_features:
        return START_S + sum(rows.values()) * one_pass_s
    assert isinstance(own, ResNetConfig)
    held_out = sum(rows.values()) - rows["train"]
    passes = rows["train"] * (1 if own.mode == "probe" else 3) + own.evals_per_epoch * held_out
    return START_S + own.epochs * passes * one_pass_s
