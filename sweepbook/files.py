"""Files that are either whole or absent: written aside, synced to disk, renamed."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd


def write_aside(path: Path, write: Callable[[Path], object]) -> None:
    """Calls `write` with a temporary path in the same folder, then renames it to `path`.

    Raises:
        OSError: where the disk is full or not writable; `path` is then as it was before.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(aside)
        _sync(aside)
        os.replace(aside, path)
        _sync(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Waits until a file's content, or a folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: Any) -> None:
    """Writes a JSON file atomically."""
    text = json.dumps(value, indent=1, sort_keys=False, default=str)
    write_aside(path, lambda aside: aside.write_text(text + "\n"))


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Writes a parquet file atomically."""
    write_aside(path, lambda aside: frame.to_parquet(aside, index=False, compression="zstd"))
