"""A folder per machine for what is slow to make: made once, whole or not there at all."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

_log = logging.getLogger(__name__)
T = TypeVar("T")
_MADE = ".made"  # a file with the names of all that a folder was filled with


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """SWEEPBOOK_CACHE, else XDG_CACHE_HOME/sweepbook, else ~/.cache/sweepbook."""
    if environ.get("SWEEPBOOK_CACHE"):
        return Path(environ["SWEEPBOOK_CACHE"])
    if environ.get("XDG_CACHE_HOME"):
        return Path(environ["XDG_CACHE_HOME"]) / "sweepbook"
    return Path("~/.cache/sweepbook")


def cached_arrays(
    name: str, make: Callable[[Path], None], *, mapped: bool = True
) -> dict[str, npt.NDArray[Any]]:
    """The arrays that `make` wrote as NAME.npy, by NAME, read-only; made once per machine.

    Args:
        name, make: see `made_once`; make writes .npy files.
        mapped: True maps them into memory: nothing is read before it is used, and processes
            share one copy. False reads them whole.

    Where the cache folder cannot be used the arrays are made in memory. See `cached`.
    """
    return cached(name, make, lambda folder, kept: _arrays(folder, mapped and kept))


def cached(name: str, make: Callable[[Path], None], read: Callable[[Path, bool], T]) -> T:
    """What `read` finds in the folder that `make` filled, once per machine.

    Args:
        name, make: see `made_once`.
        read: is given the folder, and whether it stays there: not so where the cache folder
            cannot be used.

    Files that are gone or cannot be read (cut short by a full disk, say) are made again.
    """
    folder = made_once(name, make)
    if folder is not None:
        try:
            return read(folder, True)
        except (OSError, ValueError, EOFError) as error:
            _log.warning("%s is damaged and made again: %s", folder, error)
            _remove(folder)
            if (folder := made_once(name, make)) is not None:
                return read(folder, True)
    with tempfile.TemporaryDirectory() as own:
        make(Path(own))
        return read(Path(own), False)


def _arrays(folder: Path, mapped: bool) -> dict[str, npt.NDArray[Any]]:
    arrays = {p.stem: np.load(p, mmap_mode="r" if mapped else None) for p in folder.glob("*.npy")}
    for array in arrays.values():
        array.setflags(write=False)
    return arrays


def _remove(folder: Path) -> None:
    """Takes the folder away at once, so that no other process finds half of it."""
    aside = folder.parent / f".{folder.name}-{uuid.uuid4().hex}.tmp"
    try:
        folder.rename(aside)
    except FileNotFoundError:
        return  # another process was quicker
    shutil.rmtree(aside, ignore_errors=True)


def made_once(name: str, make: Callable[[Path], None]) -> Path | None:
    """The cache's folder `name`, filled by `make` where it is not there yet.

    Args:
        name: path inside the cache folder, such as "images/4f1c..."; must carry a hash of
            everything that decides the content, as a folder that is there, with all files that
            were made, is never made again.
        make: writes all files into the empty folder that it is given. What it raises is passed
            on and leaves nothing behind.

    Returns:
        The folder; or None where the cache folder cannot be written (a warning is logged, and
        the caller keeps what it made in memory).

    Side effects: the folder appears whole or not at all: it is filled under another name, its
    files are flushed to the disk, and then it is renamed. Of several processes on one machine
    one makes it, and the others wait for it.
    """
    try:
        folder = cache_folder().expanduser() / name
        if not _lacking(folder):
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = (folder.parent / f".{folder.name}.lock").open("w")
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home folder
        _warn(error)
        return None
    with lock, _locked(lock.fileno()):
        lacking = _lacking(folder)
        if not lacking:  # another process made it while this one waited
            return folder
        for left in folder.parent.glob(f".{folder.name}-*.tmp"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        aside = folder.parent / f".{folder.name}-{os.getpid()}-{uuid.uuid4().hex}.tmp"
        try:
            if folder.is_dir():
                _log.warning("%s lacks %s and is made again", folder, ", ".join(lacking))
                _remove(folder)
            aside.mkdir()
        except OSError as error:
            _warn(error)
            return None
        try:
            make(aside)
            names = sorted(path.name for path in aside.iterdir())
            (aside / _MADE).write_text("\n".join(names))
            _flush(aside)
            aside.rename(folder)
        except OSError as error:
            if not _lacking(folder):  # made meanwhile where locks do not work
                return folder
            if error.filename is not None and not str(error.filename).startswith(str(aside)):
                raise  # of make's own input, not of the cache
            _warn(error)
            return None
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return folder


def _lacking(folder: Path) -> list[str]:
    """The files of a folder that are gone; all count as gone where their list is."""
    try:
        names = (folder / _MADE).read_text().splitlines()
    except (OSError, ValueError):
        return [_MADE]
    return [name for name in names if not (folder / name).is_file()]


def _warn(error: Exception) -> None:
    _log.warning(
        "the cache folder cannot be used, every process works without it; set SWEEPBOOK_CACHE "
        "to a folder that can be written: %s",
        error,
    )


@contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """Holds the lock of an open file; without one where the file system knows no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        _log.info("no lock on the cache folder: %s", error)
    yield  # closing the file frees the lock


def _flush(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
