"""The removal of a record that nobody needs any more: its own files, and nothing else."""

import contextlib
from pathlib import Path

from sweepbook.record.storage.files import delete
from sweepbook.record.storage.ours import FILES
from sweepbook.record.storage.places import Where, place

_FOLDERS = ("parts", "checkpoints", "logs")
_LOCK = ".lock"  # goes last


def delete_record(where: Where) -> None:
    """Deletes the files of a record, its manifest first, and its folders where they are empty.

    Whatever else lies there stays, with its folder. A link goes, but not what it leads to.
    """
    folder = place(where)
    for name in FILES:
        if name != _LOCK:
            delete(folder / name)
    for inner in (folder / name for name in _FOLDERS):
        for file in inner.iterdir():
            if file.is_file():
                delete(file)
        delete_empty(inner)
    delete(folder / _LOCK)
    delete_empty(folder)


def delete_empty(where: Where) -> None:
    """Deletes a folder of a disk if nothing is in it; a store has none."""
    folder = place(where)
    if folder.is_local:
        with contextlib.suppress(OSError):
            Path(folder).rmdir()
