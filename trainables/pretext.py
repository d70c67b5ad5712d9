"""The pretext trainable: a ResNet-18 body that learns from images without their labels.

It is shown training images turned by 0, 90, 180 and 270 degrees and predicts the turn (Gidaris,
Singh and Komodakis 2018, "Unsupervised Representation Learning by Predicting Image Rotations").
As there, an image is shown in its four turns in one batch.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainables.batches import batches, epoch_order
from trainables.cache import made_once
from trainables.resnet import check_gpu, eval_steps
from trainables.resnet_body import body_state, build_resnet18
from trainables.seeds import replicate_seeds
from trainables.settings import (
    as_settings,
    check_data,
    check_device,
    check_flag,
    check_range,
)
from trainables.vision_config import EMBEDDED
from trainables.vision_data import as_input, images_sha256, square_images
from trainables.weights import State, load_file

N_TURNS = 4
FOLDER_SIZE = 64  # pixels of a folder's images: two minutes on two cores are to be enough
_LAYOUT = 2  # counted up where the weights would change


@dataclass(frozen=True, kw_only=True)
class PretextConfig:
    """Settings of the pretraining; every one has a default.

    Raises:
        ValueError: at construction, naming the setting, its value and the allowed range.
    """

    steps: int = 250  # optimizer steps, >= evals: the cost does not depend on the data's size
    evals: int = 5  # reports, >= 1
    n_images: int = 8  # per step, each in its four turns, >= 1
    lr: float = 0.001  # Adam's step size, > 0
    size: int | None = None  # pixels of a folder's images, None: 64; embedded ones: as they are
    seed: int = 0  # 0 .. 2**63 - 1
    data: str = EMBEDDED  # or a folder, of which only train/ is learnt from
    skip_corrupt: bool = False
    device: str = "cpu"

    def __post_init__(self) -> None:
        check_range("evals", self.evals, 1, 10**6)
        check_range("steps", self.steps, self.evals, 10**7)
        check_range("n_images", self.n_images, 1, 2**20)
        check_range("lr", self.lr, 1e-12, 1e3)
        check_range("seed", self.seed, 0, 2**63 - 1)
        check_data(self.data)
        check_flag("skip_corrupt", self.skip_corrupt)
        check_device(self.device)
        if self.size is not None:
            check_range("size", self.size, 16, 4096)
        if self.data != EMBEDDED and self.size is None:
            object.__setattr__(self, "size", FOLDER_SIZE)


def train_pretext(config: PretextConfig | Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Trains a ResNet-18 to tell four turns apart; yields one dict per evaluation, from eval 1.

    Yields:
        eval; epoch, passes over the training images so far; train_loss (nats) and train_acc over
        the steps since the last evaluation; val_* and test_* in eval mode, each image in one of
        its turns (image i turned i times): chance is 0.25; n_steps; time_s; times; `body`, a
        callable that returns the body's weights. There is no `state`: it takes minutes at most.

    Raises:
        ValueError: a setting is out of its range, or data cannot be used.

    Randomness: weights and order come from the seed alone. Labels are not read.
    """
    config = as_settings(PretextConfig, config)
    check_gpu(config.device)
    for metrics, net in _training(config):
        yield metrics | {"body": lambda net=net: body_state(net)}


def pretext_weights(
    data: str, skip_corrupt: bool = False, config: PretextConfig | None = None
) -> State:
    """Returns the body that `train_pretext` makes of the images, made once per machine.

    It is kept in the cache folder by the hash of pixels and settings; of several processes one
    trains it and the others wait.
    """
    config = replace(config or PretextConfig(), data=data, skip_corrupt=skip_corrupt)
    images = square_images(config.data, config.size, config.skip_corrupt)
    settings = {k: v for k, v in asdict(config).items() if k not in ("data", "skip_corrupt")}
    named = json.dumps([settings, _LAYOUT, torch.__version__, images_sha256(images)])
    key = hashlib.sha256(named.encode()).hexdigest()[:16]

    def make(to: Path) -> None:
        torch.save(_trained_body(config), to / "body.pth")

    folder = made_once(f"pretext/{key}", make)
    return _trained_body(config) if folder is None else load_file(str(folder / "body.pth"))


