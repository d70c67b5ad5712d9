"""Blocks of training steps of a stack, run op by op or as one CUDA graph, on synthetic points."""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from trainables.mlp_config import MLPConfig
from trainables.stacked.adam import StackedAdam
from trainables.stacked.gradient import loss_and_gradient
from trainables.stacked.mlp import StackedMLP

N_INPUTS, N_CLASSES = 2, 33  # of the exercise
BATCH = 256


class Gradient(Protocol):
    """`loss_and_gradient`, as it is or compiled."""

    def __call__(self, model: StackedMLP, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]: ...


def synthetic_points(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Points (2, n), float64, in the exercise's range, and labels (n,): the nearest of 33 centres.

    Drawn from a generator of its own, seeded with `seed`, on the CPU; the centres are the same
    for every seed.
    """
    low, high = torch.tensor([[-10.5], [34.8]]), torch.tensor([[40.3], [71.2]])  # degrees

    def drawn(count: int, from_seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(from_seed)
        return low + (high - low) * torch.rand(2, count, generator=generator)

    points, centres = drawn(n, seed), drawn(N_CLASSES, 2**31)
    return points.double(), torch.cdist(points.T, centres.T).argmin(1)


def new_stack(config: MLPConfig, n_models: int) -> tuple[StackedMLP, StackedAdam]:
    """A stack with seeds 0 .. n_models - 1, and its optimizer, on the config's device."""
    model = StackedMLP(config, N_INPUTS, N_CLASSES, range(n_models))
    return model, StackedAdam(model.flat)


def train_block(
    model: StackedMLP,
    adam: StackedAdam,
    x: Tensor,
    y: Tensor,
    lr: float,
    gradient: Gradient = loss_and_gradient,
) -> Tensor:
    """Trains on x (K, 2, n * BATCH), y (K, n * BATCH), batch by batch; returns losses (n, K)."""
    losses = []
    for start in range(0, y.shape[1], BATCH):
        loss, _ = gradient(model, x[:, :, start : start + BATCH], y[:, start : start + BATCH])
        adam.step(model.gradient, lr, 0.0)
        losses.append(loss)
    return torch.stack(losses)


def captured(call: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
    """Records `call` as a CUDA graph: returns what replays it, and its output, set by a replay.

    `call` runs twice before, as a capture needs it, and once unexecuted while it is recorded.
    The graph reads and writes the same memory at every replay.
    """
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(2):
            call()
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output = call()
    return graph.replay, output
