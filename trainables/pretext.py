"""The pretext trainable: a ResNet-18 body that learns from images without their labels.

It is shown training images turned by 0, 90, 180 and 270 degrees and predicts the turn (Gidaris,
Singh and Komodakis 2018, "Unsupervised Representation Learning by Predicting Image Rotations").
As there, an image is shown in its four turns in one batch.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from trainables.cache import cached
from trainables.pretext_config import PretextConfig
from trainables.pretext_trainer import N_TURNS, PretextTrainer
from trainables.resnet import check_gpu
from trainables.resnet_body import body_state
from trainables.settings import as_settings
from trainables.vision_data import images_sha256, square_images
from trainables.weights import State, load_file

_LAYOUT = 3  # counted up where the weights would change


def train_pretext(
    config: PretextConfig | Mapping[str, Any], state: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Trains a ResNet-18 to tell four turns apart; yields one dict per evaluation, from eval 1.

    Args:
        config: settings as in `PretextConfig`; missing ones take their defaults.
        state: what an earlier dict's `state()` returned: training goes on after that evaluation.

    Yields:
        eval; epoch, passes over the training images so far; train_loss (nats) and train_acc over
        the steps since the last evaluation; val_* and test_* in eval mode, each image in one of
        its turns (image i turned i times): chance is 0.25; n_steps; time_s; times; `state` and
        `predictions`, callables. The state of the last evaluation holds no weights.

    Raises:
        ValueError: a setting is out of its range, or data cannot be used.

    Randomness: weights and order come from the seed alone. Labels are not read.
    """
    start = time.perf_counter()
    config = as_settings(PretextConfig, config)
    import torchvision  # noqa: F401  # timed here: seconds that are not the data's

    imported = time.perf_counter()
    check_gpu(config.device)
    trainer = PretextTrainer(config)
    if state is not None:
        trainer.load_state(state)
    times = {"import": imported - start, "data": time.perf_counter() - imported}
    while trainer.n_evals < config.evals:
        metrics = trainer.next_eval()
        metrics["times"] = times | metrics["times"]
        metrics["time_s"] = time.perf_counter() - start
        yield metrics
        start, times = time.perf_counter(), {}


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


def describe_data(config: PretextConfig | Mapping[str, Any]) -> dict[str, Any]:
    """Returns the description of the images as the task shows them: four classes, the turns.

    It is other data than the images with their own labels, with a name and a hash of its own;
    what the card says of those labels (trivial signals, warnings) is left out.
    """
    from trainables.images import describe_images

    config = as_settings(PretextConfig, config)
    found = describe_images(config.data, config.skip_corrupt)
    names = {str(turn): f"turned by {90 * turn} degrees" for turn in range(N_TURNS)}
    about_labels = ("trivial_signals", "warnings")
    card = {k: v for k, v in found["card"].items() if k not in about_labels} | {
        "classes": dict.fromkeys(found["rows"], N_TURNS),
        "class_shares": {"train": dict.fromkeys(names, 1 / N_TURNS)},
        "largest_class": {"label": 0, "name": names["0"], "share": 1 / N_TURNS},
        "notes": [
            "Training shows each image in its four turns; image i is judged turned i times."
        ],
    }
    return found | {
        "name": f"{found['name']}, turned",
        "sha256": hashlib.sha256(f"turned {found['sha256']}".encode()).hexdigest(),
        "class_names": names,
        "card": card,
    }


def trial_cost_s(config: Mapping[str, Any], data: Mapping[str, Any]) -> float:
    """Returns roughly the seconds of a trial on one core, on data as `describe_data` says.

    It orders trials and estimates a study's cost, nothing else.
    """
    from trainables.vision import START_S, pass_s

    own = as_settings(PretextConfig, config)
    rows: Mapping[str, int] = data["rows"]
    shown = 3 * own.steps_per_eval * N_TURNS * own.n_images + sum(rows.values()) - rows["train"]
    return START_S + own.evals * shown * pass_s(own.size)
