"""What a study's functions import for certain, and whether it is installed: nothing is run."""

import ast
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from sweepbook.plan.modules.shipping import places_of, spec_of
from sweepbook.study.errors import is_own
from sweepbook.study.forms.trainable import module_of
from sweepbook.study.installed import PIP_NAMES, is_installed, pip_line
from sweepbook.study.study import Study

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Tried = ast.Try | ast.TryStar


def check_packages(study: Study) -> None:
    """Checks that the distributions are installed whose versions the study keeps.

    Raises:
        ValueError: naming those that are not, with the line that installs them.
    """
    missing = [name for name in study.packages if not is_installed(name)]
    for name in missing:
        if is_installed(PIP_NAMES.get(name, "")):
            raise ValueError(
                f"packages of study {study.name} must be names as pip knows them, got {name!r}: "
                f"write {PIP_NAMES[name]!r}"
            )
    _refuse(study, missing)


def check_imports(study: Study) -> None:
    """Checks that what the study's functions import inside themselves is installed.

    Only imports that run for certain count, because others may never be needed: those behind an
    `if`, within a `try` with an `except`, or behind a `return` do not.

    Raises:
        ValueError: naming what is not installed, with the line that installs it.
    """
    paths = [*study.hooks().values(), *study.artifacts.values()]
    tops = {name.partition(".")[0] for path in paths for name in _imports_of(path)}
    own = {path.partition(":")[0].partition(".")[0] for path in paths}  # misspelt where missing
    known = sys.stdlib_module_names | sys.modules.keys() | own
    _refuse(study, sorted(name for name in tops - known if spec_of(name) is None))


def _refuse(study: Study, missing: list[str]) -> None:
    if missing:
        module = module_of(study.trainable)
        place = next(iter(places_of(spec_of(module.split(".")[0]))), None) if module else None
        are = "is" if len(missing) == 1 else "are"
        raise ValueError(
            f"study {study.name} needs {', '.join(missing)}, which {are} not installed: type "
            f"{pip_line(missing, place.parent if place else None)}"
        )


def _imports_of(path: str) -> set[str]:
    """What a function imports for certain, and what the modules of one's own import in turn."""
    module, _, function = path.partition(":")
    found: set[str] = set()
    new = {module, *_in_function(_file_of(module), function)}
    while new := {part for name in new for part in accumulate(name.split("."), "{}.{}".format)}:
        new -= found
        found |= new
        new = {other for name in new for other in _in_module(_file_of(name), name)}
    return found


def _in_module(file: Path | None, module: str) -> Iterator[str]:
    """What a module of one's own imports when it is imported."""
    if file is not None:
        package = module if file.name == "__init__.py" else module.rpartition(".")[0]
        for node in _certain(_tree(file, file.stat().st_mtime_ns).body):
            yield from _names(node, package)


def _in_function(file: Path | None, name: str) -> Iterator[str]:
    """What a function of a file imports, and the others of the file that it calls."""
    if file is None:
        return
    definitions = {
        node.name: node
        for node in _tree(file, file.stat().st_mtime_ns).body
        if isinstance(node, _Definition)
    }
    seen: set[str] = set()
    new = {name}
    while new := (new - seen) & definitions.keys():
        one = new.pop()
        seen.add(one)
        for node in _certain(definitions[one].body):
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path":
                return  # it looks elsewhere from here on
            yield from _names(node, "")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                new.add(node.func.id)


def _certain(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes that run for certain when these do, one after the other."""
    for node in nodes:
        if isinstance(node, _Definition | ast.Lambda):
            continue
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            yield from _certain([node.test])
        elif isinstance(node, ast.BoolOp):
            yield from _certain(node.values[:1])
        elif isinstance(node, _Tried) and node.handlers:
            yield from _certain(node.finalbody)
        elif not (isinstance(node, ast.Match) or _suppresses(node)):
            yield node
            yield from _certain(ast.iter_child_nodes(node))
        if isinstance(node, ast.stmt) and any(isinstance(n, ast.Return) for n in ast.walk(node)):
            return


def _suppresses(node: ast.AST) -> bool:
    """Whether it is a `with suppress(...)`."""
    functions = [getattr(item.context_expr, "func", None) for item in getattr(node, "items", ())]
    return "suppress" in [getattr(f, "attr", getattr(f, "id", "")) for f in functions]


def _names(node: ast.AST, package: str) -> Iterator[str]:
    """The modules that an import statement names; relative ones where the package is known."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and (package or not node.level):
        above = package.rsplit(".", node.level - 1)[0] if node.level else ""
        base = ".".join(filter(None, (above, node.module)))
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)


@lru_cache(maxsize=1024)  # studies of a command share most files
def _tree(file: Path, mtime_ns: int) -> ast.Module:
    with suppress(OSError, SyntaxError, ValueError):
        return ast.parse(file.read_bytes())
    return ast.Module([], [])


def _file_of(module: str) -> Path | None:
    """The file of a module of one's own, by its dotted name; None of any other."""
    top, *parts = module.split(".")
    for place in places_of(spec_of(top)):
        inner = place.joinpath(*parts)
        files = (inner / "__init__.py", inner.with_suffix(".py")) if place.is_dir() else (place,)
        for file in files:
            if file.is_file() and is_own(str(file)) and (place.is_dir() or not parts):
                return file
    return None
