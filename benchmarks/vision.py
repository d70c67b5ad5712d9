"""ResNet-18 beside a plain torchvision loop, probes beside the body each time, decoded images."""

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import torch

from benchmarks.measure import Timing
from benchmarks.vision_epochs import N_THREADS, SIZE, Epochs, measure_epochs, plain_model

LEARNING_RATES = (0.1, 0.01, 0.001, 0.0001, 0.00001)
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class VisionTimes:
    """Wall seconds; `decode` and probes in this process with two threads, pretraining with one."""

    epochs: Epochs
    study_s: float  # 15 probes from features, with nothing cached before
    probe_s: Timing  # one probe through the body
    decode: Mapping[str, Timing]  # "first", "second" call of load_images, in turn
    pretext_s: float  # the body of weights "pretext", with nothing cached before


def measure_vision(repeats: int) -> VisionTimes:
    """Measures on the embedded pictures, written as a folder of PNG files."""
    threads = torch.get_num_threads()
    torch.set_num_threads(N_THREADS)
    before = os.environ.get("SWEEPBOOK_CACHE")
    with tempfile.TemporaryDirectory() as name:
        try:
            folder = _write_folder(Path(name) / "pictures")
            decode = _decode(folder, Path(name), repeats)
            epochs = measure_epochs(folder, repeats)
            study_s, probe_s = _probes(folder, Path(name), repeats)
            return VisionTimes(epochs, study_s, probe_s, decode, _pretext(folder))
        finally:
            torch.set_num_threads(threads)
            os.environ.pop("SWEEPBOOK_CACHE", None)
            os.environ.update({} if before is None else {"SWEEPBOOK_CACHE": before})


def _write_folder(folder: Path) -> Path:
    from PIL import Image

    from trainables.pictures.images import CLASSES, load_images

    for split, part in load_images().parts().items():
        for name in CLASSES:
            (folder / split / name).mkdir(parents=True)
        for i, (pixels, label) in enumerate(zip(part.pixels, part.label, strict=True)):
            Image.fromarray(pixels).save(folder / split / CLASSES[label] / f"{i:05}.png")
    return folder


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _decode(folder: Path, place: Path, repeats: int) -> dict[str, Timing]:
    """Calls in a row, with an empty cache folder each time; the last one is used afterwards.

    As in a second process: what this one keeps in memory between calls is dropped.
    """
    from trainables.pictures import facts as image_facts
    from trainables.pictures.images import load_images

    seconds: dict[str, list[float]] = {"first": [], "second": []}
    for repeat in range(repeats):
        os.environ["SWEEPBOOK_CACHE"] = str(place / f"cache-{repeat}")
        for values in seconds.values():
            image_facts.forget()
            values.append(_seconds(lambda: load_images(str(folder), size=SIZE, crop=SIZE)))
    return {call: Timing(tuple(values)) for call, values in seconds.items()}


def _probes(folder: Path, place: Path, repeats: int) -> tuple[float, Timing]:
    """The whole study from features; single probes through the body."""
    from trainables.nets.resnet import train_resnet18

    weights = place / "resnet18.pth"
    torch.save(plain_model().state_dict(), weights)
    config = {"mode": "probe", "data": str(folder), "size": SIZE, "weights": str(weights)}

    def study() -> None:
        for lr, seed in product(LEARNING_RATES, SEEDS):
            list(train_resnet18(config | {"lr": lr, "seed": seed}))

    through = config | {"cache_features": False}
    study_s = _seconds(study)
    probes = [_seconds(lambda: list(train_resnet18(through))) for _ in range(min(repeats, 3))]
    return study_s, Timing(tuple(probes))


def _pretext(folder: Path) -> float:
    """With one thread, as a study's worker has; two wait for each other on a busy machine."""
    from trainables.nets.body_weights import pretext_weights

    torch.set_num_threads(1)
    try:
        return _seconds(lambda: pretext_weights(str(folder)))
    finally:
        torch.set_num_threads(N_THREADS)
