"""The weights that a ResNet-18's body begins with, by their source."""

import hashlib
import json
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

import torch

from trainables.cache import cached
from trainables.nets.resnet_body import body_state
from trainables.nets.state_dicts import State
from trainables.nets.weights import load_file, load_imagenet
from trainables.pretext_config import PretextConfig
from trainables.pretext_trainer import PretextTrainer
from trainables.vision_data import images_sha256, square_images

_LAYOUT = 3  # counted up where the weights of the pretext task would change


def body_weights(weights: str, data: str, skip_corrupt: bool) -> State:
    """Returns the weights of a body: "imagenet", "pretext" on `data`, or a file's.

    Raises:
        OSError: ImageNet weights are not to be had; ValueError: a file that does not fit.
    """
    if weights == "imagenet":
        return load_imagenet()
    if weights == "pretext":
        return pretext_weights(data, skip_corrupt)
    return load_file(weights)


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
    versions = torch.__version__, version("torchvision")
    named = json.dumps([settings, _LAYOUT, versions, images_sha256(images)])
    key = hashlib.sha256(named.encode()).hexdigest()[:16]

    def make(to: Path) -> None:
        torch.save(_trained_body(config), to / "body.pth")

    return cached(f"pretext/{key}", make, lambda folder, _: load_file(str(folder / "body.pth")))


def _trained_body(config: PretextConfig) -> State:
    """On one thread, whoever asks: sums that threads share are rounded otherwise."""
    steps = config.evals * config.steps_per_eval  # at once: evaluations change no weight
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        trainer = PretextTrainer(replace(config, evals=1, steps_per_eval=steps))
        trainer.next_eval()
        return body_state(trainer.net)
    finally:
        torch.set_num_threads(n_threads)
