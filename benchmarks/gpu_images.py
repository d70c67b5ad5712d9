"""ResNet-18 from decoded images: prepared on the device, beside a plain DataLoader loop."""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from benchmarks.gpu_card import Bench, forget_peak, free_memory, n_cores, peak_gib
from benchmarks.gpu_resnet import ResNet18
from benchmarks.measure import Timing

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, of values in 0 .. 1
N_SLOTS = 3  # batches on their way to the device
PLAIN, OURS = "plain loop", "ours"
COLUMNS = ("way", "numbers", "images / s", "times the plain loop", "peak GiB")


@dataclass(frozen=True)
class Numbers:
    """How a net computes."""

    name: str
    bf16: bool = False  # autocast to bfloat16
    channels_last: bool = False


FP32 = Numbers("fp32")
BOTH = Numbers("bf16, channels_last", bf16=True, channels_last=True)
NUMBERS = (FP32, Numbers("channels_last", channels_last=True), Numbers("bf16", bf16=True), BOTH)


@dataclass(frozen=True)
class Images:
    """Decoded images (n, 3, side, side), uint8, in plain memory, and labels (n,), 0.0 or 1.0."""

    pixels: Tensor
    labels: Tensor
    batch: int


def measure_images(bench: Bench, side: int) -> None:
    """Images a second of whole epochs: the plain loop, then ours, with each kind of numbers."""
    images = _random_images(bench, side)
    torch.backends.cudnn.benchmark = True  # for both sides: the shapes never change
    bench.report.table(*COLUMNS)
    for numbers in (FP32, BOTH):
        _measure(bench, images, PLAIN, numbers, lambda n: _plain_epochs(bench, images, n))
    with bench.report.attempt("images in pinned memory"):
        feeder = _Feeder(bench, images)
        for numbers in NUMBERS:
            _measure(bench, images, OURS, numbers, lambda n: _our_epochs(bench, feeder, n))
    bench.report.end_table()
    bench.report.note(
        f"Epochs of {len(images.labels):,} random images of {side} px, batches of {images.batch}, "
        f"one output, training alone. The plain loop: a DataLoader with {_n_workers(bench)} "
        "workers over the same decoded uint8 images, each made float, normalised and flipped at "
        "random on its own, pinned batches, Adam, loss.item() at each step. Ours: batches of "
        "pinned uint8 images, copied beside the training and prepared on the device, fused Adam. "
        "fp32: convolutions in TF32 as the card's table says. cudnn.benchmark on both sides. "
        "Times the plain loop: as that is usual, in fp32."
    )


def _measure(
    bench: Bench,
    images: Images,
    who: str,
    numbers: Numbers,
    epochs: Callable[[Numbers], Generator[None]],
) -> None:
    side = images.pixels.shape[-1]
    with bench.report.attempt(f"{who}, {numbers.name}"):
        free_memory(bench)
        forget_peak(bench)
        torch.manual_seed(0)
        running = epochs(numbers)
        try:
            seconds = bench.timed(
                lambda: next(running), repeats=1 if bench.quick else 3, warm_up=1
            )
        finally:
            running.close()  # ends the workers
        rates = Timing(tuple(len(images.labels) / s for s in seconds.values), "")
        bench.images_per_s[f"{who}, {numbers.name}", side] = rates.median
        peer = bench.images_per_s.get((f"{PLAIN}, {FP32.name}", side))
        ratio = rates.median / peer if peer else None
        bench.report.row(who, numbers.name, rates, ratio, peak_gib(bench))


def _random_images(bench: Bench, side: int) -> Images:
    """Drawn on the device, which is quick, and brought to plain memory: workers are forked."""
    n, batch = (4, 2) if bench.quick else (6144 if side > 100 else 16_384, 128)
    shape = (n, 3, side, side)
    pixels = torch.randint(256, shape, dtype=torch.uint8, device=bench.device).cpu()
    return Images(pixels, (torch.arange(n) % 2).float(), batch)


def _n_workers(bench: Bench) -> int:
    return 1 if bench.quick else n_cores()


