"""Whether an import path that a record gives may be taken: the one place that says so."""

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import distributions

from sweepbook.plan.trust.places import is_within, located, root_of, why_outside
from sweepbook.record.storage.places import Place
from sweepbook.study.errors import INSTALLED, is_own, is_tool_s

_TOOL = "sweepbook"
_MOST = 20  # modules from which a name is handed on


def why_not(name: str, record: Place | None, trust: bool = False) -> str:
    """Returns why a function that a record names may not be taken; "" where it may.

    It may be taken where its module lies in a folder that one stands in, or in an installed
    package that is made for Sweepbook, and defines the function or has it from another such
    module. With `trust` it may lie elsewhere, too, but neither in the record nor in Python's own
    library. A module that is not found is none's concern here: its import says so.

    Args:
        name: "package.module:function".
        record: where the record lies; None: nowhere yet.
    """
    module, _, function = name.partition(":")
    for _ in range(_MOST):
        if why := _of_module(module, record, trust):
            return why
        given = {} if trust else dict(_handed_on(module, function))
        refused = {other: _of_module(other, record, trust) for other in given}
        if why := next(filter(None, refused.values()), ""):
            return why
        if not given:
            return ""
        module, function = next(iter(given.items()))
    return f"{name} is handed on by too many modules"


def _of_module(module: str, record: Place | None, trust: bool) -> str:
    top, file = module.partition(".")[0], located(module)
    is_plain = file is not None and is_own(str(file))
    if top in (*sys.stdlib_module_names, *sys.builtin_module_names) and not is_plain:
        return f"{module} belongs to Python itself"
    if top == _TOOL or (file is not None and is_tool_s(str(file))):
        return f"{module} belongs to Sweepbook itself"
    if file is None:
        return ""
    if is_within(file, record):
        return f"{file} lies in the record itself"
    if trust:
        return ""
    if {*file.parts} & {*INSTALLED}:
        return "" if _is_made_for_it(top) else f"{module} belongs to the installed library {top}"
    why = why_outside(root_of(module, file), record)
    return f"{file} {why}" if why else ""


def _is_made_for_it(package: str) -> bool:
    """Whether an installed package needs Sweepbook, so that somebody has made it for studies."""
    for distribution in distributions():
        if any(_name_of(line) == _TOOL for line in distribution.requires or ()):
            files = [file.parts[0] for file in distribution.files or ()]
            if package in files or f"{package}.py" in files:
                return True
    return False


def _name_of(requirement: str) -> str:
    kept = [letter if letter.isalnum() or letter in "-_." else " " for letter in requirement]
    return "".join(kept).split()[0].lower() if requirement.strip() else ""


def _handed_on(module: str, function: str) -> Iterator[tuple[str, str]]:
    """The modules that a module imports a function from, each with the name that it has there.

    None where the module defines it itself.
    """
    file = located(module)
    if file is None or file.suffix != ".py":
        return
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return  # its import says so
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    defined = {name for node in tree.body for name in _defined(node)}
    for node in imports:
        for alias in node.names:
            is_it = (alias.asname or alias.name) == function
            if is_it or (alias.name == "*" and function not in defined):
                yield _source(node, package), alias.name if is_it else function


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _source(node: ast.ImportFrom, package: str) -> str:
    above = package.split(".")
    above = above[: len(above) - node.level + 1] if node.level else []
    return ".".join([*above, *filter(None, [node.module])])
