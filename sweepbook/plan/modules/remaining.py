"""The text of a file without some of its statements, as a hash takes it."""

import ast
from collections.abc import Collection, Sequence
from pathlib import Path

from sweepbook.plan.modules.made import TOOL
from sweepbook.plan.modules.parts import Part, own_functions
from sweepbook.plan.modules.pure import impure


def text_of(text: str, file: Path, parts: Sequence[Part], dropped: Collection[int]) -> str:
    """Returns the lines of a file that count, without blank ones between its statements.

    Args:
        parts: the statements of all files. dropped: the ids of those that do not count.
    """
    lines = ["", *text.split("\n")]
    own = [part for part in parts if part.file == file]
    named = _named(parts, dropped)
    starts = [part.node.lineno for part in own]
    found: list[str] = []
    last = 0
    for i, part in enumerate(own):
        decorators = getattr(part.node, "decorator_list", ())
        first = min([part.node.lineno, *(one.lineno for one in decorators)])
        end = part.node.end_lineno or first
        shares = first <= last or end in starts[i + 1 :]  # a line with another statement
        before, counted = lines[last + 1 : first], lines[max(first, last + 1) : end + 1]
        if id(part) in dropped and not shares:
            before, counted = _apart(before), _calls(part, own, parts)
        elif part.kind == "imports" and not shares:
            counted = _import(part, counted, named)
            before = before if counted else _apart(before)
        found += [*filter(str.strip, before), *counted]
        last = max(last, end)
    return "\n".join([*found, *filter(str.strip, lines[last + 1 :])])


def _named(parts: Sequence[Part], dropped: Collection[int]) -> set[str]:
    """The names that statements which count give or use, but for attributes."""
    kept = [part for part in parts if part.kind != "imports" and id(part) not in dropped]
    found = {name for part in kept for name in part.binds}
    for part in kept:
        if part.kind != "stands":
            found |= {node.id for node in ast.walk(part.node) if isinstance(node, ast.Name)}
    return found


def _apart(lines: Sequence[str]) -> list[str]:
    """Comments between two statements without those that stand directly above the second."""
    n = len(lines)
    while n and lines[n - 1].lstrip().startswith("#"):
        n -= 1
    return list(lines[:n])


def _calls(part: Part, own: Sequence[Part], parts: Sequence[Part]) -> list[str]:
    """The calls in a declaration that may change something elsewhere: they count."""
    imported = {k: v for other in own for k, v in other.imported.items()}
    functions = own_functions(parts)
    counting = {name for p in parts if p.kind == "counts" for name in p.binds & functions}
    found = impure(part.node, imported, functions)
    found += [
        node
        for node in ast.walk(part.node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if imported.get(node.func.id, node.func.id).rpartition(".")[2] in counting
    ]
    return [ast.unparse(node) for node in found]


def _import(part: Part, lines: Sequence[str], named: set[str]) -> list[str]:
    """An import; of the tool's names only those that something else than a declaration uses."""
    node = part.node
    ours = {
        name: full for name, full in part.imported.items() if f"{full}.".startswith(f"{TOOL}.")
    }
    kept = {
        name: full for name, full in part.imported.items() if name not in ours or name in named
    }
    if len(kept) == len(part.imported) or not isinstance(node, ast.Import | ast.ImportFrom):
        return list(lines)
    node = type(node)(**vars(node))
    node.names = [a for a in node.names if (a.asname or a.name.partition(".")[0]) in kept]
    return [ast.unparse(node)] if node.names else []
