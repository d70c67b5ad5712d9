"""Common layers, computed for all replicates in one call where vmap would take several.

The same operations as torch's layers call, on all replicates' tensors side by side. Images lie as
(B, R * C, ...), so that one grouped convolution and one batch norm treat all of them and nothing
is copied between two layers.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sweepbook.stack.inside import is_stacked, of_each, outside, whole, whole_at

CONVOLUTIONS: dict[type[nn.Module], tuple[int, Callable[..., Tensor]]] = {
    nn.Conv1d: (3, F.conv1d),
    nn.Conv2d: (4, F.conv2d),
    nn.Conv3d: (5, F.conv3d),
}
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)


def put_layers(net: nn.Module) -> None:
    """Has the layers of a net that are known here compute for all replicates within vmap."""
    for module in net.modules():
        kind = type(module)
        forward: Callable[..., Tensor] | None = None
        if kind is nn.Linear:
            forward = _linear
        elif kind in CONVOLUTIONS and module.padding_mode == "zeros":
            forward = _convolution
        elif kind in NORMS:
            forward = _batch_norm
        elif kind in POOLS and not getattr(module, "return_indices", False):
            forward = _pool
        if forward is not None:
            vars(module)["forward"] = partial(forward, module)


def _linear(module: nn.Linear, x: Tensor) -> Tensor:
    if not _all_stacked(x, module.weight, module.bias) or x.dim() < 2:
        return _as_torch_does(module, x)
    with outside():
        rows = whole_at(x, 0)
        flat = rows.reshape(len(rows), -1, rows.shape[-1])  # (R, B, n_in)
        weight = whole_at(module.weight, 0).transpose(1, 2)
        if module.bias is None:
            out = torch.bmm(flat, weight)
        else:
            out = torch.baddbmm(whole_at(module.bias, 0).unsqueeze(1), flat, weight)
        out = out.view(*rows.shape[:-1], out.shape[-1])
    return of_each(out)


def _convolution(module: Any, x: Tensor) -> Tensor:
    dim, convolve = CONVOLUTIONS[type(module)]
    if not _all_stacked(x, module.weight, module.bias) or x.dim() != dim:
        return _as_torch_does(module, x)
    with outside():
        weight = whole_at(module.weight, 0)
        n = len(weight)
        bias = None if module.bias is None else whole_at(module.bias, 0).reshape(-1)
        settings = (module.stride, module.padding, module.dilation, n * module.groups)
        out = convolve(whole_at(x, 1).flatten(1, 2), weight.flatten(0, 1), bias, *settings)
        out = out.unflatten(1, (n, -1))  # (B, R, C, ...)
    return of_each(out, 1)


def _batch_norm(module: Any, x: Tensor) -> Tensor:
    parts = (module.weight, module.bias, module.running_mean, module.running_var)
    if not _all_stacked(x, *parts) or x.dim() < 2:
        return _as_torch_does(module, x)
    module._check_input_dim(x)
    if module.training and module.num_batches_tracked is not None:
        module.num_batches_tracked.add_(1)
    by_batch = module.training or module.running_mean is None
    with outside():
        weight, bias, mean, var = (
            None if p is None else whole_at(p, 0).reshape(-1) for p in parts
        )
        rows = whole_at(x, 1)  # (B, R, C, ...)
        flat = rows.flatten(1, 2)
        out = F.batch_norm(flat, mean, var, weight, bias, by_batch, module.momentum, module.eps)
        out = out.view(rows.shape)
    return of_each(out, 1)


def _pool(module: Any, x: Tensor) -> Tensor:
    if not is_stacked(x) or x.dim() != 4:
        return _as_torch_does(module, x)
    with outside():
        rows, dim = whole(x)
        if dim > 1:
            rows, dim = rows.movedim(dim, 0), 0
        out = _as_torch_does(module, rows.flatten(0, 1))  # (R * B or B * R, C, ...)
        out = out.unflatten(0, rows.shape[:2])
    return of_each(out, dim)


def _as_torch_does(module: nn.Module, x: Tensor) -> Tensor:
    """The layer's own forward, in the place of which ours stands."""
    forward: Callable[..., Tensor] = type(module).forward
    return forward(module, x)


def _all_stacked(*tensors: Tensor | None) -> bool:
    return all(tensor is None or is_stacked(tensor) for tensor in tensors)
