"""The parameters and buffers of a stack, and where a net's forward looks for them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

PADDED = (
    64  # elements, a multiple of any vector's: a fused optimizer rounds a remainder differently
)


@dataclass(frozen=True)
class Slot:
    """One entry of a module's parameters or buffers, and its tensor's number."""

    table: dict[str, Any]
    key: str
    number: int
    is_buffer: bool


class Tensors:
    """All tensors of R nets, stacked by name.

    The trained parameters lie in one array `flat` (R, n), a row per replicate, and their
    gradients in another: the optimizer takes one step for all, and no row feels another. A row is
    padded with zeros to a multiple of 64 elements, so that its bits do not depend on R.

    Args:
        nets: R nets that are alike but for values; their tensors are copied.

    Attributes:
        net: the first net, whose forward all replicates use.
        names: of the tensors: trained parameters first, then frozen ones, then buffers. Where a
            net has one tensor under two names, the first one.
        leaves: the trained parameters, (R, ...) each, as views into `flat`.
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
        self.shapes = [first[name].shape for name in trained]
        self.sizes = [first[name].numel() for name in trained]
        n, like = len(nets), stacks[trained[0]]
        self.padding = like.new_zeros(n, -sum(self.sizes) % PADDED)
        rows = [stacks[name].reshape(n, -1) for name in trained]
        self.flat = nn.Parameter(torch.cat([*rows, self.padding], 1))
        self.gradient = torch.zeros_like(self.flat)
        self.flat.grad = self.gradient
        self.leaves = [part.requires_grad_() for part in self._views(self.flat.detach())]
        self.own_leaves: dict[int, list[Tensor]] = {}
        self.slots = list(_slots(self.net, self.names))

    def _views(self, flat: Tensor) -> list[Tensor]:
        """Views of the parameters within (..., n), in their order."""
        found, at = [], 0
        for shape, size in zip(self.shapes, self.sizes, strict=True):
            found.append(flat[..., at : at + size].view(*flat.shape[:-1], *shape))
            at += size
        return found

    def leaves_of(self, replicate: int) -> list[Tensor]:
        """The trained parameters of one replicate, as views that gradients can be taken of."""
        if replicate not in self.own_leaves:
            views = self._views(self.flat.detach()[replicate])
            self.own_leaves[replicate] = [part.requires_grad_() for part in views]
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
        whole = replicate is None
        into = self.gradient if whole else self.gradient[replicate]
        padding = self.padding if whole else self.padding[replicate]
        given = [g for g in gradients if g is not None]
        rows = [g.reshape(len(into), -1) if whole else g.reshape(-1) for g in given]
        torch.cat([*rows, padding], -1, out=into)

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
