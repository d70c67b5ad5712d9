"""A trial's state beside its rows so far, so that no checkpoint outruns its record."""

import functools
import io
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
    import torch

    content = io.BytesIO()
    torch.save({"fidelity": fidelity, "state": state, "rows": rows}, content)
    for record in records:
        path = checkpoint_path(record, trial_id)
        insist_in_worker(path, functools.partial(write_bytes, path, content.getvalue()))


def load_checkpoint(records: Sequence[str], trial_id: str) -> dict[str, Any] | None:
    """Returns the furthest checkpoint among the records, or None."""
    paths = [checkpoint_path(record, trial_id) for record in records]
    contents = [insist_in_worker(path, functools.partial(_load, path)) for path in paths]
    found = [content for content in contents if content is not None]
    return max(found, key=lambda content: int(content["fidelity"]), default=None)


def _load(path: Place) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    import torch  # it takes a second, and not every trial has something to load

    content: dict[str, Any] = torch.load(io.BytesIO(path.read_bytes()), weights_only=True)
    return content
