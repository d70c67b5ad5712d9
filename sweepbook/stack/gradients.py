"""The gradients of a stack's replicates: of all at once, or of one."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from sweepbook.stack.calls import Function, call_all, call_one
from sweepbook.stack.explained import explained, is_of_vmap
from sweepbook.stack.tensors import Tensors


def gradients_at_once(tensors: Tensors, loss: Function, batch: Any) -> Tensor:
    """Sets the gradients of all replicates, and returns their losses (R,).

    Raises:
        ValueError: vmap cannot do what the net or the loss does, or see `Tensors.set_gradient`.
    """
    losses: Tensor = call_all(tensors, tensors.leaves, loss, batch)
    try:  # no loss depends on another net, so the gradient of their sum is that of each
        gradients = _gradients(losses.sum(), tensors.leaves)
    except RuntimeError as error:
        if not is_of_vmap(error):
            raise
        raise explained(error, tensors.net, lambda: None) from error
    tensors.set_gradient(gradients, None)
    return losses.detach()


def gradients_of_one(tensors: Tensors, loss: Function, batch: Any, replicate: int) -> Tensor:
    """Sets the gradients of one replicate, and returns its loss, of shape ().

    Raises:
        ValueError: see `Tensors.set_gradient`.
    """
    leaves = tensors.leaves_of(replicate)
    value: Tensor = call_one(tensors, leaves, loss, batch, replicate)
    tensors.set_gradient(_gradients(value, leaves), replicate)
    return value.detach()


def _gradients(loss: Tensor, leaves: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
    return torch.autograd.grad(loss, leaves, allow_unused=True)
