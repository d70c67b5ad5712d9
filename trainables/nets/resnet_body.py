"""ResNet-18 in parts: built from a seed, given weights, frozen up to a depth."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from trainables.nets.state_dicts import State

# In the order of the data; `frozen_depth` counts them.
PARTS = (("conv1", "bn1"), ("layer1",), ("layer2",), ("layer3",), ("layer4",))


def build_resnet18(seed: int, n_outputs: int = 1, body: State | None = None) -> nn.Module:
    """Returns torchvision's ResNet-18 with a last layer of n_outputs.

    Weights are drawn by torchvision's own initialisers from a generator seeded with `seed`, the
    last layer's the same whether a `body` replaces the others or not; the global generator is
    left as it was. float32, on the CPU, laid out for it: see `_lay_out`.
    """
    from torchvision.models import resnet18

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net: nn.Module = resnet18(weights=None, num_classes=n_outputs)
    if body is not None:
        own = net.state_dict()
        net.load_state_dict(own | dict(body))
    return _lay_out(net)


def _lay_out(net: nn.Module) -> nn.Module:
    """Channels last in memory, but for layer4: the layout in which a CPU trains fastest.

    layer4 has three quarters of the weights and the smallest maps. Channels last, its gradients
    are copied from one layout to the other in every step, which costs more than its convolutions
    gain. The numbers differ in their rounding alone.
    """
    net = net.to(memory_format=torch.channels_last)
    layer4 = net.get_submodule("layer4").to(memory_format=torch.contiguous_format)
    layer4.register_forward_pre_hook(lambda _, args: (args[0].contiguous(),))
    return net


def body_state(net: nn.Module) -> dict[str, torch.Tensor]:
    """Returns copies of the body's parameters and buffers: everything but the last layer."""
    state = net.state_dict()
    return {k: v.detach().cpu().clone() for k, v in state.items() if not k.startswith("fc.")}


def frozen_modules(net: nn.Module, depth: int) -> list[nn.Module]:
    """Returns the modules of the first `depth` parts of the body, 0..5."""
    return [getattr(net, name) for part in PARTS[:depth] for name in part]


def freeze(net: nn.Module, depth: int) -> None:
    """Stops gradients for the first `depth` parts; autograd then never enters them."""
    for module in frozen_modules(net, depth):
        module.requires_grad_(False)


def to_train_mode(net: nn.Module, depth: int) -> None:
    """Train mode, but eval mode for frozen parts: batch norm keeps its running statistics."""
    net.train()
    for module in frozen_modules(net, depth):
        module.eval()


def without_frozen(state: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """Returns the entries of a state dict that training can change."""
    frozen = tuple(f"{name}." for part in PARTS[:depth] for name in part)
    return {name: value for name, value in state.items() if not name.startswith(frozen)}
