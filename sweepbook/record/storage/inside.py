"""What lies within a record: plain files and folders of its own, and nothing else is opened."""

import os
import stat
from pathlib import Path

from sweepbook.record.storage.places import Place, Where, place


def file_in(record: Where, *names: str) -> Place | None:
    """Returns a record's file, or None where nothing of that name is there.

    Args:
        names: of the folders within the record, then of the file.

    Raises:
        ValueError: a folder, a pipe or another thing that is no file is there, or a link that
            leads out of the record. Nothing is opened, so that no pipe can be waited for.
    """
    found = _at(place(record), names)
    if not found.is_local:
        return found if found.is_file() else None
    kind = _kind(place(record), found, names)
    if kind is None or stat.S_ISREG(kind):
        return None if kind is None else found
    what = "a folder" if stat.S_ISDIR(kind) else "a pipe, a socket or a device"
    raise ValueError(f"{found} is {what}, and a record has a file there")


def file_at(path: Place) -> Place | None:
    """Returns a file of a record's checkpoints, or one alone; as `file_in`."""
    folder = path.parent
    if folder.name == "checkpoints":
        return file_in(folder.parent, folder.name, path.name)
    return file_in(folder, path.name)


def files_in(record: Where, folder: str) -> list[Place]:
    """Returns what lies in a record's folder, by name, hidden things left out; [] without it.

    Raises:
        ValueError: the folder is a file, or a link that leads out of the record. What lies in it
            is as `file_in` says once it is asked for.
    """
    found = place(record) / folder
    if found.is_local:
        kind = _kind(place(record), found, (folder,))
        if kind is not None and not stat.S_ISDIR(kind):
            raise ValueError(f"{found} is no folder, and a record has a folder there")
        if kind is None:
            return []
    return [one for one in found.iterdir() if not one.name.startswith(".")]


def _at(folder: Place, names: tuple[str, ...]) -> Place:
    for name in names:
        folder = folder / name
    return folder


def _kind(record: Place, found: Place, names: tuple[str, ...]) -> int | None:
    """What kind of thing is there, as `stat` has it; None: nothing."""
    try:
        at = Path(record.path)
        for name in names:
            at = at / name
            if at.is_symlink():
                _check_link(at, Path(record.path))
        return os.stat(found.path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:  # too long a name, a circle of links, a NUL
        if isinstance(error, ValueError) and "leads out" in str(error):
            raise
        raise ValueError(f"{found} cannot be read: {error}") from error


def _check_link(link: Path, record: Path) -> None:
    target, inside = os.path.realpath(link), os.path.realpath(record)
    if os.path.commonpath([target, inside]) != inside:
        raise ValueError(
            f"{link} is a link that leads out of the record, to {target}: put a copy in its place"
        )
