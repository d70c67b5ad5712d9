"""What vmap cannot do with a net, as a sentence that names the place and the way out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.overrides import TorchFunctionMode, resolve_name

from sweepbook.stack.refused import IN_TURN

OTHERWISE = f"or {IN_TURN}"
SIGNS = ("vmap", "functorch", "atching rule", "BatchedTensor")


def is_of_vmap(error: RuntimeError) -> bool:
    """Whether an error is about vmap, and not one that a net alone would raise as well."""
    return any(sign in str(error) for sign in SIGNS)


def explained(error: RuntimeError, net: nn.Module, call: Callable[[], Any]) -> ValueError:
    """Returns an error that says which operation of which module vmap refused.

    Args:
        net: the one whose forward was called.
        call: what raised the error; it is called once more.
    """
    place = _place(net, call)
    text = str(error)
    if "random" in text:
        return ValueError(
            f"the net draws random numbers {place}, and those of one replicate would depend on "
            "how many others there are. Use nn.Dropout modules, which a stack replaces (set "
            "dropout_p=0 of attention), give other random numbers as a part of the batch, "
            f"{OTHERWISE}"
        )
    if ".item()" in text or "control flow" in text:
        return ValueError(
            f"the net reads the value of a tensor {place}, which all replicates would share. "
            f"Write torch.where in the place of if, {OTHERWISE}"
        )
    return ValueError(
        f"torch.func.vmap cannot stack what the net does {place}: {text.splitlines()[0]}. Use "
        f"another operation, {OTHERWISE}"
    )


def _place(net: nn.Module, call: Callable[[], Any]) -> str:
    """Where a call fails: "in torch.nn.functional.dropout of 'layers.2' (Block)"."""
    entered: list[nn.Module] = []
    recorder = _Recorder(entered)
    hooks = [
        register_module_forward_pre_hook(lambda module, _: entered.append(module)),
        register_module_forward_hook(lambda *_: _left(entered)),
    ]
    try:
        with recorder:
            call()
    except RuntimeError:
        pass
    finally:
        for hook in hooks:
            hook.remove()
    if not recorder.operation:
        return "in its forward, its loss or their gradients"
    names = {id(module): name for name, module in net.named_modules()}
    inside = [module for module in recorder.modules if names.get(id(module))]
    where = f" of {names[id(inside[-1])]!r} ({type(inside[-1]).__name__})" if inside else ""
    return f"in {recorder.operation}{where}"


def _left(entered: list[nn.Module]) -> None:
    entered.pop()


class _Recorder(TorchFunctionMode):
    """Keeps the first operation that raises, and the modules that were being called."""

    def __init__(self, entered: Sequence[nn.Module]) -> None:
        super().__init__()
        self.entered = entered
        self.operation = ""
        self.modules: list[nn.Module] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Calls the operation, and notes it where it raises."""
        try:
            return func(*args, **(kwargs or {}))
        except RuntimeError:
            if not self.operation:
                name = resolve_name(func) or getattr(func, "__name__", str(func))
                self.operation = name.replace("torch.Tensor.", "Tensor.")
                self.modules = list(self.entered)
            raise
