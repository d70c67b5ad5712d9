"""A hash of a trainable's code."""

import hashlib
import sys
from pathlib import Path

from sweepbook.plan.modules.imports import python_files, top_level_imports


def code_sha256(module: str) -> str:
    """Returns a hash of a trainable's code.

    That is its whole package's Python files, or its one file and what it imports from beside it.
    """
    file = Path(sys.modules[module].__file__ or "")
    depth = module.count(".") + (file.name == "__init__.py")  # in folders of the package
    files = sorted(file.parents[depth - 1].rglob("*.py")) if depth else [file, *_beside(file)]
    content = hashlib.sha256()
    for path in files:
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    return content.hexdigest()


def _beside(file: Path) -> list[Path]:
    """The files and packages of its folder that a file imports, and those that they import."""
    found: set[Path] = set()
    new = [file]
    while new:
        for name in top_level_imports(new.pop()):
            package, one = file.parent / name, file.parent / f"{name}.py"
            is_one = one.is_file() and not (package / "__init__.py").is_file()  # as Python has it
            files = python_files(one if is_one else package)
            new += [f for f in files if f != file and f not in found]
            found.update(new)
    return sorted(found)
