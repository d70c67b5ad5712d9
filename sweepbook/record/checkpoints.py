"""A trial's state beside its rows so far, so that no checkpoint outruns its record."""

import functools
from collections.abc import Sequence
from typing import Any

from sweepbook.record.storage.files import write_bytes
from sweepbook.record.storage.outage import insist_in_worker
from sweepbook.record.storage.packing import packed, unpacked
from sweepbook.record.storage.places import Place, Where, place

Rows = list[dict[str, Any]]


def checkpoint_path(record: Where, trial_id: str) -> Place:
    """Returns where a record keeps the checkpoint of a trial."""
    return place(record) / "checkpoints" / f"{trial_id}.pt"


def save_checkpoint(records: Sequence[str], trial_id: str, checkpoint: dict[str, Any]) -> None:
    """Writes a checkpoint into each record that shares the trial, atomically.

    Args:
        checkpoint: "fidelity" (int), "state" (of the trainable), "rows" (`Rows`), and "places",
            one dict per generator: its "fidelity", and "randoms", its global random numbers.

    Raises:
        TypeError: where the state holds what could not be loaded again; see `packed`.
    """
    content = packed(checkpoint)
    for record in records:
        path = checkpoint_path(record, trial_id)
        insist_in_worker(path, functools.partial(write_bytes, path, content))


def load_checkpoint(records: Sequence[str], trial_id: str) -> dict[str, Any] | None:
    """Returns the furthest checkpoint among the records, or None."""
    paths = [checkpoint_path(record, trial_id) for record in records]
    contents = [insist_in_worker(path, functools.partial(_load, path)) for path in paths]
    found = [content for content in contents if content is not None]
    return max(found, key=lambda content: int(content["fidelity"]), default=None)


def _load(path: Place) -> dict[str, Any] | None:
    """The content of a checkpoint; no file can have code executed."""
    return unpacked(path.read_bytes()) if path.is_file() else None
