"""A trial's state beside its rows so far, so that no checkpoint outruns its record."""

import functools
import io
import pickle
import sys
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from sweepbook.record.storage.files import delete, write_bytes
from sweepbook.record.storage.outage import insist_in_worker
from sweepbook.record.storage.places import Place, Where, place

Rows = list[dict[str, Any]]
_PLAIN = (bool, int, float, str, bytes)  # themselves: np.float64 is a float, and not loadable


def checkpoint_path(record: Where, trial_id: str) -> Place:
    """Returns where a record keeps the checkpoint of a trial."""
    return place(record) / "checkpoints" / f"{trial_id}.pt"


def save_checkpoint(records: Sequence[str], trial_id: str, checkpoint: dict[str, Any]) -> None:
    """Writes a checkpoint into each record that shares the trial, atomically.

    Args:
        checkpoint: "fidelity" (int), "state" (of the trainable), "rows" (`Rows`), and "places",
            one dict per generator: its "fidelity", and "randoms", its global random numbers.

    Raises:
        TypeError: where the state holds what could not be loaded again, such as numpy's arrays.
    """
    content = _packed(checkpoint)
    for record in records:
        path = checkpoint_path(record, trial_id)
        insist_in_worker(path, functools.partial(write_bytes, path, content))


def load_checkpoint(records: Sequence[str], trial_id: str) -> dict[str, Any] | None:
    """Returns the furthest checkpoint among the records, or None."""
    paths = [checkpoint_path(record, trial_id) for record in records]
    contents = [insist_in_worker(path, functools.partial(_load, path)) for path in paths]
    found = [content for content in contents if content is not None]
    return max(found, key=lambda content: int(content["fidelity"]), default=None)


def best_path(record: Where, trial_id: str, fidelity: int) -> Place:
    """Returns where a record keeps a trial's best state, where that is not the checkpoint's."""
    return place(record) / "checkpoints" / f"{trial_id}.best-{fidelity}.pt"


def save_best(records: Sequence[str], trial_id: str, best: dict[str, Any]) -> None:
    """Writes the best state of a trial beside its checkpoint, into each record, atomically.

    Args:
        best: "fidelity" (int), "state" (of the trainable), "metric" (its name), "value" (float).

    Raises:
        TypeError: as `save_checkpoint`.
    """
    content = _packed(best)
    for record in records:
        path = best_path(record, trial_id, best["fidelity"])
        insist_in_worker(path, functools.partial(write_bytes, path, content))


def drop_best(records: Sequence[str], trial_id: str, fidelity: int) -> None:
    """Deletes a best state that another one has replaced."""
    for record in records:
        path = best_path(record, trial_id, fidelity)
        insist_in_worker(path, functools.partial(delete, path))


def load_state(path: Where) -> dict[str, Any] | None:
    """Returns the content of a checkpoint or of a best state, tensors on the CPU; None: no file.

    Raises:
        ValueError: the file is damaged, holds more than tensors and plain values, or holds
            tensors where torch is not installed.
    """
    try:
        return _load(place(path), device="cpu")
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{path} holds tensors, and torch is not installed here: run pip install torch"
        ) from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, IndexError) as error:
        first = (str(error).strip() or repr(error)).splitlines()[0]
        raise ValueError(f"{path} cannot be read as a state: {first}") from error


def copy_states(source: Where, target: Where, trial_ids: Mapping[str, str]) -> None:
    """Copies the checkpoints and best states of some trials from one record to another.

    Args:
        trial_ids: new id -> the old one.
    """
    files: dict[str, list[Place]] = {}
    for file in (place(source) / "checkpoints").iterdir():
        files.setdefault(file.name.partition(".")[0], []).append(file)
    for new, old in trial_ids.items():
        for file in files.get(old, ()):
            ending = file.name.removeprefix(old)
            write_bytes(place(target) / "checkpoints" / f"{new}{ending}", file.read_bytes())


class _PlainUnpickler(pickle.Unpickler):
    """Of numbers, texts and containers; whatever else a file asks for is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is no plain value")


def _packed(content: dict[str, Any]) -> bytes:
    """The content as bytes: torch's, or a pickle of plain values where torch is not in use.

    Importing torch takes a worker a second or more, for what cannot hold a tensor.
    """
    if "torch" not in sys.modules:
        packed = pickle.dumps(content)
        try:
            _PlainUnpickler(io.BytesIO(packed)).load()
        except pickle.UnpicklingError:
            pass  # arrays, for example
        else:
            return packed
    if not _is_loadable(content["state"]):
        raise TypeError(_refusal(content["state"], "state"))
    return _packed_by_torch(content)


def _packed_by_torch(content: Any) -> bytes:
    import torch

    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def _is_loadable(content: Any) -> bool:
    """Whether it holds nothing but tensors and plain values, as `_load` takes them."""
    import torch

    kind = type(content)
    if kind in (dict, OrderedDict):
        return all(map(_is_loadable, (*content, *content.values())))
    if kind in (list, tuple):
        return all(map(_is_loadable, content))
    if content is None or kind in _PLAIN or kind is torch.Tensor:
        return True
    file = io.BytesIO(_packed_by_torch(content))
    return not torch.serialization.get_unsafe_globals_in_checkpoint(file)


def _refusal(content: Any, name: str) -> str:
    """Names the innermost value that cannot be loaded again, and says what to do."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(content, dict):
        inner = list(content.items())
    elif isinstance(content, list | tuple):
        inner = list(enumerate(content))
    for key, value in inner:
        if not _is_loadable(value):
            return _refusal(value, f"{name}[{key!r}]")
    kind = type(content)
    return (
        f"{name} is a {kind.__module__}.{kind.__qualname__}, which a checkpoint cannot hold: it "
        "holds tensors and plain Python values, so use torch.from_numpy(array) or number.item()"
    )


def _load(path: Place, device: str | None = None) -> dict[str, Any] | None:
    """The content of a checkpoint; no file can have code executed."""
    if not path.is_file():
        return None
    packed = path.read_bytes()
    content: dict[str, Any]
    if packed[:2] != b"PK":  # no zip, as torch writes them
        content = _PlainUnpickler(io.BytesIO(packed)).load()
        return content
    import torch

    content = torch.load(io.BytesIO(packed), map_location=device, weights_only=True)
    return content
