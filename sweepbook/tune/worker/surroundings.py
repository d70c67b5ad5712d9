"""What replicates of one process share, kept apart: each has its own while it trains.

Python's, numpy's and torch's global random numbers, gradient mode, working folder, environment
and some defaults belong to the process. A replicate finds them as it left them, and leaves no
trace for the next one or for a later trial. docs/trainable.md says what is not kept apart.
"""

import contextlib
import os
import random
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from sweepbook.tune.worker.states import torch_state
from sweepbook.tune.worker.states.torch_state import loaded

Randoms = dict[str, Any]  # the states of the global generators, as plain values
State = dict[str, Any]


class Surroundings:
    """The global state of one replicate, entered around every call of its code.

    Args:
        seed: of the global generators, below 2**31.
        outer: what the process is otherwise, as `taken` gives it.
        randoms: states of the generators to go on from, instead of the seed.
    """

    def __init__(self, seed: int, outer: State, randoms: Randoms | None = None) -> None:
        self.seed, self.is_inference = seed, False
        self._outer = self._own = outer
        self._kept = _packed(randoms) if randoms else None
        with self.entered():
            self.seed_randoms()
            self.recall_randoms()

    def seed_randoms(self) -> None:
        """Has the process begin at the seed."""
        random.seed(self.seed)
        np.random.seed(self.seed)  # noqa: NPY002  # the global one is what is meant
        if torch := loaded():
            torch.manual_seed(self.seed)

    def recall_randoms(self) -> None:
        """Has the process go on where the given states of the generators stand."""
        if self._kept:
            _set_randoms(self._kept)

    def randoms(self) -> Randoms:
        """Returns the states of its global generators, as a checkpoint keeps them."""
        version, numbers, gauss = self._own["python"]
        name, keys, *rest = self._own["numpy"]
        found: Randoms = {"python": [version, list(numbers), gauss]}
        found["numpy"] = [str(name), np.asarray(keys).tobytes(), *rest]
        if "torch" in self._own:
            found["torch"] = torch_state.randoms_of(self._own["torch"])
        return found

    @contextlib.contextmanager
    def entered(self, *, keep: bool = True) -> Iterator[None]:
        """The process is as the replicate left it; afterwards it is as it is otherwise.

        Args:
            keep: what is changed meanwhile is there again the next time.
        """
        with torch_state.inference(self.is_inference), torch_state.seeded_on_arrival(self.seed):
            _put_back(self._own, self.seed)
            try:
                yield
                if keep:
                    self._own = taken()
                    self.is_inference = torch_state.is_inference()
            finally:
                _put_back(self._outer, self.seed)


def taken() -> State:
    """Returns what belongs to the process now."""
    found: State = {
        "python": random.getstate(),
        "numpy": np.random.get_state(),  # noqa: NPY002
        "environ": dict(_environ()),
        "filters": list(warnings.filters),
        "errors": np.geterr(),
    }
    with contextlib.suppress(FileNotFoundError):  # somebody has deleted it
        found["folder"] = os.getcwd()
    if torch := loaded():
        found["torch"] = torch_state.taken(torch)
    if matplotlib := sys.modules.get("matplotlib"):
        found["matplotlib"] = dict.copy(matplotlib.rcParams)
    return found


def _put_back(state: State, seed: int) -> None:
    """Makes the process what it was; a torch that was not there yet begins at the seed."""
    _set_randoms(state)
    if state["environ"] != _environ():
        before = {os.fsdecode(key): os.fsdecode(value) for key, value in state["environ"].items()}
        for key in os.environ.keys() - before.keys():
            del os.environ[key]
        os.environ.update(before)
    if state["filters"] != warnings.filters:
        warnings.filters[:] = state["filters"]  # type: ignore[index]  # it is a list
        vars(warnings).get("_filters_mutated", lambda: None)()  # Python's own cache of them
    if state["errors"] != np.geterr():
        np.seterr(**state["errors"])
    if "folder" in state:
        with contextlib.suppress(OSError):
            if _folder() != state["folder"]:
                os.chdir(state["folder"])
    if torch := loaded():
        torch_state.put_back(torch, state.get("torch"), seed)
    if (matplotlib := sys.modules.get("matplotlib")) and hasattr(matplotlib, "rcParamsOrig"):
        known = state.get("matplotlib") or dict.copy(matplotlib.rcParamsOrig)
        known = {**known, "backend": dict.get(matplotlib.rcParams, "backend")}
        if not dict.__eq__(matplotlib.rcParams, known):
            dict.update(matplotlib.rcParams, known)


def _set_randoms(state: State) -> None:
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])  # noqa: NPY002
    if (torch := loaded()) and "randoms" in state:
        torch_state.set_randoms(torch, state["randoms"])


def _packed(randoms: Randoms) -> State:
    """The states of a checkpoint as the generators take them."""
    version, numbers, gauss = randoms["python"]
    name, keys, *rest = randoms["numpy"]
    found: State = {"python": (version, tuple(numbers), gauss)}
    found["numpy"] = (name, np.frombuffer(keys, np.uint32), *rest)
    return found | ({"randoms": randoms["torch"]} if "torch" in randoms else {})


def _folder() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None


def _environ() -> dict[Any, Any]:
    """The environment's own dict: `os.environ` decodes every text at each look."""
    own: dict[Any, Any] = vars(os.environ)["_data"]
    return own
