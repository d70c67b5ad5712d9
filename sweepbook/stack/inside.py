"""From within torch.func.vmap: the whole tensor behind a replicate's, and back again.

A layer that treats all replicates in one call of its own, or that draws random numbers for each of
them, needs the stacked tensor. torch.func has no public name for it; all that this room uses
without a public name stands in this file.
"""

import contextlib

import torch
from torch import Tensor
from torch._C import _functorch
from torch._functorch.pyfunctorch import temporarily_pop_interpreter_stack

LEVEL = 1  # of the stack's own vmap: it is the outermost transform


def is_stacked(x: Tensor) -> bool:
    """Whether a tensor has one value per replicate, and no other transform is at work."""
    return _functorch.is_batchedtensor(x) and _functorch.maybe_current_level() == LEVEL


def is_within_another() -> bool:
    """Whether this is called within a transform of torch.func that the stack has not made."""
    return (_functorch.maybe_current_level() or 0) > LEVEL


def whole(x: Tensor) -> tuple[Tensor, int]:
    """Returns the tensor of all replicates, and the number of its dimension of replicates.

    Args:
        x: one that `is_stacked`.
    """
    return _functorch.get_unwrapped(x), _functorch.maybe_get_bdim(x)


def whole_at(x: Tensor, to: int) -> Tensor:
    """Returns the tensor of all replicates, with their dimension at `to`.

    Args:
        x: one that `is_stacked`.
    """
    values, dim = whole(x)
    return values if dim == to else values.movedim(dim, to)


def of_each(x: Tensor, dim: int = 0) -> Tensor:
    """Returns a tensor of all replicates as one replicate sees it; `dim`: of the replicates."""
    return _functorch._add_batch_dim(x, dim, LEVEL)


def outside() -> contextlib.AbstractContextManager[None]:
    """In this context torch computes with whole tensors, and may draw random numbers."""
    if torch._C._functorch.peek_interpreter_stack() is None:
        return contextlib.nullcontext()
    return temporarily_pop_interpreter_stack()
