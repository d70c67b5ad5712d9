"""Squared gradient norms of every linear layer, gathered without slowing the step."""

import torch
from torch import Tensor

from trainables.stacked.mlp import StackedMLP


class GradientTracker:
    """Gathers, per model and linear layer, the squared L2 norm of the gradient over an epoch.

    The norm is over a layer's weight and bias together; batch norm's parameters belong to no
    layer. Sums are in float64: a 100-layer net spans 1e-45 .. 1e22. A gradient of exactly zero
    is counted as such.
    """

    def __init__(self, model: StackedMLP) -> None:
        self.shape = (len(model.layers) + 1, model.n_models)  # the last row: batch norm's
        self.segments = _segments(model)
        self.reset()

    def reset(self) -> None:
        """Starts a new epoch."""
        device = self.segments.device
        self.total = torch.zeros(self.shape, dtype=torch.float64, device=device)
        self.zeros = torch.zeros(self.shape, dtype=torch.float64, device=device)
        self.n_batches = 0

    def squared_norms(self, flat_grad: Tensor) -> Tensor:
        """Returns the squared norms (layers + 1, K) of one batch's gradient."""
        squares = flat_grad.double().square()  # not in place: double() copies only float32
        sums = torch.zeros(self.shape, dtype=torch.float64, device=squares.device)
        return sums.view(-1).index_add_(0, self.segments, squares).view(self.shape)

    def add(self, flat_grad: Tensor) -> None:
        """Adds the gradient of one batch."""
        norms = self.squared_norms(flat_grad)
        self.total += norms
        self.zeros += norms == 0
        self.n_batches += 1

    def means(self) -> dict[str, list[list[float]]]:
        """Returns, per model, lists over the linear layers.

        grad_sq_norm: the mean over the epoch's batches; grad_zero_share: the share of batches
        in which the layer's gradient was exactly zero.
        """
        return {
            "grad_sq_norm": (self.total[:-1] / self.n_batches).T.tolist(),
            "grad_zero_share": (self.zeros[:-1] / self.n_batches).T.tolist(),
        }


def clip_(flat_grad: Tensor, norms: Tensor, segments: Tensor, largest: Tensor) -> None:
    """Scales each model's gradient to an L2 norm of at most its own (Pascanu et al. 2013).

    Args:
        flat_grad: the gradient, in the stack's buffer order; changed in place.
        norms: squared norms per layer and model (layers + 1, K).
        segments: layer * K + model of each entry.
        largest: each model's largest norm (K,), float64; 0: it is not clipped.
    """
    total = norms.sum(0).sqrt()  # (K,)
    scale = (largest / (total + 1e-6)).clamp(max=1.0)
    scale = torch.where(largest > 0, scale, 1.0).to(flat_grad.dtype)
    flat_grad.mul_(scale[segments % len(scale)])


def _segments(model: StackedMLP) -> Tensor:
    """Returns layer * K + model for each entry of the flat buffer."""
    n_models, n_layers = model.n_models, len(model.layers)
    parts = []
    for layer, (w, b, norm) in enumerate(model.layers):
        owners = [(w, layer), (b, layer)] + [(p, n_layers) for p in norm or ()]
        for parameter, row in owners:
            models = torch.arange(n_models).repeat_interleave(parameter.numel() // n_models)
            parts.append(row * n_models + models)
    parts.append(torch.full(model.padding.shape, n_layers * n_models))  # zeros
    return torch.cat(parts).to(model.flat.device)
