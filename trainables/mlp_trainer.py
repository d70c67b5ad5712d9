"""Training a stack of MLPs: the part of the trainable that needs torch."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trainables.batches import batches
from trainables.mlp_config import CrossedConfig, MLPConfig
from trainables.mlp_data import N_CLASSES, StackedData, StackedSplit, encode, load_stacked
from trainables.mlp_evaluation import evaluate, finite, labels_of, predictions
from trainables.seeds import ReplicateSeeds, replicate_seeds
from trainables.stacked.configs import ConfigStack
from trainables.stacked.gradient import loss_and_gradient
from trainables.stacked.gradients import GradientTracker, clip_
from trainables.stacked.mlp import StackedMLP

TRAIN_EVAL_EPOCHS = (1, 5, 10, 20, 50, 100)  # and the last: train split evaluated in eval mode


def train(
    configs: Sequence[MLPConfig], states: Sequence[Mapping[str, Any] | None]
) -> Iterator[list[dict[str, Any]]]:
    """Trains configs in one stack; yields, for each epoch, what `train_mlp` yields of each.

    Args:
        configs: they differ in `PER_MODEL` alone.
        states: where each goes on, all after the same epoch.
    """
    config = configs[0]
    if config.device != "cpu" and not torch.cuda.is_available():
        raise ValueError(f"device {config.device!r} asked for, but no GPU is available: use 'cpu'")
    seeds = _seeds(config)
    start = time.perf_counter()
    data = load_stacked(config, seeds)
    built = time.perf_counter()
    if config.batch_norm and len(data.train) < 2:
        raise ValueError("batch_norm needs at least 2 training rows, got 1: turn batch_norm off")
    trainer = _Trainer(configs, data, seeds)
    trainer.load_states(states)
    before = {"data": built - start, "train": time.perf_counter() - built}
    start = time.perf_counter()
    single_s = _time_single(config, data, seeds) if config.time_single else None
    before["evaluate"] = time.perf_counter() - start
    while trainer.epoch < config.epochs:
        yielded = trainer.train_epoch()
        for metrics in yielded:
            for phase, seconds in before.items():
                seconds = seconds / len(configs)
                metrics["times"][phase] = metrics["times"].get(phase, 0.0) + seconds
            if single_s is not None:
                metrics["single_s"] = float(np.mean(single_s))
                metrics["replicates"]["single_s"] = single_s
        before = {}
        yield yielded


def predict_labels(
    config: MLPConfig, state: Mapping[str, Any], replicate: int, points: Any
) -> np.ndarray:
    """Predicts as `mlp.predict` says."""
    config = replace(config, device="cpu")
    if not 0 <= replicate < config.replicates:
        raise ValueError(f"replicate must lie in 0 .. {config.replicates - 1}, got {replicate}")
    model = _new_model(config, [replicate_seeds(config.seed, 0)] * config.replicates)
    model.load_state(state["model"])
    x = torch.tensor(encode(np.asarray(points, dtype=float), config.encoding).T)
    x = x.to(model.flat.dtype).expand(config.replicates, -1, -1)
    return labels_of(model, x, replicate)


class _Trainer:
    """The state of a stack in training: its model, an optimizer for each config, the epoch.

    Args:
        configs: of one shape; model c * R + r of the stack is replicate r of config c.
        seeds: of the R replicates, which all configs share with their data.
    """

    def __init__(
        self, configs: Sequence[MLPConfig], data: StackedData, seeds: Sequence[ReplicateSeeds]
    ) -> None:
        self.configs, self.data, self.seeds = configs, data, seeds
        self.config = config = configs[0]  # for what they share
        self.model = _new_model(config, [*seeds] * len(configs))
        self.stack = ConfigStack(self.model, [(own.lr, own.weight_decay) for own in configs])
        self.tracker = GradientTracker(self.model)
        norms = [own.clip_norm for own in configs for _ in seeds]
        self.clip_norms = torch.tensor(norms, dtype=torch.float64, device=config.device)
        self.clips = any(norms)
        self.epoch = 0
        self.n_steps = 0
        self.predicted: tuple[int, Any] = (0, None)  # at which epoch, and what
        self.is_new, self.compile_s = True, 0.0  # the first step of a process compiles
        self.compiled = torch.compile(loss_and_gradient) if config.compile else loss_and_gradient

    def train_epoch(self) -> list[dict[str, Any]]:
        """Trains one epoch and returns each config's metrics, as `train_mlp` yields them."""
        start = time.perf_counter()
        self.epoch += 1
        values = self._train()
        trained = time.perf_counter()
        last = self.epoch == self.config.epochs
        values |= evaluate(self.stack, self.data.validation, "val")
        values |= evaluate(self.stack, self.data.test, "test", self.data.clean)
        if last or self.epoch in TRAIN_EVAL_EPOCHS:
            values |= evaluate(self.stack, self.data.train, "train_eval")
        end = time.perf_counter()
        compile_s, self.compile_s = self.compile_s, 0.0
        times = {"train": trained - start - compile_s, "evaluate": end - trained}
        times |= {"compile": compile_s} if compile_s else {}
        share = 1 / len(self.configs)
        return [
            {
                "epoch": self.epoch,
                **{name: float(np.mean(v)) for name, v in own.items() if np.ndim(v) == 1},
                "n_steps": self.n_steps,
                "time_s": (end - start) * share,
                "times": {phase: seconds * share for phase, seconds in times.items()},
                "replicates": own,
                "state": partial(self.state, number),
                "predictions": partial(self.predictions, number),
            }
            for number, own in enumerate(map(partial(self._own, values), range(len(self.configs))))
        ]

    def _own(self, values: Mapping[str, list[Any]], number: int) -> dict[str, list[Any]]:
        """A config's part of what is known of all models."""
        return {name: every[self._models(number)] for name, every in values.items()}

    def _models(self, number: int) -> slice:
        return slice(number * len(self.seeds), (number + 1) * len(self.seeds))

    def _train(self) -> dict[str, list[Any]]:
        config, track, n_models = self.config, self.config.track_gradients, self.model.n_models
        x, y = self.data.train.shuffled(self.seeds, self.epoch)
        losses, correct, n_rows = [], torch.zeros(n_models, device=x.device), 0
        sizes: list[int] = []
        self.tracker.reset()
        for rows in batches(y.shape[1], config.batch_size, config.batch_norm):
            start = time.perf_counter()
            loss, hits = self.step(x[:, :, rows], y[:, rows], track)
            if self.is_new and config.compile:
                self.compile_s = time.perf_counter() - start
            self.is_new = False
            losses.append(loss)
            correct += hits
            sizes.append(rows.stop - rows.start)
            n_rows += sizes[-1]
        self.n_steps += len(sizes)
        per_batch = torch.stack(losses, dim=1).double()  # (K, batches)
        weights = torch.tensor(sizes, dtype=torch.float64, device=x.device) / n_rows
        values: dict[str, Any] = finite(
            "train", (per_batch * weights).sum(1), correct.double() / n_rows
        )
        if config.batch_losses:
            values["batch_losses"] = per_batch.tolist()
        return values | (self.tracker.means() if track else {})

    def step(self, x: Tensor, y: Tensor, track: bool) -> tuple[Tensor, Tensor]:
        """One optimizer step; returns each model's loss and number of hits (K,), no sync."""
        whole = x.shape[2] == self.config.batch_size  # a trailing batch is not worth compiling for
        if self.config.compile and whole:  # one config alone
            loss, hits = self.compiled(self.model, x, y)
        else:
            loss, hits = self.stack.loss_and_gradient(x, y)
        gradient = self.model.gradient
        if track:
            self.tracker.add(gradient)
        if self.clips:
            norms = self.tracker.squared_norms(gradient)
            clip_(gradient, norms, self.tracker.segments, self.clip_norms)
        self.stack.step()
        return loss, hits

    def state(self, number: int) -> dict[str, Any]:
        """Returns the state of a config: the same as from a stack of this config alone."""
        return {"epoch": self.epoch, "n_steps": self.n_steps, **self.stack.state(number)}

    def load_states(self, states: Sequence[Mapping[str, Any] | None]) -> None:
        """Sets each config's state where there is one.

        Raises:
            ValueError: they are of different epochs, or of another shape.
        """
        places = {(0, 0) if own is None else (own["epoch"], own["n_steps"]) for own in states}
        if len(places) > 1:
            epochs = sorted(epoch for epoch, _ in places)
            raise ValueError(f"configs of one stack must go on after one epoch, got {epochs}")
        ((self.epoch, self.n_steps),) = places
        for number, own in enumerate(states):
            if own is not None:
                self.stack.load_state(number, own)

    def predictions(self, number: int) -> dict[str, Any]:
        """Returns arrays (R, n_test) of a config's predictions for the test split."""
        split, models = self.data.test, self._models(number)
        if self.predicted[0] != self.epoch:  # of all configs at once
            self.predicted = self.epoch, predictions(self.stack, split)
        predicted, probability = self.predicted[1]
        return {
            "split": "test",
            "row_id": split.row_id,
            "label": split.y.cpu().numpy(),
            "predicted": predicted[models],
            "probability": probability[models],
        }