class PlainImages(Dataset[tuple[Tensor, Tensor]]):
    """The usual data set: one image at a time, prepared as torchvision's transforms do."""

    def __init__(self, images: Images) -> None:
        self.images = images
        self.mean, self.std = (torch.tensor(v).view(3, 1, 1) for v in (MEAN, STD))

    def __len__(self) -> int:
        return len(self.images.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        x = self.images.pixels[index].float().div_(255).sub_(self.mean).div_(self.std)
        if torch.rand(()) < 0.5:
            x = x.flip(2)
        return x, self.images.labels[index]


def _plain_epochs(bench: Bench, images: Images, numbers: Numbers) -> Generator[None]:
    """Trains an epoch at each `next`, as everyone does it."""
    loader = DataLoader(
        PlainImages(images),
        batch_size=images.batch,
        shuffle=True,
        drop_last=True,
        num_workers=_n_workers(bench),
        persistent_workers=True,
        pin_memory=bench.on_gpu,
    )
    net = _net(bench, numbers)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
    while True:
        total = 0.0
        for x, y in loader:
            x = x.to(bench.device, non_blocking=True)
            if numbers.channels_last:
                x = x.contiguous(memory_format=torch.channels_last)
            y = y.to(bench.device, non_blocking=True)
            total += _step(bench, net, optimizer, x, y, numbers).item()
        yield


class _Feeder:
    """Batches of pinned uint8 images, copied to the device while it trains on the one before."""

    def __init__(self, bench: Bench, images: Images) -> None:
        self.bench, self.batch = bench, images.batch
        self.pixels, self.labels = bench.pinned(images.pixels), bench.pinned(images.labels)
        rows = images.pixels[: images.batch], images.labels[: images.batch]
        self.slots = [[bench.pinned(t.clone()) for t in rows] for _ in range(N_SLOTS)]
        self.copied = [torch.cuda.Event() for _ in range(N_SLOTS)] if bench.on_gpu else []
        self.stream = torch.cuda.Stream() if bench.on_gpu else None
        self.n_sent = 0

    def epoch(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yields pixels (B, 3, side, side), uint8, and labels (B,) on the device, shuffled."""
        for rows in torch.randperm(len(self.labels)).split(self.batch):
            yield self._sent(rows)

    def _sent(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Gathers rows in a pinned slot; copied on a stream of its own, for which training waits.

        The host does not wait, and runs ahead of the device.
        """
        if self.stream is None:
            return self.pixels[rows], self.labels[rows]
        number = self.n_sent % N_SLOTS
        self.n_sent += 1
        pixels, labels = self.slots[number]
        self.copied[number].synchronize()  # what the slot held before has been copied
        torch.index_select(self.pixels, 0, rows, out=pixels)
        torch.index_select(self.labels, 0, rows, out=labels)
        training = torch.cuda.current_stream()
        with torch.cuda.stream(self.stream):
            x = pixels.to(self.bench.device, non_blocking=True)
            y = labels.to(self.bench.device, non_blocking=True)
            self.copied[number].record()
        training.wait_event(self.copied[number])
        for tensor in (x, y):  # allocated on one stream, used on the other
            tensor.record_stream(training)
        return x, y


def _our_epochs(bench: Bench, feeder: _Feeder, numbers: Numbers) -> Generator[None]:
    """Trains an epoch at each `next`; the images are prepared a batch at a time on the device."""
    mean, std = (torch.tensor(v, device=bench.device).view(3, 1, 1) * 255 for v in (MEAN, STD))
    net = _net(bench, numbers)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001, fused=True)
    layout = torch.channels_last if numbers.channels_last else torch.contiguous_format
    while True:
        total = torch.zeros((), device=bench.device)
        for pixels, y in feeder.epoch():
            flipped = torch.rand(len(y), 1, 1, 1, device=bench.device) < 0.5
            pixels = torch.where(flipped, pixels.flip(3), pixels)
            x = pixels.to(dtype=torch.float32, memory_format=layout).sub_(mean).div_(std)
            total += _step(bench, net, optimizer, x, y, numbers)
        total.item()
        yield


def _net(bench: Bench, numbers: Numbers) -> nn.Module:
    net = ResNet18(width=8 if bench.quick else 64).to(bench.device).train()
    return net.to(memory_format=torch.channels_last) if numbers.channels_last else net


def _step(
    bench: Bench,
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Tensor,
    y: Tensor,
    numbers: Numbers,
) -> Tensor:
    """One step of Adam; returns the mean loss of the batch, on the device."""
    context: AbstractContextManager[object] = nullcontext()
    if numbers.bf16:
        context = torch.autocast(bench.device.type, dtype=torch.bfloat16)
    with context:
        logits = net(x)[:, 0]
    loss = nn.functional.binary_cross_entropy_with_logits(logits.float(), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()
