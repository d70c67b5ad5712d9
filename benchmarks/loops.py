"""One process, one thread: a stack of models beside the in-memory loop over one model."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.measure import Timing, interleaved
from trainables.cities.europe import Split, load_splits
from trainables.mlp import train_mlp
from trainables.mlp_config import MLPConfig
from trainables.mlp_data import N_CLASSES
from trainables.mlp_trainer import TRAIN_EVAL_EPOCHS
from trainables.stacked.mlp import build_network


def loop_epochs(batch_norm: bool) -> Iterator[float]:
    """The in-memory loop with fused Adam: an epoch of one model, then both evaluations."""
    splits = load_splits()
    x, y = _tensors(splits.train)
    held_out = [_tensors(splits.validation), _tensors(splits.test)]
    model = build_network(MLPConfig(batch_norm=batch_norm), 2, N_CLASSES, seed=0)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    criterion = nn.CrossEntropyLoss()
    while True:
        model.train()
        order = torch.randperm(len(x))
        x_epoch, y_epoch = x[order], y[order]
        losses = []
        for start in range(0, len(x), 256):
            loss = criterion(model(x_epoch[start : start + 256]), y_epoch[start : start + 256])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        model.eval()
        with torch.no_grad():
            for x_held_out, y_held_out in held_out:
                logits = model(x_held_out)
                criterion(logits, y_held_out), (logits.argmax(1) == y_held_out).double().mean()
        yield float(torch.stack(losses).mean())


def _tensors(part: Split) -> tuple[Tensor, Tensor]:
    return torch.tensor(part.x, dtype=torch.float32), torch.tensor(part.y)


def stack_epochs(**settings: Any) -> Iterator[float]:
    """Our epochs from 101 on, none of which evaluates the training split as well."""
    config = {"epochs": 10_000, **settings}
    state = next(train_mlp(config | {"compile": False}))["state"]()
    for epoch in train_mlp(config, state | {"epoch": max(TRAIN_EVAL_EPOCHS)}):
        yield epoch["val_loss"]


def measure_loops(repeats: int) -> dict[str, Timing]:
    """Seconds of an epoch, in turn: the loop and stacks, with and without batch norm."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    sides: dict[str, Iterator[float]] = {
        "loop, batch norm": loop_epochs(batch_norm=True),
        "8 stacked, batch norm": stack_epochs(replicates=8, batch_norm=True),
        "1 stacked, batch norm": stack_epochs(replicates=1, batch_norm=True),
        "loop": loop_epochs(batch_norm=False),
        "8 stacked": stack_epochs(replicates=8),
    }
    return interleaved({name: _next(side) for name, side in sides.items()}, repeats)


def _next(epochs: Iterator[float]) -> Callable[[], float]:
    return lambda: next(epochs)
