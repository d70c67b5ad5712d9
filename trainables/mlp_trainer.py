"""Training a stack of MLPs: the part of the trainable that needs torch."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trainables.batches import batches
from trainables.mlp_config import CrossedConfig, MLPConfig
from trainables.mlp_data import N_CLASSES, StackedData, StackedSplit, encode, load_stacked
from trainables.seeds import ReplicateSeeds, replicate_seeds
from trainables.stacked.adam import StackedAdam
from trainables.stacked.gradient import cross_entropy, loss_and_gradient
from trainables.stacked.gradients import GradientTracker, clip_
from trainables.stacked.mlp import StackedMLP

EVAL_ROWS = 512  # rows per evaluation step: the logits of a stack stay in the cache
TRAIN_EVAL_EPOCHS = (1, 5, 10, 20, 50, 100)  # and the last: train split evaluated in eval mode


def train(config: MLPConfig, state: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    """Trains as `train_mlp` says."""
    if config.device != "cpu" and not torch.cuda.is_available():
        raise ValueError(f"device {config.device!r} asked for, but no GPU is available: use 'cpu'")
    seeds = _seeds(config)
    start = time.perf_counter()
    data = load_stacked(config, seeds)
    built = time.perf_counter()
    if config.batch_norm and len(data.train) < 2:
        raise ValueError("batch_norm needs at least 2 training rows, got 1: turn batch_norm off")
    trainer = _Trainer(config, data, seeds)
    if state is not None:
        trainer.load_state(state)
    before = {"data": built - start, "train": time.perf_counter() - built}
    start = time.perf_counter()
    single_s = _time_single(config, data, seeds) if config.time_single else None
    before["evaluate"] = time.perf_counter() - start
    while trainer.epoch < config.epochs:
        metrics = trainer.train_epoch()
        for phase, seconds in before.items():
            metrics["times"][phase] = metrics["times"].get(phase, 0.0) + seconds
        before = {}
        if single_s is not None:
            metrics["single_s"] = float(np.mean(single_s))
            metrics["replicates"]["single_s"] = single_s
        yield metrics


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
    labels = [
        model.forward(x[:, :, rows])[replicate].argmax(0)
        for rows in batches(x.shape[2], EVAL_ROWS, batch_norm=False)
    ]
    return torch.cat(labels).numpy()


class _Trainer:
    """The state of a stack in training: model, optimizer, epoch."""

    def __init__(
        self, config: MLPConfig, data: StackedData, seeds: Sequence[ReplicateSeeds]
    ) -> None:
        self.config, self.data, self.seeds = config, data, seeds
        self.model = _new_model(config, seeds)
        self.adam = StackedAdam(self.model.flat)
        self.tracker = GradientTracker(self.model)
        self.epoch = 0
        self.n_steps = 0
        self.is_new, self.compile_s = True, 0.0  # the first step of a process compiles
        self.compiled = torch.compile(loss_and_gradient) if config.compile else loss_and_gradient

    def train_epoch(self) -> dict[str, Any]:
        """Trains one epoch and returns its metrics, as `train_mlp` yields them."""
        start = time.perf_counter()
        self.epoch += 1
        values = self._train()
        trained = time.perf_counter()
        last = self.epoch == self.config.epochs
        values |= _evaluate(self.model, self.data.validation, "val")
        values |= _evaluate(self.model, self.data.test, "test", self.data.clean)
        if last or self.epoch in TRAIN_EVAL_EPOCHS:
            values |= _evaluate(self.model, self.data.train, "train_eval")
        end = time.perf_counter()
        compile_s, self.compile_s = self.compile_s, 0.0
        times = {"train": trained - start - compile_s, "evaluate": end - trained}
        times |= {"compile": compile_s} if compile_s else {}
        scalars = {name: float(np.mean(v)) for name, v in values.items() if np.ndim(v) == 1}
        return {
            "epoch": self.epoch,
            **scalars,
            "n_steps": self.n_steps,
            "time_s": end - start,
            "times": times,
            "replicates": values,
            "state": self.state,
            "predictions": self.predictions,
        }

    def _train(self) -> dict[str, Any]:
        config, track = self.config, self.config.track_gradients
        x, y = self.data.train.shuffled(self.seeds, self.epoch)
        losses, correct, n_rows = [], torch.zeros(len(self.seeds), device=x.device), 0
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
        values: dict[str, Any] = _finite(
            "train", (per_batch * weights).sum(1), correct.double() / n_rows
        )
        if config.batch_losses:
            values["batch_losses"] = per_batch.tolist()
        return values | (self.tracker.means() if track else {})

    def step(self, x: Tensor, y: Tensor, track: bool) -> tuple[Tensor, Tensor]:
        """One optimizer step; returns each model's loss and number of hits (K,), no sync."""
        whole = x.shape[2] == self.config.batch_size  # a trailing batch is not worth compiling for
        loss, hits = (self.compiled if whole else loss_and_gradient)(self.model, x, y)
        gradient = self.model.gradient
        if track:
            self.tracker.add(gradient)
        if self.config.clip_norm:
            norms = self.tracker.squared_norms(gradient)
            clip_(gradient, norms, self.tracker.segments, self.config.clip_norm)
        self.adam.step(gradient, self.config.lr, self.config.weight_decay)
        return loss, hits

    def state(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "n_steps": self.n_steps,
            "model": self.model.state(),
            "optimizer": self.adam.state(),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        self.epoch, self.n_steps = state["epoch"], state["n_steps"]
        self.model.load_state(state["model"])
        self.adam.load_state(state["optimizer"])

    def predictions(self) -> dict[str, Any]:
        """Returns arrays (K, n_test) of the test split's predictions."""
        split = self.data.test
        logits = torch.cat([part for part, _ in _logits(self.model, split)], dim=2)
        probability, predicted = logits.softmax(1).max(1)
        return {
            "split": "test",
            "row_id": split.row_id,
            "label": split.y.cpu().numpy(),
            "predicted": predicted.cpu().numpy(),
            "probability": probability.cpu().numpy(),
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


def _logits(model: StackedMLP, split: StackedSplit) -> Iterator[tuple[Tensor, slice]]:
    for rows in batches(len(split), EVAL_ROWS, batch_norm=False):
        yield model.forward(split.x[:, :, rows]), rows


def _evaluate(
    model: StackedMLP, split: StackedSplit, name: str, clean: Tensor | None = None
) -> dict[str, list[float]]:
    """Loss and accuracy of each model on a split, in eval mode."""
    loss = torch.zeros(model.n_models, dtype=torch.float64, device=split.y.device)
    correct = torch.empty(split.y.shape, dtype=torch.bool, device=split.y.device)
    for logits, rows in _logits(model, split):
        losses, correct[:, rows], *_ = cross_entropy(logits, split.y[:, rows])
        loss += losses.sum(1)
    loss /= len(split)
    values = _finite(name, loss, correct.double().mean(1))
    if clean is not None:
        share = (correct & clean).sum(1).double() / clean.sum(1)
        values[f"{name}_acc_clean"] = _finite(name, loss, share)[f"{name}_acc"]
    return values


def _finite(name: str, loss: Tensor, acc: Tensor) -> dict[str, list[float]]:
    """A model whose loss is not finite has no accuracy: argmax over NaN is no answer."""
    acc = torch.where(loss.isfinite(), acc, torch.nan)
    return {f"{name}_loss": loss.tolist(), f"{name}_acc": acc.tolist()}


def _time_single(
    config: MLPConfig, data: StackedData, seeds: Sequence[ReplicateSeeds]
) -> list[float]:
    """Seconds of an epoch of each replicate on its own, extrapolated from at most 100 steps."""
    train = StackedSplit(data.train.x[:1], data.train.y[:1], data.train.row_id[:1])
    one = replace(config, replicates=1)
    steps = list(batches(len(train), config.batch_size, config.batch_norm))
    seconds = []
    for own in seeds:  # the rows are replicate 0's: their values do not change the time
        alone = _Trainer(one, replace(data, train=train), [own])
        for timed in (steps[:5], steps[:100]):  # the first ones warm up
            start = time.perf_counter()
            for rows in timed:
                alone.step(train.x[:, :, rows], train.y[:, rows], False)
        seconds.append((time.perf_counter() - start) / len(timed) * len(steps))
    return seconds
