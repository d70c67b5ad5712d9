"""A ResNet-18 in pretraining: its weights, its optimizer, its place among the steps."""

import copy
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from trainables.batches import batches, epoch_order
from trainables.nets.resnet_body import build_resnet18
from trainables.pretext_config import PretextConfig
from trainables.seeds import replicate_seeds
from trainables.vision_data import as_input, square_images

N_TURNS = 4

Pixels = npt.NDArray[np.uint8]
Seen = tuple[Tensor, Tensor]  # logits (n, 4), turns (n,)


def four_turns(pixels: Pixels) -> Pixels:
    """Returns (4 n, H, W, 3): the n square images as they are, then turned by 90 degrees, ..."""
    return np.concatenate([np.rot90(pixels, turn, axes=(1, 2)) for turn in range(N_TURNS)])


class PretextTrainer:
    """A network that learns to tell turns; `next_eval` trains up to the next evaluation."""

    def __init__(self, config: PretextConfig) -> None:
        self.config = config
        self.images = square_images(config.data, config.size, config.skip_corrupt)
        seeds = replicate_seeds(config.seed, 0)
        self.net = build_resnet18(seeds.init, N_TURNS).to(config.device)
        self.adam = torch.optim.Adam(self.net.parameters(), lr=config.lr, fused=True)
        self.shuffle_seed = seeds.shuffle
        self.n_evals = 0
        self.test_logits = torch.empty(0)

    @property
    def n_steps(self) -> int:
        """Optimizer steps so far."""
        return self.n_evals * self.config.steps_per_eval

    def next_eval(self) -> dict[str, Any]:
        """Trains up to the next evaluation and returns its metrics."""
        start = time.perf_counter()
        self.net.train()
        seen = [self._step(rows) for rows in self._rows_of_steps()]
        trained = time.perf_counter()
        self.n_evals += 1
        metrics = turn_metrics("train", seen)
        for name in ("val", "test"):
            metrics |= self._evaluate(name)
        return {
            "eval": self.n_evals,
            "epoch": self.n_steps * self.config.n_images / len(self.images.train),
            **metrics,
            "n_steps": self.n_steps,
            "times": {"train": trained - start, "evaluate": time.perf_counter() - trained},
            "state": self.state,
            "predictions": self.predictions,
        }

    def _rows_of_steps(self) -> Iterator[npt.NDArray[np.int64]]:
        """Rows of the steps up to the next evaluation, epoch after epoch in a new order."""

        def endless() -> Iterator[npt.NDArray[np.int64]]:
            epoch, n_rows = 0, len(self.images.train)
            while True:
                epoch += 1
                order = epoch_order(self.shuffle_seed, epoch, n_rows).numpy()
                for rows in batches(n_rows, self.config.n_images, batch_norm=False):
                    yield order[rows]

        return islice(endless(), self.n_steps, self.n_steps + self.config.steps_per_eval)

    def _step(self, rows: npt.NDArray[np.int64]) -> Seen:
        x = as_input(four_turns(self.images.train.pixels[rows]), self.config.device)
        turns = torch.arange(N_TURNS, device=x.device).repeat_interleave(len(rows))
        logits = self.net(x)
        self.adam.zero_grad()
        F.cross_entropy(logits, turns).backward()
        self.adam.step()
        return logits.detach(), turns

    def _evaluate(self, split: str) -> dict[str, float]:
        self.net.eval()
        pixels = self.images.parts()[split].pixels
        turns = turns_of(len(pixels))
        seen = []
        with torch.inference_mode():
            for rows in batches(len(pixels), N_TURNS * self.config.n_images, batch_norm=False):
                own = turns[rows]
                turned = np.stack([np.rot90(p, t) for p, t in zip(pixels[rows], own, strict=True)])
                logits = self.net(as_input(turned, self.config.device))
                seen.append((logits, torch.from_numpy(own).to(logits.device)))
        if split == "test":
            self.test_logits = torch.cat([logits for logits, _ in seen])
        return turn_metrics(split, seen)

    def state(self) -> dict[str, Any]:
        """What `load_state` goes on from; without weights at the end."""
        if self.n_evals == self.config.evals:
            return {"n_evals": self.n_evals}
        net = self.net.state_dict()
        return {
            "n_evals": self.n_evals,
            "net": {name: value.detach().cpu().clone() for name, value in net.items()},
            "adam": copy.deepcopy(self.adam.state_dict()),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from `state()`."""
        self.n_evals = state["n_evals"]
        if "net" in state:
            self.net.load_state_dict(dict(state["net"]))
            self.adam.load_state_dict(copy.deepcopy(dict(state["adam"])))
        elif self.n_evals < self.config.evals:
            raise ValueError(
                f"this is the end of a pretraining of {self.n_evals} evaluations, which keeps no "
                f"weights to go on with to {self.config.evals}: train from the start"
            )

    def predictions(self) -> dict[str, Any]:
        """Returns arrays (n_test,): each test image in its turn, and what it was taken for."""
        shares = self.test_logits.double().softmax(1).cpu().numpy()
        return {
            "split": "test",
            "row_id": self.images.test.row_id,
            "label": turns_of(len(shares)),
            "predicted": shares.argmax(1),
            "probability": shares.max(1),
        }


def turns_of(n_images: int) -> npt.NDArray[np.int64]:
    """Returns the turn in which each held-out image is judged: image i is turned i times."""
    return np.arange(n_images, dtype=np.int64) % N_TURNS


def turn_metrics(name: str, seen: list[Seen]) -> dict[str, float]:
    """Returns NAME_loss, the mean cross entropy in nats, and NAME_acc, 0..1."""
    logits = torch.cat([logits for logits, _ in seen]).double()
    turns = torch.cat([turns for _, turns in seen])
    loss = float(F.cross_entropy(logits, turns))
    acc = float((logits.argmax(1) == turns).double().mean())
    return {f"{name}_loss": loss, f"{name}_acc": acc if np.isfinite(loss) else float("nan")}
