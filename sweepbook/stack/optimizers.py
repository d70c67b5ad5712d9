"""The optimizer of a stack: one of torch's, over the array of all replicates' parameters."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

MakeOptimizer = Callable[[list[Tensor]], Optimizer]


def check_optimizer(make: MakeOptimizer, like: Tensor) -> None:
    """Checks that an optimizer treats each element alike, by three steps on a few made-up numbers.

    Args:
        make: called with a list of one parameter.
        like: a tensor of the stack's dtype and device.

    Raises:
        TypeError: it returns no optimizer of torch.
        ValueError: what it does to a number depends on the others, or on their shape.
    """
    wave = torch.linspace(-1, 1, 256, dtype=like.dtype, device=like.device)
    shapes = (wave.reshape(4, 64), wave[:64].reshape(8, 8))
    stacked, alone = (nn.Parameter(numbers.clone()) for numbers in shapes)
    pairs = [(make([parameter]), parameter) for parameter in (stacked, alone)]
    for optimizer, _ in pairs:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"optimizer returned a {type(optimizer).__name__}: it must be a function of a "
                "list of parameters, such as lambda params: torch.optim.Adam(params, lr=0.01)"
            )
    name = type(pairs[0][0]).__name__
    refused = (
        f"{name} cannot train a stack, because what it does to one number depends on others: use "
        "one that treats every number alike, such as Adam, AdamW, SGD or RMSprop"
    )
    for number in range(3):
        for optimizer, parameter in pairs:
            parameter.grad = torch.cos(parameter.detach() * 7 + number)
            try:
                optimizer.step()
            except (TypeError, RuntimeError, ValueError) as error:
                raise ValueError(f"{refused} ({error})") from error
    moved = stacked[0].detach().double() - wave[:64].double()
    other = alone.detach().double().reshape(-1) - wave[:64].double()
    rounding = 64 * torch.finfo(like.dtype).eps * 8  # of the numbers, which lie within -1..1
    if (moved - other).norm() > 1e-3 * other.norm() + rounding:
        raise ValueError(refused)


@torch.no_grad()
def clip_(gradients: Sequence[Tensor], largest: float) -> None:
    """Scales each replicate's gradient to an L2 norm of at most `largest`, in place.

    As torch.nn.utils.clip_grad_norm_ does for a net alone (Pascanu et al. 2013).

    Args:
        gradients: of each parameter, (R, ...); a replicate's that is not finite changes no other.
        largest: of all trained parameters of a net together, > 0.
    """
    norms = [torch.linalg.vector_norm(g.flatten(1), dim=1) for g in gradients if g.dim() > 1]
    norms += [g.abs() for g in gradients if g.dim() == 1]
    total = torch.linalg.vector_norm(torch.stack(norms), dim=0)  # (R,)
    scale = (largest / (total + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(scale.view(-1, *[1] * (gradient.dim() - 1)))
