"""Dropout whose mask of one replicate depends on that replicate's seed alone."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from sweepbook.stack.inside import is_stacked, is_within_another, of_each, outside

STREAM = 1  # masks are drawn from another stream of a seed than its weights


def mask_generators(seeds: Sequence[int], device: torch.device) -> list[torch.Generator]:
    """Returns one generator per replicate, which depends on its seed alone."""
    return [torch.Generator(device).manual_seed(seeded(seed, STREAM)) for seed in seeds]


def seeded(*numbers: int) -> int:
    """Returns a seed, 0 <= seed < 2**63, that depends on whole numbers >= 0 alone."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]) >> 1


class StackedDropout(nn.Module):
    """Stands in the place of `nn.Dropout`: each replicate's mask comes from its own generator.

    Args:
        p: probability of an element to be zeroed, 0 < p < 1.
        generators: of the replicates that a call serves, in their order: all of them within vmap,
            else one. The stack changes this list in place.
    """

    def __init__(self, p: float, generators: list[torch.Generator]) -> None:
        super().__init__()
        self.p = p
        self.generators = generators

    def forward(self, x: Tensor) -> Tensor:
        """Returns x with some elements zeroed, the others divided by 1 - p; of any shape."""
        if not self.training:
            return x
        if len(self.generators) == 1 and not is_stacked(x):
            return x * self._masks(x.shape, x.dtype)[0]
        if is_within_another():
            raise RuntimeError("vmap: random masks within another transform of torch.func")
        with outside():
            masks = self._masks(x.shape, x.dtype)
        return x * of_each(masks)

    def _masks(self, shape: torch.Size, dtype: torch.dtype) -> Tensor:
        """0 or 1 / (1 - p), (replicates, *shape)."""
        device = self.generators[0].device
        masks = torch.empty((len(self.generators), *shape), dtype=dtype, device=device)
        for mask, generator in zip(masks, self.generators, strict=True):
            mask.bernoulli_(1 - self.p, generator=generator)
        return masks.div_(1 - self.p)

    def extra_repr(self) -> str:
        """Shows p, as `nn.Dropout` does."""
        return f"p={self.p}"


def put_dropout(net: nn.Module, generators: list[torch.Generator]) -> None:
    """Puts a `StackedDropout` in the place of every `nn.Dropout` of a net, with its mode."""
    made: dict[nn.Module, nn.Module] = {}  # one that stands at two places stays one
    for module in list(net.modules()):
        for name, child in list(module.named_children()):
            if type(child) is nn.Dropout and child.p > 0:
                ours = made.setdefault(child, StackedDropout(child.p, generators))
                setattr(module, name, ours.train(child.training))
