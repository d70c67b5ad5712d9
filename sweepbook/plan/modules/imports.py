"""What Python files import, read from their text: nothing is run."""

import ast
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path


def top_level_imports(file: Path) -> set[str]:
    """Returns the first names of all modules that a file imports, wherever in it.

    Imports inside functions count. A relative import gives nothing: it stays within the file's
    own package, and whoever needs a module of a package takes the package with all its files. A
    file that is no Python of this version, a template, say, imports nothing.
    """
    stat = file.stat()
    return set(_imports(file, stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=4096)  # a command asks for each several times
def _imports(file: Path, mtime_ns: int, size: int) -> frozenset[str]:
    names: set[str] = set()
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return frozenset()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return frozenset(names)


def python_files(module: Path) -> list[Path]:
    """Returns a module's one file, or all Python files in a package's folder, at any depth."""
    if module.is_file():
        return [module]
    return [file for file in module.rglob("*.py") if file.is_file()]


def reached(files: Iterable[Path], folder: Path) -> list[Path]:
    """Returns the files and packages of a folder that files import, and those that they import.

    The files themselves are none of them.
    """
    first = {*files}
    new, found = [*first], set[Path]()
    while new:
        for name in top_level_imports(new.pop()):
            package, one = folder / name, folder / f"{name}.py"
            is_one = one.is_file() and not (package / "__init__.py").is_file()  # as Python has it
            files = python_files(one if is_one else package)
            new += [f for f in files if f not in first and f not in found]
            found.update(new)
    return sorted(found)
