"""The ResNet-18 trainable: from scratch, its last layer on a frozen body, or fine-tuned."""

import copy
import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainables.batches import batches, epoch_order
from trainables.nets.body_weights import body_weights
from trainables.nets.device import check_gpu
from trainables.nets.features import body_features
from trainables.nets.resnet_body import build_resnet18, freeze, to_train_mode, without_frozen
from trainables.nets.state_dicts import State
from trainables.seeds import replicate_seeds
from trainables.settings import as_settings
from trainables.vision_config import N_PARTS, ResNetConfig
from trainables.vision_data import (
    FeatureInputs,
    PixelInputs,
    Pixels,
    as_input,
    binary_metrics,
    binary_predictions,
    square_images,
)

EVAL_ROWS = 32  # images per evaluation pass


def train_resnet18(
    config: ResNetConfig | Mapping[str, Any], state: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Trains one network; yields one dict per evaluation, from eval 1.

    Args:
        config: settings as in `ResNetConfig`; missing ones take their defaults.
        state: what an earlier dict's `state()` returned: training goes on after that evaluation
            and yields, on the same machine, the very numbers of an uninterrupted training.

    Yields:
        eval and, as a float, epoch; train_loss (nats) and train_acc over the steps since the last
        evaluation, gathered while the weights move; val_* and test_* in eval mode; n_steps so
        far; time_s; times, the seconds by phase. Where the loss is not finite the accuracy is
        NaN. `state`, `model` (the weights) and `predictions` are callables; the state of the
        last evaluation holds no weights: there is nothing to go on with.

    Frozen parts are in eval mode and see no gradient. A probe without augmentation trains its
    last layer on features of the body that were computed once: the same numbers but for the
    rounding of sums.

    Raises:
        ValueError: a setting is out of its range, data or weights cannot be used.
        OSError: ImageNet weights are not to be had.

    Randomness: new weights, order and augmentation come from the seed alone.
    """
    start = time.perf_counter()
    config = as_settings(ResNetConfig, config)
    import torchvision  # noqa: F401  # timed here: seconds that are not the data's

    imported = time.perf_counter()
    check_gpu(config.device)
    trainer = _Trainer(config)
    if state is not None:
        trainer.load_state(state)
    times = {"import": imported - start, "data": time.perf_counter() - imported}
    while trainer.n_evals < config.epochs * config.evals_per_epoch:
        metrics = trainer.next_eval()
        metrics["times"] = times | metrics["times"]
        metrics["time_s"] = time.perf_counter() - start
        yield metrics
        start, times = time.perf_counter(), {}


def predict_resnet18(
    config: ResNetConfig, state: Mapping[str, Any], pixels: Pixels
) -> npt.NDArray[np.float64]:
    """Returns the probability (n,) that each image is real; see `trainables.vision.predict`."""
    if "net" not in state:
        raise ValueError(
            "the state holds no weights: it is of an earlier version of the trainable"
        )
    body: State | None = None
    if config.weights is not None:
        body = body_weights(config.weights, config.data, config.skip_corrupt)
    net = build_resnet18(0, body=body)
    net.load_state_dict(net.state_dict() | dict(state["net"]))
    net.eval()
    with torch.inference_mode():
        parts = [
            net(as_input(np.array(pixels[rows]), "cpu"))[:, 0]
            for rows in batches(len(pixels), EVAL_ROWS, batch_norm=False)
        ]
    probability: npt.NDArray[np.float64] = torch.cat(parts).double().sigmoid().numpy()
    return probability


def eval_steps(n_steps: int, evals_per_epoch: int) -> list[int]:
    """Returns after how many steps of an epoch each evaluation comes; the last one at its end.

    >>> eval_steps(10, 4)
    [3, 5, 8, 10]
    """
    if evals_per_epoch > n_steps:
        raise ValueError(
            f"evals_per_epoch must be at most the steps of an epoch, {n_steps}, got "
            f"{evals_per_epoch}: ask for fewer, or smaller batches"
        )
    return [math.ceil(n_steps * i / evals_per_epoch) for i in range(1, evals_per_epoch + 1)]


class _Trainer:
    """A network in training: its weights, optimizer and place within the epochs."""

    def __init__(self, config: ResNetConfig) -> None:
        self.config = config
        self.seeds = replicate_seeds(config.seed, 0)
        self.images = square_images(config.data, config.size, config.skip_corrupt)
        self.net, self.inputs = self._net_and_inputs()
        trained = [p for p in self.net.parameters() if p.requires_grad]
        self.adam = torch.optim.Adam(
            trained, lr=config.lr, weight_decay=config.weight_decay, fused=True
        )
        self.labels = {
            name: torch.tensor(part.label, dtype=torch.float32, device=config.device)
            for name, part in self.images.parts().items()
        }
        n_rows = len(self.images.train)
        self.batches = list(batches(n_rows, config.batch_size, batch_norm=True))
        self.ends = eval_steps(len(self.batches), config.evals_per_epoch)
        self.n_evals = self.n_steps = 0
        self.test_logits = torch.empty(0)

    def _net_and_inputs(self) -> tuple[nn.Module, PixelInputs | FeatureInputs]:
        config = self.config
        body: State | None = None
        if config.weights is not None:
            body = body_weights(config.weights, config.data, config.skip_corrupt)
        net = build_resnet18(self.seeds.init, body=body)
        if body is not None and config.augment == "none" and config.cache_features:
            if config.frozen_depth == N_PARTS:
                features = body_features(self.images, body, config.device)
                last_layer = _LastLayer(net.get_submodule("fc")).to(config.device)
                return last_layer, FeatureInputs(features, config.device)
        freeze(net, config.frozen_depth)
        inputs = PixelInputs(self.images, config.augment, self.seeds, config.device)
        return net.to(config.device), inputs

    def next_eval(self) -> dict[str, Any]:
        """Trains up to the next evaluation and returns its metrics."""
        start = time.perf_counter()
        epoch, within = divmod(self.n_evals, self.config.evals_per_epoch)
        first = self.ends[within - 1] if within else 0
        trained = self._train(epoch + 1, self.batches[first : self.ends[within]])
        now = time.perf_counter()
        held_out = self._evaluate("val") | self._evaluate("test")
        self.n_evals += 1
        return {
            "eval": self.n_evals,
            "epoch": self.n_evals / self.config.evals_per_epoch,
            **trained,
            **held_out,
            "n_steps": self.n_steps,
            "times": {"train": now - start, "evaluate": time.perf_counter() - now},
            "state": self.state,
            "model": self.model,
            "predictions": self.predictions,
        }

    def _train(self, epoch: int, rows_of_steps: list[slice]) -> dict[str, float]:
        to_train_mode(self.net, self._frozen())
        order = epoch_order(self.seeds.shuffle, epoch, len(self.images.train))
        logits, labels = [], []
        for rows in rows_of_steps:
            own = order[rows]
            x, y = self.inputs.drawn(own.numpy(), self.n_steps), self.labels["train"][own]
            logits.append(self._step(x, y))
            labels.append(y)
            self.n_steps += 1
        return binary_metrics("train", torch.cat(logits), torch.cat(labels))

    def _step(self, x: Tensor, y: Tensor) -> Tensor:
        """One optimizer step; returns the logits (n,) before it. Nothing waits for the device."""
        logits: Tensor = self.net(x)[:, 0]
        self.adam.zero_grad()
        F.binary_cross_entropy_with_logits(logits, y).backward()
        self.adam.step()
        return logits.detach()

    def _evaluate(self, split: str) -> dict[str, float]:
        self.net.eval()
        n_rows = len(self.labels[split])
        with torch.inference_mode():
            parts = [
                self.net(self.inputs.plain(split, rows))[:, 0]
                for rows in batches(n_rows, EVAL_ROWS, batch_norm=False)
            ]
        logits = torch.cat(parts)
        if split == "test":
            self.test_logits = logits
        return binary_metrics(split, logits, self.labels[split])

    def _frozen(self) -> int:
        return 0 if isinstance(self.net, _LastLayer) else self.config.frozen_depth

    def state(self) -> dict[str, Any]:
        progress = {"n_evals": self.n_evals, "n_steps": self.n_steps}
        if self.n_evals == self.config.epochs * self.config.evals_per_epoch:
            return progress
        return progress | self.model() | {"adam": copy.deepcopy(self.adam.state_dict())}

    def model(self) -> dict[str, Any]:
        """Returns the weights that are trained, from which `predict_resnet18` predicts."""
        net = without_frozen(self.net.state_dict(), self._frozen())
        return {"net": {name: value.detach().cpu().clone() for name, value in net.items()}}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from `state()`; ValueError for that of another config."""
        wanted = self.config.epochs * self.config.evals_per_epoch
        if "net" not in state and state["n_evals"] < wanted:
            raise ValueError(
                f"this is the end of a training of {state['n_evals']} evaluations, which keeps no "
                f"weights to go on with to {wanted}: train from the start"
            )
        self.n_evals, self.n_steps = state["n_evals"], state["n_steps"]
        if "net" not in state:
            return
        own = self.net.state_dict()
        mine = without_frozen(own, self._frozen())
        shapes = {name: value.shape for name, value in state["net"].items()}
        if shapes != {name: value.shape for name, value in mine.items()}:
            raise ValueError("this is the state of another config: other layers are trained there")
        self.net.load_state_dict(own | dict(state["net"]))
        self.adam.load_state_dict(copy.deepcopy(dict(state["adam"])))

    def predictions(self) -> dict[str, Any]:
        """Returns arrays (n_test,) of the test split's predictions."""
        return binary_predictions(self.test_logits.double().sigmoid().cpu().numpy(), self.images)


class _LastLayer(nn.Module):
    """The last layer alone, on features (n, 512)."""

    def __init__(self, fc: nn.Module) -> None:
        super().__init__()
        self.fc = fc

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.fc(x)
        return logits
