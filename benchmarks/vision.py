"""ResNet-18 beside a plain torchvision loop, probes beside the body each time, decoded images.

`python -m benchmarks.vision THREADS` trains two epochs with so many threads and prints the
second's seconds.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import torch

from benchmarks.measure import Timing

LEARNING_RATES = (0.1, 0.01, 0.001, 0.0001, 0.00001)
SEEDS = (0, 1, 2)
SIDE = 64  # pixels, as the embedded pictures are
N_THREADS = 2


@dataclass(frozen=True)
class VisionTimes:
    """Wall seconds, sides in turn; accuracies on the test split, one per epoch timed."""

    epochs: Mapping[str, Timing]  # "plain", "ours": an epoch of training, then val and test
    test_acc: Mapping[str, tuple[float, ...]]
    study_s: float  # 15 probes from features, with nothing cached before
    probe_s: Timing  # one probe through the body
    decode: Mapping[str, float]  # "first", "second" call of load_images
    threads: Mapping[str, float]  # "1 x 2", "2 x 1": two epochs one after another, or at once


def measure_vision(repeats: int) -> VisionTimes:
    """Measures on the embedded pictures, written as a folder of PNG files."""
    from trainables.images import load_images

    threads = torch.get_num_threads()
    torch.set_num_threads(N_THREADS)
    before = os.environ.get("SWEEPBOOK_CACHE")
    with tempfile.TemporaryDirectory() as name:
        try:
            folder = _write_folder(Path(name) / "pictures")
            os.environ["SWEEPBOOK_CACHE"] = str(Path(name) / "cache")
            decode = {
                call: _seconds(lambda: load_images(str(folder), size=SIDE, crop=SIDE))
                for call in ("first", "second")
            }
            epochs, test_acc = _epochs(folder, repeats)
            weights = Path(name) / "resnet18.pth"
            torch.save(_plain_model().state_dict(), weights)
            study_s, probe_s = _probes(folder, weights, repeats)
            return VisionTimes(
                epochs, test_acc, study_s, probe_s, decode, _threads(folder, Path(name))
            )
        finally:
            torch.set_num_threads(threads)
            os.environ.pop("SWEEPBOOK_CACHE")
            os.environ.update({} if before is None else {"SWEEPBOOK_CACHE": before})


def _write_folder(folder: Path) -> Path:
    from PIL import Image

    from trainables.images import CLASSES, load_images

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


def _plain_model(n_outputs: int = 1) -> Any:
    from torchvision.models import resnet18

    return resnet18(weights=None, num_classes=n_outputs)


def plain_epochs(folder: Path, seed: int) -> Iterator[float]:
    """The usual loop, as torchvision's documentation has it; yields each epoch's test accuracy."""
    from torch.utils.data import DataLoader
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    from trainables.vision_data import MEAN, STD

    torch.manual_seed(seed)
    steps = [transforms.Resize(SIDE), transforms.CenterCrop(SIDE), transforms.ToTensor()]
    transform = transforms.Compose([*steps, transforms.Normalize(MEAN, STD)])
    loaders = {
        split: DataLoader(
            ImageFolder(str(folder / split), transform), batch_size=32, shuffle=split == "train"
        )
        for split in ("train", "val", "test")
    }
    model = _plain_model()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    criterion = torch.nn.BCEWithLogitsLoss()
    while True:
        model.train()
        total = 0.0
        for x, y in loaders["train"]:
            optimizer.zero_grad()
            loss = criterion(model(x)[:, 0], y.float())
            loss.backward()
            optimizer.step()
            total += loss.item()
        model.eval()
        for split in ("val", "test"):
            correct = n_rows = 0
            with torch.no_grad():
                for x, y in loaders[split]:
                    correct += ((model(x)[:, 0] > 0) == (y > 0)).sum().item()
                    n_rows += len(y)
        yield correct / n_rows


def our_epochs(folder: Path, seed: int) -> Iterator[float]:
    """Ours from scratch, with one evaluation per epoch."""
    from trainables.resnet import train_resnet18

    config = {"mode": "scratch", "data": str(folder), "size": SIDE, "seed": seed}
    for step in train_resnet18(config | {"epochs": 10_000, "evals_per_epoch": 1}):
        yield step["test_acc"]


def _epochs(folder: Path, repeats: int) -> tuple[dict[str, Timing], dict[str, tuple[float, ...]]]:
    """First epochs, each of a seed of its own, in turn; one of each before, untimed."""
    sides = {"plain": plain_epochs, "ours": our_epochs}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    accuracies: dict[str, list[float]] = {name: [] for name in sides}
    for seed in range(repeats + 1):
        for name, side in sides.items():
            start = time.perf_counter()
            accuracy = next(side(folder, seed))
            if seed:
                seconds[name].append(time.perf_counter() - start)
                accuracies[name].append(accuracy)
    return (
        {name: Timing(tuple(values)) for name, values in seconds.items()},
        {name: tuple(values) for name, values in accuracies.items()},
    )


def _probes(folder: Path, weights: Path, repeats: int) -> tuple[float, Timing]:
    """The whole study from features; single probes through the body."""
    from trainables.resnet import train_resnet18

    config = {"mode": "probe", "data": str(folder), "size": SIDE, "weights": str(weights)}

    def study() -> None:
        for lr, seed in product(LEARNING_RATES, SEEDS):
            list(train_resnet18(config | {"lr": lr, "seed": seed}))

    through = config | {"cache_features": False}
    study_s = _seconds(study)
    probes = [_seconds(lambda: list(train_resnet18(through))) for _ in range(min(repeats, 3))]
    return study_s, Timing(tuple(probes))


def _threads(folder: Path, place: Path) -> dict[str, float]:
    """Wall seconds of two epochs: one after another with 2 threads, at once with 1 each."""

    def start(n: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "benchmarks.vision", str(n), str(folder)]
        environ = os.environ | {"OMP_NUM_THREADS": str(n)}
        return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)

    def ends(process: subprocess.Popen[str]) -> float:
        printed, _ = process.communicate()
        if process.returncode != 0:
            raise RuntimeError("the measurement of threads failed")
        return float(printed.split()[-1])

    together = [start(1), start(1)]
    return {
        "2 x 1": max(ends(process) for process in together),
        "1 x 2": 2 * ends(start(2)),
    }


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    training = our_epochs(Path(sys.argv[2]), seed=0)
    next(training)
    print(_seconds(lambda: next(training)))
