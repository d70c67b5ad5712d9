"""The folder of a report or a comparison: written aside, and in its place once it is complete."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sweepbook.record.storage.places import disk_folder

PAGE = "report.html"
LATEX = "latex"  # the folder of the tables as LaTeX
FILES = (PAGE, "report.md", "findings.csv", "scorecard.csv")  # of every report
_BEGINNING = ".unfinished-"


@contextmanager
def written_aside(
    folder: Path, page: str = PAGE, inner: Sequence[str] = ("figures",)
) -> Iterator[Path]:
    """A folder, with `inner` ones in it, whose files are in `folder` where the block ends well.

    Otherwise nothing is left of it. It lies inside `folder`, or beside the place where that will
    be: on the same disk. The page goes last, so that an earlier report's stays with its figures.
    """
    aside = Path(tempfile.mkdtemp(prefix=_BEGINNING, dir=_nearest(folder)))
    aside.chmod(0o777 & ~_umask())  # as other folders of this user
    try:
        for name in inner:
            (aside / name).mkdir()
        yield aside
        if folder.exists():
            _move(aside, folder, page)
        else:
            folder.parent.mkdir(parents=True, exist_ok=True)
            os.rename(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def checked_folder(
    where: str | Path,
    files: Sequence[str] = FILES,
    what: str = "report",
    inner: Sequence[str] = ("figures", LATEX),
) -> Path:
    """The folder, if what is to be written may stand there.

    Args:
        where: a folder, or the file:///... of one.
        files: what an earlier one of ours has in any case, as files and not as links.
        inner: its folders, which are no links.

    Raises:
        ValueError: it is a file, a link that leads nowhere, or holds something else than an
            earlier one of ours.
    """
    folder = disk_folder(where)
    if not folder.is_dir():
        if folder.exists() or folder.is_symlink():
            kind = "a file" if folder.exists() else "a link that leads nowhere"
            raise ValueError(f"{folder}: a {what} needs a folder, and this is {kind}")
        return folder
    holds_other = any(not is_aside(path) for path in folder.iterdir())
    if holds_other and not all(_is_plain_file(folder / file) for file in files):
        raise ValueError(
            f"{folder}: is not empty and holds no earlier {what} ({', '.join(files)}); "
            "name a new or empty folder"
        )
    for name in inner:
        if (folder / name).is_symlink():
            raise ValueError(f"{folder}: {name} is a link, which is not followed: remove it")
    return folder


def _is_plain_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def is_aside(path: Path) -> bool:
    """Whether this is what a report that was killed has left."""
    return path.name.startswith(_BEGINNING)


def files_in(folder: Path) -> set[str]:
    """The files in a folder, each by its path from there: "figures/a.csv"."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in files}


def remove(folder: Path, files: Collection[str]) -> None:
    """Removes files of a folder that may be there, and the folders that are empty then."""
    for file in files:
        (folder / file).unlink(missing_ok=True)
    for inner in {(folder / file).parent for file in files} - {folder}:
        if inner.is_dir() and not any(inner.iterdir()):
            inner.rmdir()


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def _move(aside: Path, folder: Path, page: str) -> None:
    for file in sorted(files_in(aside), key=lambda file: (file == page, file)):
        (folder / file).parent.mkdir(exist_ok=True)
        os.replace(aside / file, folder / file)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
