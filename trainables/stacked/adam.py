"""Adam on a stack's one flat buffer, through torch's functional form.

The same kernel and numbers as `torch.optim.Adam(fused=True)`. The class around it costs a second
and a half of imports in every worker and 30 microseconds a step, which a tiny net feels.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.optim.adam import adam

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8  # as in torch.optim.Adam (Kingma and Ba 2015)


class StackedAdam:
    """The moments of a flat parameter buffer; `step` moves the buffer in place."""

    def __init__(self, flat: Tensor) -> None:
        self.flat = flat
        self.moments = {
            "step": torch.zeros((), dtype=torch.float32, device=flat.device),
            "exp_avg": torch.zeros_like(flat),
            "exp_avg_sq": torch.zeros_like(flat),
        }

    @torch.no_grad()
    def step(self, gradient: Tensor, lr: float, weight_decay: float) -> None:
        """Takes one step; weight_decay is an L2 penalty."""
        adam(
            [self.flat],
            [gradient],
            [self.moments["exp_avg"]],
            [self.moments["exp_avg_sq"]],
            [],
            [self.moments["step"]],
            fused=True,
            amsgrad=False,
            beta1=BETA1,
            beta2=BETA2,
            lr=lr,
            weight_decay=weight_decay,
            eps=EPS,
            maximize=False,
        )

    def state(self) -> dict[str, Tensor]:
        """Returns copies of the moments, on the CPU."""
        return {name: value.cpu().clone() for name, value in self.moments.items()}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Sets the moments from `state()`."""
        for name, value in self.moments.items():
            value.copy_(state[name])
