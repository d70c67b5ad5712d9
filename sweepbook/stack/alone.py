"""The first step of a stack, held against the last net trained alone."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from sweepbook.stack.calls import set_modes
from sweepbook.stack.dropout import put_dropout
from sweepbook.stack.tensors import Tensors


class Alone:
    """One replicate's first step, by a net that nothing has touched.

    What torch.func would silently do otherwise (a forward that keeps references to its parameters,
    a layer without a batching rule of its own) is found here, before a parameter has moved.

    Args:
        net: of the last replicate, built once more.
        modes: as its modules were built.
        generator: of the last replicate's masks; it is not moved on.
    """

    def __init__(
        self, net: nn.Module, modes: Sequence[bool], generator: torch.Generator, tensors: Tensors
    ) -> None:
        own = torch.Generator(generator.device)
        own.set_state(generator.get_state())
        put_dropout(net, [own])
        set_modes(net, modes)
        values = tensors.named()
        with torch.no_grad():
            for name, tensor in _named(net):
                tensor.copy_(values[name][-1])
        self.net = net

    def train(self, loss: Callable[..., Any], batch: Any) -> None:
        """Computes its loss and gradients on its own part of a batch (R, ...)."""
        own = tree_map(lambda tensor: tensor[-1], batch)
        self.loss = loss(self.net, *own)
        if not isinstance(self.loss, Tensor) or self.loss.numel() != 1 or self.loss.dim():
            got = tuple(self.loss.shape) if isinstance(self.loss, Tensor) else type(self.loss)
            raise ValueError(
                f"the loss of one net must be one number, a tensor of shape (), and is {got}: "
                "take the mean over the batch"
            )
        trained = [p for p in self.net.parameters() if p.requires_grad]
        gradients = torch.autograd.grad(self.loss, trained, allow_unused=True)
        given = [
            torch.zeros_like(p) if g is None else g
            for p, g in zip(trained, gradients, strict=True)
        ]
        self.gradient = torch.cat([g.reshape(-1) for g in given])

    def check(self, losses: Tensor, tensors: Tensors) -> None:
        """Compares with the stack's losses (R,), gradients and buffers.

        Raises:
            ValueError: they differ by more than rounding does.
        """
        gradient = torch.cat([own[-1].flatten() for own in tensors.gradients])
        pairs = {"its loss": (losses[-1], self.loss), "its gradient": (gradient, self.gradient)}
        values = tensors.named()
        for name, buffer in self.net.named_buffers():
            pairs[f"its buffer {name!r}"] = (values[name][-1], buffer)
        for what, (ours, alone) in pairs.items():
            if not _is_close(ours.detach(), alone.detach()):
                raise ValueError(
                    "the stack does not train as the nets would alone: at the first step of the "
                    f"last net {what} is {_shown(ours)}, but {_shown(alone)} where it is alone. "
                    "Look for random numbers of numpy or Python, and for references to parameters "
                    "that its forward keeps; or write Stack(..., vectorized=False)"
                )


def _named(net: nn.Module) -> list[tuple[str, Tensor]]:
    return [*net.named_parameters(), *net.named_buffers()]


def _is_close(ours: Tensor, alone: Tensor) -> bool:
    """Whether two tensors differ by rounding alone, or one of them is not finite."""
    a, b = ours.double(), alone.double()
    if not (a.isfinite().all() and b.isfinite().all()):
        return True
    eps = torch.finfo(ours.dtype).eps if ours.dtype.is_floating_point else 0.0
    bound = min(1e4 * eps, 0.05)  # of sums over thousands of elements
    return bool((a - b).norm() <= bound * (b.norm() + 1e-3 * b.numel() ** 0.5))


def _shown(value: Tensor) -> str:
    size = f"{float(value.detach().double().norm()):.6g}"
    return size if value.numel() == 1 else f"of norm {size}"