def _seeds(config: MLPConfig) -> list[ReplicateSeeds]:
    """The seeds of each model: of its replicate, or each as a crossed config chooses it."""
    if not isinstance(config, CrossedConfig):
        numbers = range(config.first_replicate, config.first_replicate + config.replicates)
        return [replicate_seeds(config.seed, number) for number in numbers]
    own = (replicate_seeds(config.seed, r) for r in (config.split, config.weights, config.order))
    split, weights, order = own
    crossed = ReplicateSeeds(split=split.split, init=weights.init, shuffle=order.shuffle)
    return [crossed] * config.replicates


def _new_model(config: MLPConfig, seeds: Sequence[ReplicateSeeds]) -> StackedMLP:
    n_inputs = encode(np.zeros((1, 2)), config.encoding).shape[1]
    return StackedMLP(config, n_inputs, N_CLASSES, [s.init for s in seeds])


def _time_single(
    config: MLPConfig, data: StackedData, seeds: Sequence[ReplicateSeeds]
) -> list[float]:
    """Seconds of an epoch of each replicate on its own, extrapolated from at most 100 steps."""
    train = StackedSplit(data.train.x[:1], data.train.y[:1], data.train.row_id[:1])
    one = replace(config, replicates=1)
    steps = list(batches(len(train), config.batch_size, config.batch_norm))
    seconds = []
    for own in seeds:  # the rows are replicate 0's: their values do not change the time
        alone = _Trainer([one], replace(data, train=train), [own])
        for timed in (steps[:5], steps[:100]):  # the first ones warm up
            start = time.perf_counter()
            for rows in timed:
                alone.step(train.x[:, :, rows], train.y[:, rows], False)
        seconds.append((time.perf_counter() - start) / len(timed) * len(steps))
    return seconds
