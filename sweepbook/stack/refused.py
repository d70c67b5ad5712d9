"""What a stack cannot train, found in a net before anything is trained."""

from collections.abc import Iterator

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

IN_TURN = "write Stack(..., vectorized=False), which trains the nets in turn"


def check_net(net: nn.Module, vectorized: bool) -> None:
    """Checks all parts of one net that `build` returned.

    Raises:
        TypeError, ValueError: it has a part that cannot be stacked; names it, and what to do.
    """
    if not isinstance(net, nn.Module):
        raise TypeError(f"build returned a {type(net).__name__}: it must return a torch.nn.Module")
    if not net.training:
        raise ValueError(
            "build returned a net in evaluation mode: a stack sets the mode itself, so leave out "
            ".eval(). To freeze batch norm, call .eval() of these layers alone"
        )
    _check_initialised(net)
    for name, module in net.named_modules():
        for problem in _problems(module, vectorized):
            where = f"the net's {name!r}" if name else "the net"
            raise ValueError(f"{where} ({type(module).__name__}) {problem}")
    _check_tensors(net)


def _problems(module: nn.Module, vectorized: bool) -> Iterator[str]:
    """What is wrong with one module, each as the end of a sentence."""
    if vectorized:
        yield from _random_parts(module)
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    if any(getattr(module, kind, None) for kind in hooks):
        yield (
            "has hooks, which would see all replicates at once: remove them. In the place of "
            "torch.nn.utils.weight_norm use torch.nn.utils.parametrizations.weight_norm"
        )
    if isinstance(module, nn.Embedding | nn.EmbeddingBag) and module.sparse:
        yield "has sparse gradients: use sparse=False"
    if isinstance(module, _BatchNorm | nn.modules.instancenorm._InstanceNorm) and vectorized:
        if module.track_running_stats and module.momentum is None:
            yield f"has momentum=None, which vmap cannot do: give it a number, or {IN_TURN}"


def _random_parts(module: nn.Module) -> Iterator[str]:
    """Parts that draw random numbers, which one call for all replicates cannot draw for each."""
    if isinstance(module, _DropoutNd) and type(module) is not nn.Dropout and module.p > 0:
        yield (
            "draws random numbers, and its masks would depend on the number of replicates: use "
            "nn.Dropout, which a stack replaces, or p=0"
        )
    if isinstance(module, nn.RReLU):
        yield "draws random numbers: use nn.LeakyReLU"
    if isinstance(module, nn.MultiheadAttention) and module.dropout > 0:
        yield (
            "drops attention weights at random: set its dropout to 0, and put an nn.Dropout "
            "behind it (in an nn.TransformerEncoderLayer: layer.self_attn.dropout = 0.0)"
        )
    if isinstance(module, nn.RNNBase) and module.dropout > 0:
        yield "has dropout between its layers: use dropout=0, with nn.Dropout between two of them"


def _check_initialised(net: nn.Module) -> None:
    for name, tensor in (*net.named_parameters(), *net.named_buffers()):
        if nn.parameter.is_lazy(tensor):
            raise ValueError(
                f"the net's {name!r} has no shape yet: use a module that is not lazy, or call the "
                "net once within build"
            )


def _check_tensors(net: nn.Module) -> None:
    for name, parameter in net.named_parameters():
        if parameter.requires_grad and not parameter.dtype.is_floating_point:
            raise ValueError(
                f"the net's parameter {name!r} has the type {parameter.dtype}: a stack trains "
                "floating-point numbers. Keep complex ones as two real parameters"
            )
    trained = [p for p in net.parameters() if p.requires_grad]
    if not trained:
        raise ValueError("the net has no parameter with requires_grad=True: there is no training")
    for what in ("dtype", "device"):
        kinds: set[torch.dtype | torch.device] = {getattr(p, what) for p in trained}
        if len(kinds) > 1:
            raise ValueError(
                f"the net's trained parameters have more than one {what} "
                f"({', '.join(sorted(map(str, kinds)))}): give all of them the same one"
            )
    named = {name for name, _ in net.named_parameters(remove_duplicate=False)}
    named |= {name for name, _ in net.named_buffers(remove_duplicate=False)}
    for name in net.state_dict():
        if name not in named:
            raise ValueError(
                f"the net's state_dict holds {name!r}, which is no parameter and no buffer: a "
                "stack would not keep it. Register it with register_buffer"
            )
