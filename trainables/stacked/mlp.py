"""K multilayer perceptrons of one shape, kept and trained as one stack of arrays.

A step of one tiny net is bound by the overhead of some hundred small operations. Stacking K
models costs the same number of operations, each K times as large. Layout, with B rows:

    activations (K, width, B)      weights (K, out, in)      biases (K, out, 1)
    batch norm   on (1, K*width, B): one call normalises every channel of every model
    logits       (K, classes, B)   rows last too: reductions over the classes are vectorised

All parameters lie in one flat buffer, their gradients in another: Adam is one fused call. No
operation mixes models, so a replicate does not feel its neighbours, not even one that diverges,
and on one machine stacks of two or more models give each the same bits, however many follow it.
"""

import copy
import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainables.mlp_config import MLPConfig

BN_MOMENTUM = 0.1  # as in torch.nn.BatchNorm1d
BN_EPS = 1e-5
PADDED = 64  # elements, a multiple of any vector's: fused Adam rounds a remainder differently


class ResidualBlock(nn.Module):
    """h + block(h), for a block that keeps the width."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, h: Tensor) -> Tensor:
        z: Tensor = self.layers(h)
        return h + z


def build_network(config: MLPConfig, n_inputs: int, n_classes: int, seed: int) -> nn.Sequential:
    """Returns one model as plain torch modules: the definition that a stack must equal.

    Weights are drawn by torch's own initialisers (biases always PyTorch's default) from a
    generator seeded with `seed`; the global generator is left as it was. float32, on the CPU.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        blocks: list[nn.Module] = []
        n_in = n_inputs
        for _ in range(config.depth):
            layers: list[nn.Module] = [_linear(n_in, config.width, config.init)]
            if config.batch_norm:
                layers.append(nn.BatchNorm1d(config.width, eps=BN_EPS, momentum=BN_MOMENTUM))
            layers.append(nn.ReLU())
            residual = config.residual and n_in == config.width
            blocks += [ResidualBlock(*layers)] if residual else layers
            n_in = config.width
        return nn.Sequential(*blocks, _linear(n_in, n_classes, config.init))


def _linear(n_in: int, n_out: int, init: str) -> nn.Linear:
    layer = nn.Linear(n_in, n_out)
    if init == "he" or init == "he2":  # He et al. 2015, eq. 10; he2: twice the deviation
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    elif init == "orthogonal":  # Saxe et al. 2014, with ReLU's gain sqrt(2)
        nn.init.orthogonal_(layer.weight, gain=nn.init.calculate_gain("relu"))
    if init == "he2":
        layer.weight.data.mul_(2.0)
    return layer


