"""torch's own random numbers, where the nets of a stack train in turn: each net has its own."""

import contextlib
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from sweepbook.stack.dropout import seeded

STREAM = 2  # of a seed's random numbers: neither weights nor the masks of nn.Dropout


class OwnRandoms:
    """Where torch's generators of the CPU and of a device stand, for each replicate."""

    def __init__(self, seeds: Sequence[int], device: torch.device) -> None:
        kinds = [torch.device("cpu")] + ([device] if device.type == "cuda" else [])
        self.states = [
            [torch.Generator(kind).manual_seed(seeded(seed, STREAM)).get_state() for kind in kinds]
            for seed in seeds
        ]
        index = device.index or 0
        self.generators = [torch.default_generator]
        if device.type == "cuda":
            self.generators.append(torch.cuda.default_generators[index])

    @contextlib.contextmanager
    def entered(self, replicate: int, keep: bool = True) -> Iterator[None]:
        """Random numbers within are a replicate's; `keep`: and go on from here the next time."""
        before = [generator.get_state() for generator in self.generators]
        self._set(self.states[replicate])
        try:
            yield
            if keep:
                self.states[replicate] = [generator.get_state() for generator in self.generators]
        finally:
            self._set(before)

    def _set(self, states: Sequence[Tensor]) -> None:
        for generator, state in zip(self.generators, states, strict=True):
            generator.set_state(state)
