"""What replicates of one process share, kept apart: each has its own while it trains.

Python's, numpy's and torch's global random numbers, gradient mode, working folder, environment
and some defaults belong to the process. A replicate finds them as it left them, and leaves no
trace for the next one or for a later trial. docs/trainable.md says what is not kept apart.
"""

import contextlib
import importlib.machinery
import os
import random
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

# function that tells, function that sets; torch's are used where torch is imported
_OF_TORCH = (
    ("is_grad_enabled", "set_grad_enabled"),
    ("get_default_dtype", "set_default_dtype"),
    ("get_num_threads", "set_num_threads"),
    ("are_deterministic_algorithms_enabled", "use_deterministic_algorithms"),
    ("get_float32_matmul_precision", "set_float32_matmul_precision"),
)
_OF_CUDNN = ("benchmark", "deterministic", "allow_tf32")
_DEVICES = ("cpu", "cuda")  # that autocast may be on for

Randoms = dict[str, Any]  # the states of the global generators, as plain values


class Surroundings:
    """The global state of one replicate, entered around every call of its code.

    Args:
        seed: of the global generators, below 2**31.
        randoms: their states to go on from, instead of the seed.
    """

    def __init__(self, seed: int, randoms: Randoms | None = None) -> None:
        self.seed, self.is_inference = seed, False
        outer = _taken()
        self._own = outer
        with self._seeding():
            _seed(seed)
            if randoms:
                _set_randoms(randoms)
            self._own = _taken()
        _put_back(outer)

    def randoms(self) -> Randoms:
        """Returns the states of its global generators."""
        own: Randoms = self._own["randoms"]
        return own

    @contextlib.contextmanager
    def entered(self, *, keep: bool = True) -> Iterator[None]:
        """The process is as the replicate left it; afterwards it is as it was before.

        Args:
            keep: what is changed meanwhile is there again the next time.
        """
        outer = _taken()
        with self._inference():
            _put_back(self._own)
            try:
                with self._seeding():
                    yield
            finally:
                if keep:
                    self._own = _taken()
                    self.is_inference = _is_inference()
                _put_back(outer)

    def _inference(self) -> contextlib.AbstractContextManager[Any]:
        """Inference mode as the replicate left it; one that it is still in nests within."""
        torch = _torch()
        return torch.inference_mode(self.is_inference) if torch else contextlib.nullcontext()

    @contextlib.contextmanager
    def _seeding(self) -> Iterator[None]:
        """Seeds torch when it is imported meanwhile."""
        if _torch():
            yield
            return
        finder = _TorchFinder(self.seed)
        sys.meta_path.insert(0, finder)
        try:
            yield
        finally:
            sys.meta_path.remove(finder)


class _TorchFinder:
    """Finds torch as Python does, and seeds it when it has been imported."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def find_spec(
        self, name: str, path: Any, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "torch":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_and_seed(module: Any) -> None:
            execute(module)
            module.manual_seed(self.seed)

        vars(spec.loader)["exec_module"] = execute_and_seed
        return spec


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  # the global one is what is meant
    if torch := _torch():
        torch.manual_seed(seed)


def _randoms() -> Randoms:
    """The states of the global generators, as plain values that a checkpoint holds."""
    version, numbers, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state()  # noqa: NPY002
    found: Randoms = {
        "python": [version, list(numbers), gauss],
        "numpy": [str(name), np.asarray(keys).tobytes(), position, has_gauss, cached],
    }
    if torch := _torch():
        found["torch"] = torch.get_rng_state().numpy().tobytes()
        if torch.cuda.is_initialized():
            states = torch.cuda.get_rng_state_all()
            found["cuda"] = [state.cpu().numpy().tobytes() for state in states]
    return found


def _set_randoms(states: Randoms) -> None:
    version, numbers, gauss = states["python"]
    random.setstate((version, tuple(numbers), gauss))
    name, keys, *rest = states["numpy"]
    np.random.set_state((name, np.frombuffer(keys, np.uint32), *rest))  # noqa: NPY002
    torch = _torch()
    if torch is None:
        return
    if "torch" in states:
        torch.set_rng_state(torch.frombuffer(bytearray(states["torch"]), dtype=torch.uint8))
    if "cuda" in states and torch.cuda.is_initialized():
        kept = [torch.frombuffer(bytearray(state), dtype=torch.uint8) for state in states["cuda"]]
        torch.cuda.set_rng_state_all(kept[: torch.cuda.device_count()])


def _taken() -> dict[str, Any]:
    """What belongs to the process now."""
    found: dict[str, Any] = {
        "randoms": _randoms(),
        "environ": dict(os.environ),
        "filters": list(warnings.filters),
        "numpy": np.geterr(),
    }
    with contextlib.suppress(FileNotFoundError):  # somebody has deleted it
        found["folder"] = os.getcwd()
    if torch := _torch():
        found["torch"] = {put: getattr(torch, get)() for get, put in _OF_TORCH}
        found["cudnn"] = {key: getattr(torch.backends.cudnn, key) for key in _OF_CUDNN}
        found["autocast"] = {
            device: (torch.is_autocast_enabled(device), torch.get_autocast_dtype(device))
            for device in _DEVICES
        }
    if matplotlib := sys.modules.get("matplotlib"):
        found["matplotlib"] = dict.copy(matplotlib.rcParams)
    return found


def _put_back(state: dict[str, Any]) -> None:
    """Makes the process what it was; what has been imported since keeps what it has."""
    _set_randoms(state["randoms"])
    if state["environ"] != os.environ:
        os.environ.clear()
        os.environ.update(state["environ"])
    if state["filters"] != warnings.filters:
        warnings.filters[:] = state["filters"]  # type: ignore[index]  # it is a list
        vars(warnings)["_filters_mutated"]()
    np.seterr(**state["numpy"])
    if "folder" in state:
        with contextlib.suppress(OSError):
            os.chdir(state["folder"])
    torch = _torch()
    if torch is not None and "torch" in state:
        _put_back_torch(torch, state)
    matplotlib = sys.modules.get("matplotlib")
    if matplotlib is not None and state.get("matplotlib", matplotlib.rcParams) != (
        matplotlib.rcParams
    ):
        dict.update(matplotlib.rcParams, state["matplotlib"])


def _put_back_torch(torch: Any, state: dict[str, Any]) -> None:
    for get, put in _OF_TORCH:
        if getattr(torch, get)() != state["torch"][put]:
            getattr(torch, put)(state["torch"][put])
    for key, value in state["cudnn"].items():
        if getattr(torch.backends.cudnn, key) != value:
            setattr(torch.backends.cudnn, key, value)
    for device, (is_on, dtype) in state["autocast"].items():
        torch.set_autocast_enabled(device, is_on)
        torch.set_autocast_dtype(device, dtype)


def _is_inference() -> bool:
    torch = _torch()
    return torch is not None and bool(torch.is_inference_mode_enabled())


def _torch() -> Any:
    """The module torch where it has been imported, whole."""
    module = sys.modules.get("torch")
    return module if hasattr(module, "inference_mode") else None
