"""torch's global state, where torch has been imported: this imports it never."""

import contextlib
import importlib.machinery
import sys
from collections.abc import Iterator
from typing import Any

# function that tells, function that sets; precision is left out, for torch has two ways to set it
# and lets nobody ask who has used both
_SETTINGS = (
    ("is_grad_enabled", "set_grad_enabled"),
    ("get_default_dtype", "set_default_dtype"),
    ("get_num_threads", "set_num_threads"),
)
_OF_CUDNN = ("benchmark", "deterministic")
_DEVICES = ("cpu", "cuda")  # that autocast may be on for

State = dict[str, Any]
_AT_FIRST: State = {}  # what torch was when a trainable had just imported it


def loaded() -> Any:
    """The module torch where it has been imported, whole; else None."""
    module = sys.modules.get("torch")
    return module if hasattr(module, "inference_mode") else None


def taken(torch: Any) -> State:
    """Returns torch's global state now."""
    return {
        "randoms": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
        "settings": [getattr(torch, get)() for get, _ in _SETTINGS],
        "deterministic": _deterministic(torch),
        "cudnn": [getattr(torch.backends.cudnn, key) for key in _OF_CUDNN],
        "autocast": [_autocast(torch, device) for device in _DEVICES],
    }


def put_back(torch: Any, state: State | None, seed: int) -> None:
    """Makes torch what it was.

    Args:
        state: as `taken` gives it; None: torch was not imported then. It begins at the seed.
    """
    if state is None:
        torch.manual_seed(seed)
        state = _AT_FIRST or taken(torch)
    else:
        torch.set_rng_state(state["randoms"])
        _put_back_cuda(torch, state["cuda"], seed)
    for (get, put), value in zip(_SETTINGS, state["settings"], strict=True):
        if getattr(torch, get)() != value:
            getattr(torch, put)(value)
    if _deterministic(torch) != state["deterministic"]:
        is_on, warns = state["deterministic"]
        torch.use_deterministic_algorithms(is_on, warn_only=warns)
    for key, value in zip(_OF_CUDNN, state["cudnn"], strict=True):
        if getattr(torch.backends.cudnn, key) != value:
            setattr(torch.backends.cudnn, key, value)
    for device, known in zip(_DEVICES, state["autocast"], strict=True):
        if _autocast(torch, device) != known:
            torch.set_autocast_enabled(device, known[0])
            torch.set_autocast_dtype(device, known[1])


def _put_back_cuda(torch: Any, states: list[Any], seed: int) -> None:
    """CUDA's generators; where they had not been used, they begin at the seed once they are."""
    if states and torch.cuda.is_initialized():
        torch.cuda.set_rng_state_all(states)
    elif not states and torch.backends.cuda.is_built():
        torch.cuda.manual_seed_all(seed)


def _deterministic(torch: Any) -> tuple[bool, bool]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )


def _autocast(torch: Any, device: str) -> tuple[bool, Any]:
    return torch.is_autocast_enabled(device), torch.get_autocast_dtype(device)


def randoms_of(state: State) -> list[bytes]:
    """Returns the states of the generators, the CPU's first, as plain values."""
    return [one.cpu().numpy().tobytes() for one in (state["randoms"], *state["cuda"])]


def set_randoms(torch: Any, randoms: list[bytes]) -> None:
    """Sets the states of the generators, as `randoms_of` gives them."""
    cpu, *cuda = [torch.frombuffer(bytearray(one), dtype=torch.uint8) for one in randoms]
    torch.set_rng_state(cpu)
    if cuda and torch.cuda.is_available():
        torch.cuda.init()  # it was in use where the states were kept
        torch.cuda.set_rng_state_all(cuda[: torch.cuda.device_count()])


def is_inference() -> bool:
    """Whether torch is in inference mode."""
    torch = loaded()
    return torch is not None and bool(torch.is_inference_mode_enabled())


def inference(is_on: bool) -> contextlib.AbstractContextManager[Any]:
    """Inference mode, on or off; a generator's own nests within."""
    torch = loaded()
    return torch.inference_mode(is_on) if torch else contextlib.nullcontext()


@contextlib.contextmanager
def seeded_on_arrival(seed: int) -> Iterator[None]:
    """Seeds torch when it is imported meanwhile."""
    if loaded():
        yield
        return
    finder = _Finder(seed)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder:
    """Finds torch as Python does, and seeds it when it has been imported."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def find_spec(
        self, name: str, path: Any, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Python's protocol of finders."""
        if name != "torch":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_and_seed(module: Any) -> None:
            execute(module)
            _AT_FIRST.update(taken(module))
            module.manual_seed(self.seed)

        vars(spec.loader)["exec_module"] = execute_and_seed
        return spec
