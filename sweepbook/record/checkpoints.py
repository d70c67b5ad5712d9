"""A trial's state beside its rows so far, so that no checkpoint outruns its record."""

import functools
import pickle
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from sweepbook.record.storage.files import delete, write_bytes
from sweepbook.record.storage.inside import file_at, file_in, files_in
from sweepbook.record.storage.outage import insist_in_worker
from sweepbook.record.storage.packing import packed, unpacked
from sweepbook.record.storage.places import Place, Where, place

Rows = list[dict[str, Any]]
_UNREADABLE = (
    *(pickle.UnpicklingError, ValueError, RuntimeError, EOFError, AttributeError),
    *(LookupError, TypeError, OverflowError, MemoryError, zipfile.BadZipFile),
)  # of a damaged file


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
    content = packed(best)
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
        ValueError: the file is damaged, holds more than `packed` writes, or holds tensors where
            torch is not installed.
    """
    try:
        content = _load(place(path), device="cpu")
        if content is not None:
            _check_content(content, place(path).parent.name == "checkpoints")
        return content
    except _UNREADABLE as error:
        first = (str(error).strip() or repr(error)).splitlines()[0]
        raise ValueError(f"{path} cannot be read as a state: {first}") from error


def _check_content(content: Mapping[str, Any], of_record: bool) -> None:
    if "state" not in content:
        raise ValueError("it holds no state")
    if of_record and type(content.get("fidelity")) is not int:
        raise ValueError("it does not say at which fidelity the state is")


def copy_states(source: Where, target: Where, trial_ids: Mapping[str, str]) -> None:
    """Copies the checkpoints and best states of some trials from one record to another.

    Args:
        trial_ids: new id -> the old one.
    """
    files: dict[str, list[str]] = {}
    for file in files_in(source, "checkpoints"):
        files.setdefault(file.name.partition(".")[0], []).append(file.name)
    for new, old in trial_ids.items():
        for name in files.get(old, ()):
            ending = name.removeprefix(old)
            if found := file_in(source, "checkpoints", name):
                write_bytes(place(target) / "checkpoints" / f"{new}{ending}", found.read_bytes())


def _load(path: Place, device: str | None = None) -> dict[str, Any] | None:
    """The content of a checkpoint; no file can have code executed."""
    found = file_at(path)
    return unpacked(found.read_bytes(), device) if found else None
