"""The parameters and buffers of a stack, and where a net's forward looks for them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

# Elements: 64 bytes of float32. On other boundaries libraries of matrix products may round
# otherwise, as fused Adam does with what is left over behind its last vector.
PADDED = 16


@dataclass(frozen=True)
class Slot:
    """One entry of a module's parameters or buffers, and its tensor's number."""

    table: dict[str, Any]
    key: str
    number: int
    is_buffer: bool


class Tensors:
    """All tensors of R nets, stacked by name.

    The trained parameters lie in one array `flat` (n,), one behind another, and their gradients
    in another array: the optimizer takes one step for all, and no number feels another. Each
    replicate's part of a parameter begins at a multiple of 16 elements, with zeros before it, so
    that its bits do not depend on its place.

    Args:
        nets: R nets that are alike but for values; their tensors are copied.

    Attributes:
        net: the first net, whose forward all replicates use.
        names: of the tensors: trained parameters first, then frozen ones, then buffers. Where a
            net has one tensor under two names, the first one.
        leaves: the trained parameters, (R, ...) each, as views into `flat`.
        gradients: of these, (R, ...) each.
        kept: the other tensors, (R, ...) each.
    """

    def __init__(self, nets: Sequence[nn.Module]) -> None:
        self.net = nets[0]
        first = _unique(self.net)
        trained = [name for name, tensor in first.items() if tensor.requires_grad]
        others = [name for name in first if name not in set(trained)]
        self.names = trained + others
        self.n_trained = len(trained)
        values = [_unique(net) for net in nets]
        stacks = {name: torch.stack([own[name].detach() for own in values]) for name in self.names}
        self.kept = [stacks[name] for name in others]
        shapes = [stacks[name].shape for name in trained]
        n = sum(len(nets) * _padded(shape) for shape in shapes)
        self.flat = nn.Parameter(stacks[trained[0]].new_zeros(n))
        self.flat.grad = torch.zeros_like(self.flat)
        self.leaves = _views(self.flat.detach(), shapes)
        self.gradients = _views(self.flat.grad, shapes)
        for name, leaf in zip(trained, self.leaves, strict=True):
            leaf.copy_(stacks[name]).requires_grad_()
        self.own_leaves: dict[int, list[Tensor]] = {}
        self.slots = list(_slots(self.net, self.names))

    def leaves_of(self, replicate: int) -> list[Tensor]:
        """The trained parameters of one replicate, as views that gradients can be taken of."""
        if replicate not in self.own_leaves:
            parts = [leaf.detach()[replicate] for leaf in self.leaves]
            self.own_leaves[replicate] = [part.requires_grad_() for part in parts]
        return self.own_leaves[replicate]

    def set_gradient(self, gradients: Sequence[Tensor | None], replicate: int | None) -> None:
        """Writes the gradients of all replicates, (R, ...) each, or those of one.

        Raises:
            ValueError: a parameter has none.
        """
        for name, gradient in zip(self.names, gradients, strict=False):
            if gradient is None:
                raise ValueError(
                    f"the loss does not depend on the parameter {name!r}: an optimizer would pass "
                    "over it in a net alone, but not in a stack. Freeze it in build with "
                    "requires_grad_(False), or take it out of the net"
                )
        given = [g for g in gradients if g is not None]
        into = self.gradients
        into = into if replicate is None else [whole[replicate] for whole in into]
        torch._foreach_copy_(into, given)

    def state(self) -> dict[str, Any]:
        """Returns the values of all tensors, with their names and shapes."""
        return {
            "names": list(self.names),
            "shapes": [list(tensor.shape) for tensor in (*self.leaves, *self.kept)],
            "flat": self.flat.detach(),
            "kept": self.kept,
        }

    @torch.no_grad()
    def set_values(self, flat: Tensor, kept: Sequence[Tensor]) -> None:
        """Sets all tensors from others like `flat` and `kept`."""
        for into, tensor in zip((self.flat, *self.kept), (flat, *kept), strict=True):
            into.copy_(tensor)

    def state_dict(self, replicate: int) -> dict[str, Tensor]:
        """Returns copies of one replicate's tensors, under the names of its own state_dict."""
        return {
            name: tensor[replicate].detach().clone()
            for name, tensor in self.named().items()
            if name in self.net.state_dict()
        }

    def named(self) -> dict[str, Tensor]:
        """All tensors (R, ...) under all their names; a tied one under each of them."""
        by_name = dict(zip(self.names, [*self.leaves, *self.kept], strict=True))
        sources = _sources(self.net)
        return {name: by_name[source] for name, source in sources.items()}


def _views(flat: Tensor, shapes: Sequence[torch.Size]) -> list[Tensor]:
    """Views of tensors (R, ...) that lie one behind another in (n,), each row padded."""
    found, at = [], 0
    for shape in shapes:
        end = at + shape[0] * _padded(shape)
        rows = flat[at:end].view(shape[0], -1)[:, : shape[1:].numel()]
        found.append(rows.view(shape))
        at = end
    return found


def _padded(shape: torch.Size) -> int:
    """The elements that one replicate's part of a tensor (R, ...) takes."""
    return math.ceil(shape[1:].numel() / PADDED) * PADDED


def _named_tensors(net: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from net.named_parameters(remove_duplicate=False)
    yield from net.named_buffers(remove_duplicate=False)


def _sources(net: nn.Module) -> dict[str, str]:
    """Each name of a tensor -> the first name of the same tensor."""
    first: dict[int, str] = {}
    return {name: first.setdefault(id(tensor), name) for name, tensor in _named_tensors(net)}


def _unique(net: nn.Module) -> dict[str, Tensor]:
    """The tensors of a net, each under its first name."""
    sources = _sources(net)
    return {name: tensor for name, tensor in _named_tensors(net) if sources[name] == name}


def _slots(net: nn.Module, names: Sequence[str]) -> Iterator[Slot]:
    numbers = {id(tensor): names.index(name) for name, tensor in _unique(net).items()}
    for module in net.modules():
        for table, is_buffer in ((module._parameters, False), (module._buffers, True)):
            for key, tensor in table.items():
                if tensor is not None:
                    yield Slot(table, key, numbers[id(tensor)], is_buffer)
