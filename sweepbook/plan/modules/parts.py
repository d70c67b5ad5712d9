"""The statements of some modules, and what each of them gives, uses and does: nothing is run."""

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sweepbook.plan.modules.made import claims_of, declares, is_plain
from sweepbook.plan.modules.pure import impure

_PATH = re.compile(r"[\w.]*:(\w+)")

Kind = Literal["declares", "helps", "imports", "stands", "counts"]


@dataclass
class Part:
    """A statement of a module.

    Args:
        kind: "declares" Study or Claim values; "helps": a function or a value that changes
            nothing elsewhere; "imports"; "stands": its text counts, but not what it uses;
            "counts", with all that it uses.
        node: the statement.
        binds, uses: the names that it gives and uses, also those of attributes.
        texts: names that are texts in it. paths: names in import paths, "module:name".
        options: the functions that a Study in it names as its `claims_of`.
    """

    file: Path
    node: ast.stmt
    kind: Kind = "counts"
    binds: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    options: frozenset[str] = frozenset()
    imported: dict[str, str] = field(default_factory=dict)  # name here -> full name


def parts_of(trees: dict[Path, ast.Module]) -> list[Part]:
    """Returns the statements of some modules, each with its kind; see `let_stand`, too."""
    parts = [_part(file, node) for file, tree in trees.items() for node in tree.body]
    names = _imported(parts)
    functions = own_functions(parts)
    declared = _declared(parts, names)
    of_options = {name for part in parts for name in part.options}
    for part in parts:
        node, is_function = part.node, isinstance(part.node, ast.FunctionDef)
        if part.kind != "counts" or not is_plain(node):
            continue
        is_pure = not impure(node, names[part.file], functions)
        if part.binds <= (of_options if is_function and not is_pure else of_options | declared):
            part.kind = "declares"
        elif is_pure:
            part.kind = "helps"
    return parts


def own_functions(parts: Iterable[Part]) -> set[str]:
    """Returns the names of the functions of some modules."""
    return {name for p in parts if isinstance(p.node, ast.FunctionDef) for name in p.binds}


def _declared(parts: Sequence[Part], names: dict[Path, dict[str, str]]) -> set[str]:
    """The names of studies and claims, and of functions that return them."""
    declared: set[str] = set()
    while True:  # some are made of what stands in other statements
        made = {
            name
            for part in parts
            if declares(part.node, names[part.file], declared)
            for name in part.binds
        }
        if made <= declared:
            return declared
        declared |= made


def let_stand(parts: Sequence[Part], roots: Collection[str]) -> None:
    """Lets functions stand that a script alone calls, under `if __name__ == "__main__":`.

    Args:
        roots: the names of functions that count, whoever names them.
    """
    while True:
        standing = {name for p in parts if p.kind == "stands" for name in p.uses}
        others = [p for p in parts if p.kind != "stands"]
        new = [
            part
            for part in others
            if isinstance(part.node, ast.FunctionDef)
            and part.binds <= standing - {*roots}
            and not any(part.binds & {*p.uses, *p.texts} for p in others if p is not part)
        ]
        if not new:
            return
        for part in new:
            part.kind = "stands"


def _part(file: Path, node: ast.stmt) -> Part:
    own, texts = set(), set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            own.add(inner.id)
        elif isinstance(inner, ast.Attribute):
            own.add(inner.attr)
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            texts.add(inner.value)
    part = Part(file, node, binds=frozenset(_bound(node)))
    if isinstance(node, ast.Import | ast.ImportFrom):
        part.kind, part.imported = "imports", dict(_aliases(node))
    elif _is_main(node) or part.binds == {"__all__"}:
        part.kind = "stands"
    part.options = frozenset(claims_of(node))
    found = {match[1] for text in texts if (match := _PATH.fullmatch(text))}
    part.paths = frozenset(found - part.options)
    part.texts = frozenset(text for text in texts if text.isidentifier())
    part.uses = part.binds | own
    return part


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (name for name, _ in _aliases(node))
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (
            n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)
        )


def _aliases(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    module = f"{'.' * node.level}{node.module or ''}." if isinstance(node, ast.ImportFrom) else ""
    for alias in node.names:
        name = alias.name if module or alias.asname else alias.name.partition(".")[0]
        yield alias.asname or name, f"{module}{name}"


def _imported(parts: Iterable[Part]) -> dict[Path, dict[str, str]]:
    """The full name of each name that a file imports."""
    names: dict[Path, dict[str, str]] = {}
    for part in parts:
        names.setdefault(part.file, {}).update(part.imported)
    return names


def _is_main(node: ast.stmt) -> bool:
    """Whether it is `if __name__ == "__main__":`, which no worker runs."""
    test = node.test if isinstance(node, ast.If) and not node.orelse else None
    return test is not None and ast.unparse(test) == "__name__ == '__main__'"