class StackedMLP:
    """K models built by `build_network`, one per seed, trained together.

    Args:
        seeds: K initialisation seeds.
        n_inputs, n_classes: sizes of the first and last layer.
    """

    def __init__(
        self, config: MLPConfig, n_inputs: int, n_classes: int, seeds: Sequence[int]
    ) -> None:
        networks = [build_network(config, n_inputs, n_classes, seed) for seed in seeds]
        parameters = [list(network.parameters()) for network in networks]
        self.n_models = len(networks)
        self.residual = config.residual
        self.width = config.width
        dtype = getattr(torch, config.dtype)
        stacks = [
            torch.stack([p.detach() for p in same]) for same in zip(*parameters, strict=True)
        ]
        n_padded = -sum(s.numel() for s in stacks) % PADDED
        self.padding = torch.zeros(n_padded, device=config.device, dtype=dtype)
        self.flat = torch.cat([*(s.flatten().to(self.padding) for s in stacks), self.padding])
        self.gradient = torch.zeros_like(self.flat)  # set by loss_and_gradient
        n_norms = config.depth if config.batch_norm else 0
        channels = self.n_models * config.width
        self.running = torch.zeros(2, n_norms, channels, device=config.device, dtype=dtype)
        self.running[1] = 1.0
        self._shape = config, n_inputs, n_classes
        self._arrange()

    def _arrange(self) -> None:
        """Finds each parameter and its gradient in the buffers."""
        config, n_inputs, self.n_classes = self._shape
        shapes = _stack_shapes(config, n_inputs, self.n_classes, self.n_models)
        self.parameters = _views(self.flat, shapes)
        self.layers = _layers(self.parameters, config)
        self.parameter_gradients = _views(self.gradient, shapes)
        self.gradients = _layers(self.parameter_gradients, config)

    def on(self, n_models: int, flat: Tensor, gradient: Tensor, running: Tensor) -> "StackedMLP":
        """Returns a stack of so many of such models, on these buffers."""
        other = copy.copy(self)
        other.n_models = n_models
        other.flat, other.gradient, other.running = flat, gradient, running
        other._arrange()
        return other

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """Returns logits (K, classes, B) for inputs x (K, n_inputs, B), in evaluation mode.

        Of fewer inputs (R, n_inputs, B) each R models have the same.
        """
        h = x
        *hidden, (w_out, b_out, _) = self.layers
        for i, (w, b, norm) in enumerate(hidden):
            z = linear(b, w, h)  # (K, width, B)
            if norm is not None:
                mean, var = self.running[0, i], self.running[1, i]
                flat = z.view(1, -1, z.shape[-1])  # (1, K*width, B)
                flat = F.batch_norm(flat, mean, var, *norm, False, BN_MOMENTUM, BN_EPS)
                z = flat.view(z.shape)
            z.relu_()
            h = h + z if self.residual and h.shape == z.shape else z
        return torch.baddbmm(b_out, w_out, h)  # (K, classes, B)

    def state(self) -> dict[str, Tensor]:
        """Returns copies of the parameters and running statistics, on the CPU."""
        return {"flat": self.flat.detach().cpu().clone(), "running": self.running.cpu().clone()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Sets parameters and running statistics from `state()`.

        Raises:
            ValueError: for the state of a stack of another shape or size.
        """
        for name, mine in (("flat", self.flat), ("running", self.running)):
            if state[name].shape != mine.shape:
                raise ValueError(
                    f"this is the state of another config: {name} has shape "
                    f"{tuple(state[name].shape)} there and {tuple(mine.shape)} here"
                )
        self.flat.copy_(state["flat"])
        self.running.copy_(state["running"])


def linear(b: Tensor, w: Tensor, h: Tensor) -> Tensor:
    """Returns w h + b (K, out, B) of K models; of fewer inputs (R, in, B) each R have the same."""
    if len(h) == len(w):
        return torch.baddbmm(b, w, h)
    z = h.new_empty(len(w), w.shape[1], h.shape[2])
    for own in groups(len(w), len(h)):
        torch.baddbmm(b[own], w[own], h, out=z[own])
    return z


def groups(n_models: int, n_inputs: int) -> Iterator[slice]:
    """Yields where each group of models is that have the same inputs."""
    for start in range(0, n_models, n_inputs):
        yield slice(start, start + n_inputs)


Layer = tuple[Tensor, Tensor, tuple[Tensor, Tensor] | None]  # weight, bias, batch norm's pair


def _stack_shapes(
    config: MLPConfig, n_inputs: int, n_classes: int, n_models: int
) -> list[tuple[int, ...]]:
    """Shapes of the stacked parameters, in the order of a network's own."""
    sizes = [n_inputs, *[config.width] * config.depth, n_classes]
    shapes: list[tuple[int, ...]] = []
    for i, (n_in, n_out) in enumerate(zip(sizes, sizes[1:], strict=False)):
        shapes += [(n_models, n_out, n_in), (n_models, n_out, 1)]
        if config.batch_norm and i < config.depth:
            shapes += [(n_models * n_out,)] * 2
    return shapes


def _views(flat: Tensor, shapes: Sequence[tuple[int, ...]]) -> list[Tensor]:
    """The stacked arrays, in the buffer's own memory: one optimizer step moves them all."""
    sizes = [math.prod(shape) for shape in shapes]
    parts = flat[: sum(sizes)].split(sizes)
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]


def _layers(parameters: list[Tensor], config: MLPConfig) -> list[Layer]:
    rest = iter(parameters)
    layers: list[Layer] = []
    for i in range(config.depth + 1):
        w, b = next(rest), next(rest)
        normed = config.batch_norm and i < config.depth
        layers.append((w, b, (next(rest), next(rest)) if normed else None))
    return layers