def describe_data(config: PretextConfig | Mapping[str, Any]) -> dict[str, Any]:
    """Returns the description of the images; the classes are the turns."""
    from trainables.images import describe_images

    config = as_settings(PretextConfig, config)
    turns = {str(turn): f"turned by {90 * turn} degrees" for turn in range(N_TURNS)}
    return describe_images(config.data, config.skip_corrupt) | {"class_names": turns}


def _trained_body(config: PretextConfig) -> State:
    for _metrics, trained in _training(replace(config, evals=1)):  # they change no weight
        net = trained
    return body_state(net)


def _training(config: PretextConfig) -> Iterator[tuple[dict[str, Any], nn.Module]]:
    start = time.perf_counter()
    images = square_images(config.data, config.size, config.skip_corrupt)
    seeds = replicate_seeds(config.seed, 0)
    net = build_resnet18(seeds.init, N_TURNS).to(config.device)
    adam = torch.optim.Adam(net.parameters(), lr=config.lr, fused=True)
    steps = _rows_of_steps(config, len(images.train), seeds.shuffle)
    held_out = {"val": images.val.pixels, "test": images.test.pixels}
    now = time.perf_counter()
    times, n_steps = {"data": now - start}, 0
    for i, end in enumerate(eval_steps(config.steps, config.evals), start=1):
        net.train()
        seen = []
        for rows in (next(steps) for _ in range(end - n_steps)):
            pixels = four_turns(images.train.pixels[rows])
            seen.append(_step(net, adam, as_input(pixels, config.device)))
        n_steps, trained = end, time.perf_counter()
        metrics = _metrics("train", seen)
        for name, pixels in held_out.items():
            metrics |= _evaluate(net, name, pixels, config)
        times |= {"train": trained - now, "evaluate": time.perf_counter() - trained}
        yield (
            {
                "eval": i,
                "epoch": n_steps * config.n_images / len(images.train),
                **metrics,
                "n_steps": n_steps,
                "time_s": time.perf_counter() - start,
                "times": times,
            },
            net,
        )
        start = now = time.perf_counter()
        times = {}


def _rows_of_steps(
    config: PretextConfig, n_rows: int, seed: int
) -> Iterator[npt.NDArray[np.int64]]:
    """Rows of step after step, epoch after epoch, each in an order of its own."""
    epoch = 0
    while True:
        epoch += 1
        order = epoch_order(seed, epoch, n_rows).numpy()
        for rows in batches(n_rows, config.n_images, batch_norm=False):
            yield order[rows]


def four_turns(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Returns (4 n, H, W, 3): the n square images as they are, then turned by 90 degrees, ..."""
    return np.concatenate([np.rot90(pixels, turn, axes=(1, 2)) for turn in range(N_TURNS)])


Seen = tuple[Tensor, Tensor]  # logits (n, 4), turns (n,)


def _step(net: nn.Module, adam: torch.optim.Adam, x: Tensor) -> Seen:
    turns = torch.arange(N_TURNS, device=x.device).repeat_interleave(len(x) // N_TURNS)
    logits = net(x)
    adam.zero_grad()
    F.cross_entropy(logits, turns).backward()
    adam.step()
    return logits.detach(), turns


def _evaluate(
    net: nn.Module, name: str, pixels: npt.NDArray[np.uint8], config: PretextConfig
) -> dict[str, float]:
    net.eval()
    seen = []
    with torch.inference_mode():
        for rows in batches(len(pixels), N_TURNS * config.n_images, batch_norm=False):
            turns = np.arange(rows.start, rows.stop) % N_TURNS
            turned = np.stack(
                [np.rot90(p, t) for p, t in zip(pixels[rows], turns.tolist(), strict=True)]
            )
            logits = net(as_input(turned, config.device))
            seen.append((logits, torch.from_numpy(turns).to(logits.device)))
    return _metrics(name, seen)


def _metrics(name: str, seen: list[Seen]) -> dict[str, float]:
    logits = torch.cat([logits for logits, _ in seen]).double()
    turns = torch.cat([turns for _, turns in seen])
    loss = float(F.cross_entropy(logits, turns))
    acc = float((logits.argmax(1) == turns).double().mean())
    return {f"{name}_loss": loss, f"{name}_acc": acc if np.isfinite(loss) else float("nan")}
