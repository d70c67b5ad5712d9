"""The MLP trainable: longitude and latitude in, a European country out.

Importing it is cheap, since planning a study needs its rules only: torch comes with the training.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from trainables.cities.europe import check_train_rows, describe
from trainables.mlp_config import CrossedConfig, LeakConfig, MLPConfig, as_config
from trainables.settings import as_settings


def train_mlp(
    config: MLPConfig | Mapping[str, Any], state: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Trains a config's replicates together; yields one dict per epoch, from epoch 1.

    Args:
        config: settings as in `MLPConfig`; missing ones take their defaults.
        state: what an earlier dict's `state()` returned: training goes on after that epoch and
            yields, on the same machine, the very numbers of an uninterrupted training.

    Yields:
        epoch; the means over the replicates of train_loss (nats) and train_acc (gathered in
        train mode while the weights move), val_*, test_*, test_acc_clean (test points whose
        coordinates do not occur in train) and, at epochs 1, 5, 10, 20, 50, 100 and the last,
        train_eval_* (the train split in eval mode); time_s, the epoch's seconds for the whole
        stack; n_steps so far. `times` divides the seconds since the last dict into import (of
        torch, at first), data, compile (the first step, where `compile` is set), train and
        evaluate. `replicates` holds the same metrics per replicate, and on request single_s
        (seconds of an epoch of one model on its own) and the lists batch_losses, grad_sq_norm
        and grad_zero_share. Where a replicate diverged its metrics are NaN, and so are the
        means. `state` and `predictions` are callables.

    Raises:
        ValueError: for a setting out of its range, or data that cannot be read.

    Randomness: split, initial weights and orders come from (seed, replicate) alone.
    """
    config, start = as_config(config), time.perf_counter()
    from trainables.mlp_trainer import train

    first = {"import": time.perf_counter() - start}
    for (metrics,) in train([config], [state]):
        metrics["times"] |= first
        first = {}
        yield metrics


PER_MODEL = ("lr", "weight_decay", "clip_norm")  # each model of a stack has its own

_CACHE = 4e6  # bytes of activations: more leave the cache of a core, and each model costs more
_MOST_MODELS = 40  # beyond it they leave the cache of a core: at 80 a model-epoch costs more again


def train_mlp_stack(
    configs: Sequence[MLPConfig | Mapping[str, Any]], states: Sequence[Mapping[str, Any] | None]
) -> Iterator[list[dict[str, Any]]]:
    """Trains configs in one stack; yields for each epoch a list of what `train_mlp` yields.

    The numbers of each config are the very ones that `train_mlp` yields of it, and so are the
    states: a training may go on either way. `time_s` and `times` are shares of the stack's.

    Args:
        configs: as in `train_mlp`; they differ in `PER_MODEL` alone. At least two replicates.
        states: for each config what an earlier `state()` of it returned, all of the same epoch;
            None: it begins.

    Raises:
        ValueError: as `train_mlp`; configs that `stack_size` keeps apart, or that differ in
            anything else; states of different epochs.
    """
    checked, start = [as_config(config) for config in configs], time.perf_counter()
    shared = dict.fromkeys(PER_MODEL, 0.0) | {"lr": 1.0}
    if len({replace(config, **shared) for config in checked}) > 1:  # type: ignore[arg-type]
        raise ValueError(f"configs of one stack may differ in {', '.join(PER_MODEL)} alone")
    if len(checked) > 1 and stack_size(checked[0]) < 2:
        raise ValueError("these configs share no stack: see stack_size")
    from trainables.mlp_trainer import train

    first = {"import": (time.perf_counter() - start) / len(checked)}
    for yielded in train(checked, states):
        for metrics in yielded:
            metrics["times"] |= first
        first = {}
        yield yielded


def stack_size(config: MLPConfig | Mapping[str, Any]) -> int:
    """Returns how many configs like this one to train in one stack, >= 1.

    As many as make 40 models, or fewer where the activations of a step would fill more than
    4 MB. One alone where a stack has other bits than each config by itself: with a single
    replicate, compiled, or on a GPU.
    """
    checked = as_config(config)
    if checked.replicates < 2 or checked.compile or checked.device != "cpu":
        return 1
    rows = checked.depth * checked.width * checked.batch_size
    per_model = rows * (2 if checked.batch_norm else 1) * (8 if checked.dtype == "float64" else 4)
    n_models = min(_MOST_MODELS, _CACHE / per_model)
    return max(1, int(n_models / checked.replicates))


def train_mlp_leak(
    config: LeakConfig | Mapping[str, Any], state: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Trains as `train_mlp`, with the setting `leak`.

    "kept" trains on all training rows, "removed" without those whose coordinates occur in test,
    with as many others again: what the first has in test accuracy beyond the second is what the
    leak adds. Validation rows whose coordinates occur in train stay: they choose nothing here.
    """
    yield from train_mlp(config, state)


def train_mlp_crossed(
    config: CrossedConfig | Mapping[str, Any], state: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Trains as `train_mlp`, with the settings `split`, `weights` and `order` in place of seeds.

    With equal numbers in all three every net is that replicate of `train_mlp`, to within
    rounding.
    """
    checked = config if isinstance(config, CrossedConfig) else as_settings(CrossedConfig, config)
    yield from train_mlp(checked, state)


def is_single(config: Mapping[str, Any]) -> bool:
    """Whether all replicates of a config are the same net, because its seeds are settings."""
    return isinstance(as_config(config), CrossedConfig)


def predict(
    config: MLPConfig | Mapping[str, Any], state: Mapping[str, Any], replicate: int, points: Any
) -> np.ndarray:
    """Returns the labels (n,) that a saved replicate predicts for points (n, 2) long, lat.

    Raises:
        ValueError: there is no such replicate, or the state is of another config.
    """
    from trainables.mlp_trainer import predict_labels

    return predict_labels(as_config(config), state, replicate, points)


def step_cost_s(config: MLPConfig) -> float:
    """Returns roughly the seconds of one optimizer step of the stack on one core.

    A straight line through our measurements, good to a factor of two: overhead per layer plus
    arithmetic at 10 GFLOP/s. It orders trials and estimates a study's cost, nothing else.
    """
    overhead = (config.depth + 1) * (2.0e-4 if config.batch_norm else 1.0e-4) + 2.0e-4
    weights = config.width**2 * (config.depth - 1) + config.width * 53
    return overhead + 6 * weights * config.batch_size * config.replicates / 1e10


def trial_cost_s(config: Mapping[str, Any], data: Mapping[str, Any]) -> float:
    """Returns roughly the seconds of a trial on one core, on data as `describe_data` says."""
    checked = as_config(config)
    n_rows = checked.train_rows or data["rows"]["train"]
    n_steps: float = checked.epochs * n_rows / checked.batch_size
    return n_steps * step_cost_s(checked)


def describe_data(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the description of the config's data set, with its card; see `europe.describe`.

    It is of all rows, also where trials train on a sample of them; `kept_by` names the setting
    that says on how many.
    """
    checked = as_config(config)
    found = describe(checked.data, checked.seed, checked.replicates)
    if checked.train_rows is None:
        return found
    check_train_rows(checked.train_rows, found["rows"]["train"], found["card"]["classes"]["train"])
    return found | {"kept_by": {"train": "train_rows"}}
