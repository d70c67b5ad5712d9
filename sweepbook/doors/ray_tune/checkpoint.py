"""A checkpoint of Ray's as plain values, and one of Ray's made of them again."""

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sweepbook.doors.folders import Files, pack


def files_of(checkpoint: Any) -> Files:
    """Returns what is in a checkpoint's folder.

    Raises:
        TypeError: it is no checkpoint of Ray's.
        FileNotFoundError: its folder is not there.
    """
    if not hasattr(checkpoint, "as_directory"):
        raise TypeError(
            f"report(...) was given a {type(checkpoint).__name__} as its checkpoint: write "
            "checkpoint=tune.Checkpoint.from_directory(folder)"
        )
    with checkpoint.as_directory() as folder:
        if not os.path.isdir(folder):
            raise FileNotFoundError(
                f"report(...) was given a checkpoint in {folder}, but there is no such folder: "
                "call report(...) before the folder is removed, inside of its `with` block"
            )
        return pack(Path(folder))


def checkpoint_of(folder: Path, read: Callable[[], object]) -> Any:
    """Returns a folder as a checkpoint of Ray's.

    Args:
        read: is called whenever its folder is asked for, and again at the end of a block
            `with checkpoint.as_directory()`.
    """
    return _kind()(folder, read)


@functools.cache
def _kind() -> type:
    from pyarrow.fs import LocalFileSystem
    from ray.tune import Checkpoint

    class Given(Checkpoint):
        def __init__(self, path: Any, read: Callable[[], object]) -> None:
            self._read = read
            super().__init__(path, filesystem=LocalFileSystem())

        @property
        def path(self) -> str:
            self._read()
            return self._path

        @path.setter
        def path(self, path: str) -> None:
            self._path = path

        @contextlib.contextmanager
        def as_directory(self) -> Iterator[str]:
            try:
                yield self.path
            finally:
                self._read()

        def __repr__(self) -> str:  # whoever prints it has not read it
            return f"Checkpoint(path={self._path})"

        def __reduce__(self) -> Any:
            return Checkpoint, (self._path, self.filesystem)

    return Given
