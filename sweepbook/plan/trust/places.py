"""Where the code that a record names lies, found without importing it, and who chose the place."""

import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path

from sweepbook.plan.modules.shipping import spec_of
from sweepbook.plan.trust.known import known
from sweepbook.record.storage.places import Place


def located(module: str) -> Path | None:
    """Returns the file that a module is imported from; None: it has no file, or is not found.

    Nothing is imported, the packages around it neither.
    """
    if module in sys.modules:
        return _path(getattr(sys.modules[module], "__file__", None))
    first, *inner = module.split(".")
    spec, name = spec_of(first), first
    for part in inner:
        if spec is None or spec.submodule_search_locations is None:
            return None
        name = f"{name}.{part}"
        spec = PathFinder.find_spec(name, list(spec.submodule_search_locations))
    return _path(spec.origin) if spec is not None and spec.has_location else None


def _path(file: str | None) -> Path | None:
    return Path(file).absolute() if file else None


def root_of(module: str, file: Path) -> Path:
    """Returns the folder that Python finds a module in: above all of its packages."""
    depth = module.count(".") + (file.name == "__init__.py")
    return file.parents[min(depth, len(file.parents) - 1)]


def is_within(path: Path, record: Place | None) -> bool:
    """Whether a file or a folder lies in a record, links followed, or is the record."""
    here = _folder_of(record)
    whole = path.resolve()
    return here is not None and here in (whole, *whole.parents)


def why_outside(folder: Path, record: Place | None) -> str:
    """Returns why a folder is none that whoever runs the command has chosen; "" where it is one.

    It is the current folder, the project's root, another folder of the Python path or one of a
    study that was run before, or lies in one of them; but not in a folder further inside that
    holds the record, too: both may have come together.
    """
    whole, here, together = folder.resolve(), _folder_of(record), ""
    roots = {Path(path or ".").resolve() for path in (".", *sys.path)}
    for root in roots.union(known()):
        if root not in (whole, *whole.parents):
            continue
        shared = root if here is None else Path(os.path.commonpath([whole, here]))
        if shared in (root, *root.parents):
            return ""
        together = f"lies in {shared}, as the record does, and may have come with it"
    return together or "lies outside of the folder and the project that you work in"


def _folder_of(record: Place | None) -> Path | None:
    """The folder of a record on this machine's disk."""
    return Path(record.resolve().path) if record is not None and record.is_local else None
