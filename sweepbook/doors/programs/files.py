"""The files of a program's checkpoint folder, as plain values that a checkpoint keeps."""

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sweepbook.doors.folders import unpack

MOST_BYTES = 1_000_000_000  # of one replicate
_UNSURE_NS = 100_000_000  # a file that was changed so shortly before may be half written

Files = dict[str, Any]  # "files": path -> bytes, "times": path -> nanoseconds


class StillChangingError(Exception):
    """A file was written to after the moment of which the files were asked for."""


def packed_files(folder: Path, until_ns: int | None = None, writers: Iterable[int] = ()) -> Files:
    """Returns the files of a folder as they were at a moment.

    A link to a file of the folder counts as that file; other links, sockets and devices are left
    out, which is printed.

    Args:
        until_ns: the moment, in nanoseconds since 1970; None: nobody writes to it any more.
        writers: the processes that may have a file of it open.

    Raises:
        StillChangingError: something has changed since that moment.
        ValueError: it holds too much.
    """
    files: dict[str, bytes] = {}
    times: dict[str, int] = {}
    size = 0
    try:
        for path in _entries(folder):
            status = path.stat()
            _check_still(path, status, until_ns, writers)
            if stat.S_ISDIR(status.st_mode):
                continue
            size += status.st_size
            if size > MOST_BYTES:
                raise ValueError(_too_large(folder))
            name = path.relative_to(folder).as_posix()
            files[name], times[name] = path.read_bytes(), status.st_mtime_ns
    except FileNotFoundError as error:
        raise StillChangingError from error
    return {"files": files, "times": times}


def unpack_files(packed: Mapping[str, Any], folder: Path) -> None:
    """Writes the files of a checkpoint into a folder."""
    unpack(packed["files"], folder)
    for name in packed["files"]:
        os.utime(folder / name, ns=(packed["times"][name],) * 2)


def _entries(folder: Path) -> Iterator[Path]:
    """The folder, its folders and the files that can be kept."""
    for root, folders, names in os.walk(folder):
        yield Path(root)
        folders.sort()
        for path in (Path(root, name) for name in sorted(names)):
            target = path.resolve() if path.is_symlink() else path
            is_inside = folder.resolve() in target.resolve().parents
            if is_inside and target.is_file():
                yield path
            elif path.is_symlink() or path.exists():
                print(f"the checkpoint leaves {path.name} out: it is no file of the folder's own")


def _check_still(
    path: Path, status: os.stat_result, until_ns: int | None, writers: Iterable[int]
) -> None:
    if until_ns is None:
        return
    if status.st_ctime_ns > until_ns:
        raise StillChangingError
    is_fresh = status.st_ctime_ns > until_ns - _UNSURE_NS
    if is_fresh and not stat.S_ISDIR(status.st_mode) and _is_being_written(path, writers):
        raise StillChangingError


def _is_being_written(path: Path, writers: Iterable[int]) -> bool:
    """Whether a process has a file open for writing; not known without /proc."""
    own = os.fspath(path.resolve())
    for pid in writers:
        with contextlib.suppress(OSError):
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    if os.readlink(entry) == own and _is_for_writing(pid, entry.name):
                        return True
    return False


def _is_for_writing(pid: int, descriptor: str) -> bool:
    for line in Path(f"/proc/{pid}/fdinfo/{descriptor}").read_text().splitlines():
        if line.startswith("flags:"):
            return bool(int(line.split()[1], 8) & os.O_ACCMODE)
    return False


def _too_large(folder: Path) -> str:
    return (
        f"the program's checkpoint folder holds more than {MOST_BYTES / 1e9:g} GB, which is the "
        "most that a record keeps of a replicate: have the program keep its last checkpoint "
        "alone, or leave {checkpoint_dir} out of the command"
    )
