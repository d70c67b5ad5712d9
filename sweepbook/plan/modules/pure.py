"""What a statement may change beside the names that it gives, by its text: nothing is run."""

import ast
import builtins

from sweepbook.plan.modules.made import DECLARING, TOOL, full_name

_PARTS = ("ASHA", "Fidelity", "Metric", "Option", "Published", "PublishedValue", "Search")
_PURE_MODULES = (TOOL, "math", "numpy", "itertools", "functools", "dataclasses", "pathlib")
_IMPURE = ("random", "seterr", "set_printoptions")
_CHANGING = (
    *("append", "add", "update", "extend", "insert", "pop", "popitem", "setdefault", "clear"),
    *("remove", "discard", "sort", "reverse"),
)
_PURE_BUILTINS = (
    *("abs", "all", "any", "bool", "dict", "enumerate", "filter", "float", "format", "frozenset"),
    *("int", "isinstance", "len", "list", "map", "max", "min", "range", "repr", "reversed"),
    *("round", "set", "sorted", "str", "sum", "tuple", "zip"),
)


def impure(node: ast.AST, imported: dict[str, str], functions: set[str]) -> list[ast.AST]:
    """Returns what may change something elsewhere: calls of other modules, changes of values.

    Args:
        imported: name -> full name. functions: the names of the modules' own.
    """
    fresh, found = _fresh(node), list[ast.AST]()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            is_pure = _is_pure(inner.func, imported, functions, fresh)
        elif isinstance(inner, ast.Subscript | ast.Attribute):
            is_pure = isinstance(inner.ctx, ast.Load) or _root(inner) in fresh
        else:
            statements = ast.Global | ast.Import | ast.ImportFrom | ast.Delete
            is_pure = not isinstance(inner, statements)
        found += [] if is_pure else [inner]
    return found


def _fresh(node: ast.AST) -> set[str]:
    """The names in a function that hold lists, dicts and objects that it makes itself."""
    if not isinstance(node, ast.FunctionDef):
        return set()
    made = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp | ast.Call
    given = [(n, n.targets) for n in ast.walk(node) if isinstance(n, ast.Assign)]
    one = ast.AnnAssign | ast.AugAssign | ast.NamedExpr | ast.For
    given += [(n, [n.target]) for n in ast.walk(node) if isinstance(n, one)]  # type: ignore[misc]
    fresh = set[str]()
    other = {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}
    for statement, targets in given:
        bound = [t for t in targets if not isinstance(t, ast.Subscript | ast.Attribute)]
        names = {n.id for t in bound for n in ast.walk(t) if isinstance(n, ast.Name)}
        is_made = isinstance(getattr(statement, "value", None), made)
        (fresh if is_made else other).update(names)
    return fresh - other


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_pure(
    function: ast.expr, imported: dict[str, str], functions: set[str], fresh: set[str]
) -> bool:
    name = full_name(function, imported)
    first, *rest = name.split(".")
    if isinstance(function, ast.Name) and function.id not in imported:
        return name in functions or name in _PURE_BUILTINS or not hasattr(builtins, name)
    if first == TOOL:
        return rest[-1] in (*DECLARING, *_PARTS)
    if _root(function) in imported:
        is_own = rest and rest[-1] in functions
        return bool(is_own) or (first in _PURE_MODULES and not {*rest} & {*_IMPURE})
    is_change = isinstance(function, ast.Attribute) and function.attr in _CHANGING
    return not is_change or _root(function) in {*fresh, ""}
