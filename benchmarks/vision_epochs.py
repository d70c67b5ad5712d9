"""First epochs of two ResNet-18, as a study on two cores trains them and the usual way.

`python -m benchmarks.vision_epochs SIDE SIZE THREADS FOLDER SEED...` is one process of a side: it
says "ready" when all is imported, waits for a line, trains one epoch per seed in turn and prints
the CPU seconds and the test accuracies.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.measure import Timing

SIZE = 64  # pixels, as the embedded pictures are
N_THREADS = 2


Way = tuple[str, str]  # whose loop, "plain" or "ours", and how it trains two nets
WAYS: tuple[Way, ...] = (
    ("plain", "in turn"),  # one process with two threads trains one net after another
    ("ours", "at once"),  # two processes with one thread each train one net each
    ("plain", "at once"),
    ("ours", "in turn"),
)


@dataclass(frozen=True)
class Epochs:
    """Of two nets' first epochs together, by way; accuracies by whose loop."""

    size: int  # pixels
    seconds: Mapping[Way, Timing]  # of the wall's clock
    cpu_seconds: Mapping[Way, Timing]  # of all processes and threads
    test_acc: Mapping[str, tuple[float, ...]]


def measure_epochs(folder: Path, repeats: int, size: int = SIZE) -> Epochs:
    """The ways in turn, each repetition with two seeds of its own.

    Imports are not counted; the images' cache is filled before. Every net is new, trains one
    epoch and is evaluated once on val and once on test.
    """
    seconds: dict[Way, list[float]] = {way: [] for way in WAYS}
    cpu_seconds: dict[Way, list[float]] = {way: [] for way in WAYS}
    accuracies: dict[Way, list[float]] = {way: [] for way in WAYS}
    for repeat in range(repeats):
        seeds = (2 * repeat, 2 * repeat + 1)
        for way in WAYS:
            side, order = way
            processes = [seeds] if order == "in turn" else [seeds[:1], seeds[1:]]
            wall_s, cpu_s, found = race(side, size, folder, processes)
            seconds[way].append(wall_s)
            cpu_seconds[way].append(cpu_s)
            accuracies[way] += found
    return Epochs(
        size,
        {way: Timing(tuple(values)) for way, values in seconds.items()},
        {way: Timing(tuple(values)) for way, values in cpu_seconds.items()},
        {side: tuple(accuracies[side, "at once"]) for side in ("plain", "ours")},
    )


def race(
    side: str, size: int, folder: Path, seeds_of_processes: Sequence[Sequence[int]]
) -> tuple[float, float, list[float]]:
    """Wall seconds until all processes have trained their nets, CPU seconds, test accuracies."""
    n_threads = N_THREADS // len(seeds_of_processes)
    environ = os.environ | {"OMP_NUM_THREADS": str(n_threads)}
    with ExitStack() as stack:
        processes = []
        for seeds in seeds_of_processes:
            arguments = map(str, (side, size, n_threads, folder, *seeds))
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.vision_epochs", *arguments],
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            processes.append(stack.enter_context(process))
        for process in processes:
            _answer(process)
        start = time.perf_counter()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        answers = [[float(number) for number in _answer(process).split()] for process in processes]
        wall_s = time.perf_counter() - start
    cpu_s = sum(numbers[0] for numbers in answers)
    return wall_s, cpu_s, [acc for numbers in answers for acc in numbers[1:]]


def _answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    if not (line := process.stdout.readline()):
        raise RuntimeError("a process of the measurement of epochs failed")
    return line


def plain_model() -> Any:
    """torchvision's net as it comes, with one output."""
    from torchvision.models import resnet18

    return resnet18(weights=None, num_classes=1)


def plain_epochs(folder: Path, size: int, seed: int) -> Iterator[float]:
    """The usual loop, as torchvision's documentation has it; yields each epoch's test accuracy."""
    from torch.utils.data import DataLoader
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    from trainables.vision_data import MEAN, STD

    torch.manual_seed(seed)
    steps = [transforms.Resize(size), transforms.CenterCrop(size), transforms.ToTensor()]
    transform = transforms.Compose([*steps, transforms.Normalize(MEAN, STD)])
    loaders = {
        split: DataLoader(
            ImageFolder(str(folder / split), transform), batch_size=32, shuffle=split == "train"
        )
        for split in ("train", "val", "test")
    }
    model = plain_model()
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


def our_epochs(folder: Path, size: int, seed: int) -> Iterator[float]:
    """Ours from scratch, with one evaluation per epoch."""
    from trainables.nets.resnet import train_resnet18

    config = {"mode": "scratch", "data": str(folder), "size": size, "seed": seed}
    for step in train_resnet18(config | {"epochs": 10_000, "evals_per_epoch": 1}):
        yield step["test_acc"]


def _main(side: str, size: str, n_threads: str, folder: str, *seeds: str) -> None:
    import torchvision  # noqa: F401  # before the clock starts

    import trainables.nets.resnet  # noqa: F401  # as above

    torch.set_num_threads(int(n_threads))
    epochs = {"plain": plain_epochs, "ours": our_epochs}[side]
    print("ready", flush=True)
    sys.stdin.readline()
    start = time.process_time()
    accuracies = [next(epochs(Path(folder), int(size), int(seed))) for seed in seeds]
    print(time.process_time() - start, *accuracies, flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
