"""A function of one net and its batch, called for all replicates of a stack."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._pytree import tree_map

from sweepbook.stack.explained import explained, is_of_vmap
from sweepbook.stack.inside import of_each
from sweepbook.stack.tensors import Tensors

Function = Callable[..., Any]


def call_all(tensors: Tensors, leaves: Sequence[Tensor], function: Function, batch: Any) -> Any:
    """Returns function(net, *batch) of all replicates, in one call by torch.func.vmap.

    Args:
        leaves: the trained parameters, (R, ...) each.
        batch: trees of tensors (R, ...).

    Returns:
        What `function` returned, with a dimension of replicates before each tensor's others.
        Buffers that the call changed are changed in the stack.

    Raises:
        ValueError: vmap cannot do what the net or the function does; says where, and what to do.
    """
    try:
        return _call_all(tensors, leaves, function, batch)
    except RuntimeError as error:
        if not is_of_vmap(error):
            raise
        again = partial(_call_all, tensors, leaves, function, batch)
        raise explained(error, tensors.net, again) from error


def _call_all(tensors: Tensors, leaves: Sequence[Tensor], function: Function, batch: Any) -> Any:
    def one(batch: Any) -> tuple[Any, dict[str, Tensor]]:
        # as if they were vmap's arguments, but that would search them each time
        values = [of_each(tensor) for tensor in (*leaves, *tensors.kept)]
        return _call(tensors, values, function, batch)

    called = torch.func.vmap(one, randomness="error")
    with _plain_attention(is_cpu=tensors.flat.device.type == "cpu"):
        result, new = called(batch)
    _keep(tensors, new, None)
    return result


@contextlib.contextmanager
def _plain_attention(is_cpu: bool) -> Iterator[None]:
    """Attention by matrix products, where vmap would call a fused kernel once per replicate."""
    is_fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH) if is_cpu else contextlib.nullcontext():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(is_fast)


def call_one(
    tensors: Tensors, leaves: Sequence[Tensor], function: Function, batch: Any, replicate: int
) -> Any:
    """Returns function(net, *batch) of one replicate; `leaves` are its own, without a dimension R.

    Buffers that the call changed are changed in the stack.
    """
    values = [*leaves, *(tensor[replicate] for tensor in tensors.kept)]
    own = tree_map(lambda tensor: tensor[replicate], batch)
    result, new = _call(tensors, values, function, own)
    _keep(tensors, new, replicate)
    return result


def _call(
    tensors: Tensors, values: Sequence[Tensor], function: Function, batch: Any
) -> tuple[Any, dict[str, Tensor]]:
    """The function's result, and the buffers that it put new tensors in the place of."""
    before = [slot.table[slot.key] for slot in tensors.slots]
    try:
        for slot in tensors.slots:
            slot.table[slot.key] = values[slot.number]
        result = function(tensors.net, *batch)
        new = {
            str(slot.number): slot.table[slot.key]
            for slot in tensors.slots
            if slot.is_buffer and slot.table[slot.key] is not values[slot.number]
        }
        return result, new
    finally:
        for slot, tensor in zip(tensors.slots, before, strict=True):
            slot.table[slot.key] = tensor


def _keep(tensors: Tensors, new: dict[str, Tensor], replicate: int | None) -> None:
    with torch.no_grad():
        for number, tensor in new.items():
            into = tensors.kept[int(number) - tensors.n_trained]
            (into if replicate is None else into[replicate]).copy_(tensor)


def set_modes(net: nn.Module, modes: Sequence[bool] | None) -> None:
    """Sets the mode of each module of a net; None: evaluation."""
    for number, module in enumerate(net.modules()):
        module.training = modes is not None and modes[number]
