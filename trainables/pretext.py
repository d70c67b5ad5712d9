"""The pretext trainable: a ResNet-18 body that learns from images without their labels.

It is shown training images turned by 0, 90, 180 and 270 degrees and predicts the turn (Gidaris,
Singh and Komodakis 2018, "Unsupervised Representation Learning by Predicting Image Rotations").
As there, an image is shown in its four turns in one batch.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping
from typing import Any

from trainables.nets.device import check_gpu
from trainables.pretext_config import PretextConfig
from trainables.pretext_trainer import N_TURNS, PretextTrainer
from trainables.settings import as_settings
from trainables.vision_cost import START_S, pass_s


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


def describe_data(config: PretextConfig | Mapping[str, Any]) -> dict[str, Any]:
    """Returns the description of the images as the task shows them: four classes, the turns.

    It is other data than the images with their own labels, with a name and a hash of its own;
    what the card says of those labels (trivial signals, warnings) is left out.
    """
    from trainables.pictures.images import describe_images

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
    own = as_settings(PretextConfig, config)
    rows: Mapping[str, int] = data["rows"]
    shown = 3 * own.steps_per_eval * N_TURNS * own.n_images + sum(rows.values()) - rows["train"]
    return START_S + own.evals * shown * pass_s(own.size)
