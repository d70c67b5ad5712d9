"""What in a record's folder is ours: no link is followed, and nothing else is removed."""

import contextlib
import re
import stat
from collections.abc import Callable, Collection
from pathlib import Path

from sweepbook.record.storage.inside import files_in
from sweepbook.record.storage.places import Place

_NUMBER = re.compile("[0-9]{1,18}")
FOLDERS = ("parts", "checkpoints", "logs", "artifacts", ".ray")
FILES = (
    *("manifest.json", "trials.parquet", "reports.parquet", "predictions.parquet"),
    *(".lock", "ray.log"),
)


def check_no_links(folder: Place) -> None:
    """Checks that all names of ours in a record's folder are plain files and folders.

    The record's own folder may be a link. A store has none.

    Raises:
        ValueError: one of them is a link, or a folder stands where a file should be, or the
            other way round; names both.
    """
    if not folder.is_local:
        return
    kinds: tuple[tuple[tuple[str, ...], Callable[[int], bool], str], ...] = (
        (FOLDERS, stat.S_ISDIR, "folder"),
        (FILES, stat.S_ISREG, "file"),
    )
    for names, is_right, kind in kinds:
        for name in names:
            try:
                mode = (Path(folder) / name).lstat().st_mode
            except (FileNotFoundError, NotADirectoryError):
                continue
            if stat.S_ISLNK(mode):
                raise ValueError(
                    f"record {folder}: {name} is a link, which is not followed: put the {kind} "
                    "itself in its place, or remove the link"
                )
            if not is_right(mode):
                raise ValueError(f"record {folder}: {name} is no {kind}: move it away")


def forget(folder: Place) -> None:
    """Removes the folder of a record that could not be begun, as far as it is empty or ours."""
    if not folder.is_local:
        return
    with contextlib.suppress(OSError):
        for name in FILES:
            (Path(folder) / name).unlink(missing_ok=True)
        for name in ("parts", "checkpoints"):
            (Path(folder) / name).rmdir()
        Path(folder).rmdir()


def is_link(path: Place) -> bool:
    """Whether a place on a disk is a link, wherever it leads."""
    return path.is_local and Path(path).is_symlink()


def part_paths(folder: Place) -> list[Place]:
    """Returns the part files of the reports, oldest first: parts/NNNNN.parquet, nothing else."""
    parts = [part for part in files_in(folder, "parts") if part.name.endswith(".parquet")]
    numbered = [part for part in parts if _NUMBER.fullmatch(part.stem)]
    return sorted(numbered, key=lambda part: int(part.stem))


def prediction_paths(folder: Place) -> list[Place]:
    """Returns the part files of the predictions: parts/predictions-*.parquet."""
    parts = files_in(folder, "parts")
    return [p for p in parts if p.name.startswith("predictions-") and p.name.endswith(".parquet")]


def removable(folder: Place, trial_ids: Collection[str]) -> tuple[list[Place], list[str]]:
    """Returns what may go from parts/ once the tables hold it, and the names of everything else.

    That is what is read as parts, and the traces of the record's own trials that hung. Links stay,
    as do hidden files: one may be a part that is being written.
    """
    traces = {f"hung-{trial_id}.txt" for trial_id in trial_ids}
    read = {path.name for path in (*part_paths(folder), *prediction_paths(folder))}
    ours, others = list[Place](), list[str]()
    for path in (folder / "parts").iterdir():
        if path.name in read | traces and not is_link(path) and path.is_file():
            ours.append(path)
        elif not path.name.startswith("."):
            others.append(path.name)
    return ours, others
