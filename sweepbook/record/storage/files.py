"""Files that are either whole or absent: synced and renamed on a disk, one upload in a store."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

import pandas as pd

from sweepbook.record.storage.places import Where, place


def write_bytes(where: Where, content: bytes) -> None:
    """Writes a file atomically.

    Raises:
        OSError: where the disk is full or not writable, or the store is away; the file is then as
            it was before.
    """
    target = place(where)
    if target.is_local:
        _write_aside(Path(target), content)
        return
    with target.fs.open_output_stream(target.path) as file:
        file.write(content)


def _write_aside(path: Path, content: bytes) -> None:
    """Writes in the same folder, waits for the disk, and renames."""
    aside = aside_of(path)
    try:
        with aside.open("xb") as file:  # no file that is there, and through no link
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
        _sync_names(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def aside_of(path: Path) -> Path:
    """Returns a name that nobody else has, beside what is to be written or replaced."""
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")


def _sync_names(folder: Path) -> None:
    """Waits until a folder's names are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(where: Where, value: Any) -> None:
    """Writes a JSON file atomically."""
    text = json.dumps(value, indent=1, sort_keys=False, default=str)
    write_bytes(where, f"{text}\n".encode())


def write_parquet(where: Where, frame: pd.DataFrame) -> None:
    """Writes a parquet file atomically."""
    write_bytes(where, frame.to_parquet(index=False, compression="zstd"))


def make_folder(where: Where) -> None:
    """Makes a folder with those above it; a store needs none."""
    target = place(where)
    if target.is_local:
        target.fs.create_dir(target.path)


def delete(where: Where) -> None:
    """Deletes a file, if it is there."""
    target = place(where)
    try:
        target.fs.delete_file(target.path)
    except FileNotFoundError:
        pass
