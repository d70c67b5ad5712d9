"""A trial's state beside its rows so far, so that no checkpoint outruns its record."""

import functools
import io
import pickle
import sys
from collections.abc import Sequence
from typing import Any

from analysis.places import Place, Where, place
from sweepbook.files import write_bytes
from sweepbook.outage import insist_in_worker

Rows = list[dict[str, Any]]


def checkpoint_path(record: Where, trial_id: str) -> Place:
    """Returns where a record keeps the checkpoint of a trial."""
    return place(record) / "checkpoints" / f"{trial_id}.pt"


def save_checkpoint(
    records: Sequence[str], trial_id: str, fidelity: int, state: Any, rows: Rows
) -> None:
    """Writes state and rows into each record that shares the trial, atomically."""
    content = _packed({"fidelity": fidelity, "state": state, "rows": rows})
    for record in records:
        path = checkpoint_path(record, trial_id)
        insist_in_worker(path, functools.partial(write_bytes, path, content))


def load_checkpoint(records: Sequence[str], trial_id: str) -> dict[str, Any] | None:
    """Returns the furthest checkpoint among the records, or None."""
    paths = [checkpoint_path(record, trial_id) for record in records]
    contents = [insist_in_worker(path, functools.partial(_load, path)) for path in paths]
    found = [content for content in contents if content is not None]
    return max(found, key=lambda content: int(content["fidelity"]), default=None)


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
    import torch

    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def _load(path: Place) -> dict[str, Any] | None:
    """The content of a checkpoint; no file can have code executed."""
    if not path.is_file():
        return None
    packed = path.read_bytes()
    content: dict[str, Any]
    if packed[:2] != b"PK":  # no zip, as torch writes them
        content = _PlainUnpickler(io.BytesIO(packed)).load()
        return content
    import torch

    content = torch.load(io.BytesIO(packed), weights_only=True)
    return content
