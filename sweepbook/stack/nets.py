"""The nets of a stack: built from their seeds, and held against each other."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sweepbook.stack.refused import check_net

Build = Callable[[int], nn.Module]


def build_nets(build: Build, seeds: Sequence[int], vectorized: bool) -> list[nn.Module]:
    """Returns one net per seed, and behind them the last one built a second time.

    torch's generator of the CPU starts from the seed for each net, and is left as it was.

    Raises:
        TypeError, ValueError: a net cannot be stacked, or not with the others.
    """
    nets: list[nn.Module] = []
    for seed in (*seeds, seeds[-1]):
        net = _built(build, seed)
        if any(net is other for other in nets):
            raise ValueError(
                "build returned the same net for two seeds: it must make a new one in each call"
            )
        try:
            check_net(net, vectorized)
            _check_same(nets[0] if nets else net, net)
        except (TypeError, ValueError) as error:
            raise type(error)(f"the net of seed {seed}: {error}") from None
        nets.append(net)
    _check_apart(nets[:-1])
    _check_repeatable(nets[-2], nets[-1], seeds[-1])
    return nets


def _built(build: Build, seed: int) -> nn.Module:
    generator = torch.default_generator
    before = generator.get_state()
    try:
        generator.manual_seed(seed)
        return build(seed)
    finally:
        generator.set_state(before)


def _check_same(first: nn.Module, net: nn.Module) -> None:
    """Checks that a net is like the first one in all but the values of its tensors."""
    ours, others = list(_described(net)), list(_described(first))
    if ours == others:
        return
    pairs = zip(ours + [("end", "")], others + [("end", "")], strict=False)
    (name, is_, was) = next((a[0], a[1], b) for a, b in pairs if a != b)
    is_ = f"{name} is {is_}" if is_ else "it has fewer parts"
    other = f"{was[0]} is {was[1]}" if was[1] else "has fewer parts"
    raise ValueError(
        f"{is_}, but in the net of the first seed {other}: all nets of a stack must be alike but "
        "for the values of their parameters and buffers. Keep what differs in a buffer "
        "(register_buffer), or train the nets in studies of their own"
    )


def _described(net: nn.Module) -> Iterator[tuple[str, str]]:
    """All that must be alike in two nets, as names and texts."""
    for name, module in net.named_modules():
        kind = f"{type(module).__module__}.{type(module).__qualname__}"
        yield f"module {name!r}", f"{kind} {'training' if module.training else 'evaluating'}"
        for key, value in sorted(vars(module).items()):
            if not key.startswith("_") and (text := _plain(value)) is not None:
                yield f"attribute {f'{name}.{key}'.lstrip('.')!r}", text
    first: dict[int, str] = {}
    for kind, tensors in (
        ("parameter", net.named_parameters(remove_duplicate=False)),
        ("buffer", net.named_buffers(remove_duplicate=False)),
    ):
        for name, tensor in tensors:
            twin = first.setdefault(id(tensor), name)
            text = f"of shape {tuple(tensor.shape)}, {tensor.dtype}, on {tensor.device}"
            text += ", trained" if tensor.requires_grad else ""
            yield f"{kind} {name!r}", text if twin == name else f"the same as {twin!r}"


def _plain(value: Any) -> str | None:
    """A value as a text, or None for what cannot be compared."""
    if isinstance(value, bool | int | float | complex | str | bytes | None | np.generic):
        return repr(value)
    if isinstance(value, Tensor) and value.layout is torch.strided and not value.is_quantized:
        content = value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()
        return f"a tensor {tuple(value.shape)} with the hash {_hash(content)}"
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufcSU":
        return f"an array {tuple(value.shape)} with the hash {_hash(value)}"
    if isinstance(value, list | tuple):
        inner = [_plain(one) for one in value]
        return None if any(one is None for one in inner) else f"[{', '.join(map(str, inner))}]"
    return None


def _hash(value: np.ndarray[Any, Any]) -> str:
    return hashlib.sha256(value.tobytes()).hexdigest()[:8]


def _check_apart(nets: Sequence[nn.Module]) -> None:
    """Checks that no two nets train the same parameter."""
    owners: dict[int, int] = {}
    for number, net in enumerate(nets):
        for name, parameter in net.named_parameters():
            if owners.setdefault(id(parameter), number) != number and parameter.requires_grad:
                raise ValueError(
                    f"two nets share the parameter {name!r}: build must make a new one in each "
                    "call, or freeze it with requires_grad_(False)"
                )


def _check_repeatable(net: nn.Module, again: nn.Module, seed: int) -> None:
    """Checks that two nets of one seed have the same values."""
    for one, other in (
        (net.named_parameters(), again.named_parameters()),
        (net.named_buffers(), again.named_buffers()),
    ):
        for (name, a), (_, b) in zip(one, other, strict=True):
            if not torch.equal(torch.nan_to_num(a.detach()), torch.nan_to_num(b.detach())):
                raise ValueError(
                    f"build({seed}) gave two nets with different values of {name!r}: the net must "
                    "depend on the seed alone. Draw random numbers of numpy or Python from a "
                    "generator that is seeded with it"
                )
