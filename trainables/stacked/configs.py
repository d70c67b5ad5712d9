"""Several configs in one stack, each with the bits and the state that it has in one of its own.

A stack's buffer holds one parameter after the other, each of all models, which is what a step
computes with. Configs that differ in their learning rate need an Adam call each, on memory of
their own. So the parameters are kept a second time, in one block per config, laid out as the
buffer of a stack of this config alone, padding included: Adam rounds alike in both.

The last bits of a matrix product depend on where its operands lie in their cache line. Where the
arrays of a config would lie elsewhere than in its own stack, which an odd batch is enough for,
each config computes by itself, on its block.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from trainables.stacked.adam import StackedAdam
from trainables.stacked.gradient import loss_and_gradient
from trainables.stacked.mlp import PADDED, StackedMLP

LINE = 64  # bytes of a cache line; what torch allocates begins with one

Tensors = tuple[Tensor, ...] | list[Tensor]
Rate = tuple[float, float]  # of a config: its learning rate, and its weight decay, an L2 penalty


class ConfigStack:
    """C configs with R models each: their stack, their blocks, and an Adam for each rate.

    Args:
        model: the stack, config by config: model c * R + r is replicate r of config c.
        rates: one per config; neighbours with the same share a call of Adam.
    """

    def __init__(self, model: StackedMLP, rates: Sequence[Rate]) -> None:
        self.model, self.n_configs, self.n_models = model, len(rates), model.n_models
        sizes = [stack.numel() // self.n_configs for stack in model.parameters]
        used = sum(sizes)
        self.parameters, self.gradient = model.flat[None], model.gradient[None]  # (C, size)
        if self.n_configs > 1:
            self.parameters = model.flat.new_zeros(self.n_configs, used + -used % PADDED)
            self.gradient = torch.zeros_like(self.parameters)
        self._own = self.parameters[:, :used].split(sizes, 1)
        self._own_gradients = self.gradient[:, :used].split(sizes, 1)
        self._stacks = [stack.view(self.n_configs, -1) for stack in model.parameters]
        self._stack_gradients = [s.view(self.n_configs, -1) for s in model.parameter_gradients]
        _, n_norms, channels = model.running.shape
        # of batch norm, (2, layers, C, R * width)
        self._running = model.running.view(2, n_norms, self.n_configs, channels // self.n_configs)
        n = self.n_models // self.n_configs
        self._parts = [
            model.on(n, self.parameters[c], self.gradient[c], self._running[:, :, c])
            for c in range(self.n_configs)
        ]
        self._adams = [
            (run, rate, StackedAdam(self.parameters[run].view(-1))) for run, rate in _runs(rates)
        ]
        self._copy(self._own, self._stacks)

    def forward(self, x: Tensor) -> Tensor:
        """Returns logits (K, classes, B) in evaluation mode, for inputs x (R, n_inputs, B)."""
        if self._is_aligned(x.shape[2]):
            return self.model.forward(x)
        return torch.cat([part.forward(x) for part in self._parts])

    def loss_and_gradient(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """As `loss_and_gradient`, for x (R, n_inputs, B) and y (R, B) that all configs share."""
        if self._is_aligned(x.shape[2]):
            return loss_and_gradient(self.model, x, for_all(y, self.n_models))
        found = [loss_and_gradient(part, x, y) for part in self._parts]
        self._copy(self._stack_gradients, self._own_gradients)
        losses, hits = zip(*found, strict=True)
        return torch.cat(losses), torch.cat(hits)

    def _is_aligned(self, n_rows: int) -> bool:
        """Whether each config's arrays begin as in its own stack, for a batch of n rows."""
        if self.n_configs == 1:
            return True
        n, model, per_line = (
            self.n_models // self.n_configs,
            self.model,
            LINE // self.gradient.itemsize,
        )
        *sizes, _ = (stack.shape[1] for stack in self._stacks)
        # what depends on the rows: the inputs are each config's own, and not copied
        sizes += [n * model.width * n_rows, n * model.n_classes * n_rows]
        return not any(size % per_line for size in sizes)

    def step(self) -> None:
        """Moves the parameters by one step of Adam with the stack's gradient."""
        self._copy(self._own_gradients, self._stack_gradients)
        for run, (lr, weight_decay), adam in self._adams:
            adam.step(self.gradient[run].view(-1), lr, weight_decay)
        self._copy(self._stacks, self._own)

    def _copy(self, into: Tensors, source: Tensors) -> None:
        if self.n_configs > 1:  # of one config the block is the stack's own buffer
            torch._foreach_copy_(into, source)

    def state(self, config: int) -> dict[str, dict[str, Tensor]]:
        """Returns copies of a config's model and of its moments, on the CPU."""
        moments = {k: v.cpu().clone() for k, v in self._moments(config).items()}
        return {"model": self._parts[config].state(), "optimizer": moments}

    def load_state(self, config: int, state: Mapping[str, Any]) -> None:
        """Sets a config's model and moments from `state()`.

        Raises:
            ValueError: for the state of a config of another shape or number of replicates.
        """
        self._parts[config].load_state(state["model"])
        for name, mine in self._moments(config).items():
            mine.copy_(state["optimizer"][name])
        self._copy(self._stacks, self._own)

    def _moments(self, config: int) -> dict[str, Tensor]:
        """A config's part of its Adam; the number of steps is that of its whole run."""
        run, _, adam = next(own for own in self._adams if config < own[0].stop)
        size = self.parameters.shape[1]
        part = slice((config - run.start) * size, (config - run.start + 1) * size)
        return {k: v if v.ndim == 0 else v[part] for k, v in adam.moments.items()}


def for_all(values: Tensor, n_models: int) -> Tensor:
    """Returns (n_models, ...) of (R, ...): what the replicates of each config of a stack share."""
    n_configs = n_models // len(values)
    return values if n_configs == 1 else values.repeat(n_configs, *[1] * (values.ndim - 1))


def _runs(rates: Sequence[Rate]) -> Iterator[tuple[slice, Rate]]:
    """Each run of equal neighbours: where it is, and their rate."""
    start = 0
    for rate, group in itertools.groupby(rates):
        stop = start + len(list(group))
        yield slice(start, stop), rate
        start = stop
