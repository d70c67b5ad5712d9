"""The folders of foreign code: their files as plain values and back, and temporary ones."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

Files = dict[str, bytes]  # path in the folder -> content


def pack(folder: Path) -> Files:
    """Returns the files of a folder and of those in it."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def unpack(files: Mapping[str, bytes], folder: Path) -> None:
    """Writes files as `pack` has read them; the folder is made where it is not there.

    Raises:
        ValueError: one would lie outside of the folder, so somebody has made up the checkpoint.
    """
    places = {name: _place(name, folder) for name in files}
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in places.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name])


def _place(name: str, folder: Path) -> Path:
    """The path of a file that a checkpoint names."""
    path = folder / name
    is_plain = not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts
    if not is_plain or folder.resolve() not in path.resolve().parents:
        raise ValueError(
            f"a checkpoint has a file {name!r}, which lies outside of its folder: it is none that "
            "the training has kept, so delete the record's checkpoints and train anew"
        )
    return path


def new_folder(name: str) -> str:
    """Returns a new temporary folder, whose user removes it."""
    return tempfile.mkdtemp(prefix=f"sweepbook-{name}-", dir=temporary_place())


def temporary_place() -> str | None:
    """Returns where temporary files go: with Ray's own, if this process is a worker of Ray's.

    They are then deleted with them where the process is killed. None: where Python has them.
    """
    node = getattr(sys.modules.get("ray._private.worker"), "_global_node", None)
    find = getattr(node, "get_session_dir_path", None)
    found = find() if find is not None else None
    return found if found and os.access(found, os.W_OK) else None
