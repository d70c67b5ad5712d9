"""The text of modules without their Study and Claim values, and without what these alone use.

A record keeps what a study says, so its numbers do not depend on that text any more. Names tell
what uses what, also those of attributes and in texts, whatever the module: what may be used by
anything else stays. Nothing is run.
"""

import ast
import tokenize
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from sweepbook.plan.modules.made import TOOL
from sweepbook.plan.modules.parts import Part, parts_of
from sweepbook.plan.modules.remaining import text_of

_DYNAMIC = {"globals", "locals", "vars", "eval", "exec", "__import__"}
_DYNAMIC_ATTRIBUTES = {"__dict__", "import_module", "getmembers"}


def counted_texts(files: Iterable[Path], roots: Collection[str]) -> dict[Path, str]:
    """Returns the text that counts of each file that declares studies or claims.

    Args:
        files: of one trainable's code.
        roots: the names of functions that count, whoever names them.
    """
    stamped = [(file, stat.st_mtime_ns, stat.st_size) for file in files for stat in [file.stat()]]
    return dict(_counted(tuple(stamped), frozenset(roots)))


@lru_cache(maxsize=16)  # studies of a command share most code
def _counted(stamped: tuple[tuple[Path, int, int], ...], roots: frozenset[str]) -> dict[Path, str]:
    files = [file for file, *_ in stamped]
    if not any(TOOL.encode() in file.read_bytes() for file in files):
        return {}
    read = {file: found for file in files if (found := _read(file)) is not None}
    trees = {file: tree for file, (_, tree) in read.items()}
    parts = parts_of(trees, roots)
    dropped = _dropped(parts, {*roots, *(name for part in parts for name in part.paths)})
    kept = [part for part in parts if id(part) not in dropped]
    if any(part.kind != "stands" and _is_dynamic(part.node) for part in kept):
        return {}
    declaring = {part.file for part in parts if part.kind == "declares"}
    return {
        file: text_of(read[file][0], file, parts, dropped) for file in trees if file in declaring
    }


def _read(file: Path) -> tuple[str, ast.Module] | None:
    try:
        with tokenize.open(file) as opened:
            text = opened.read()
        return text, ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _dropped(parts: Sequence[Part], roots: set[str]) -> set[int]:
    """The statements (by id) that declare studies and claims, or that these alone use."""
    loose = [part for part in parts if part.kind in ("declares", "helps")]
    live = {*roots}
    for part in parts:
        if part.kind == "counts":
            live |= part.uses | part.texts
    while True:
        live = _reached(live, loose, parts, with_texts=True)
        dead = [part for part in loose if not part.binds & live]
        start = [part for part in dead if part.kind == "declares"]
        used = _reached({name for part in start for name in part.uses}, dead, parts)
        own = {name for part in start for name in part.binds}
        left = [p for p in dead if p.kind == "helps" and not p.binds & (used | own)]
        if not left:
            return {id(part) for part in dead}
        live |= {name for part in left for name in part.uses | part.texts}


def _reached(
    names: set[str], loose: Sequence[Part], parts: Sequence[Part], with_texts: bool = False
) -> set[str]:
    """The names with all that they use, through what is imported under another name, too."""
    imports = [part for part in parts if part.kind == "imports"]
    found = {*names}
    while True:
        reached = [part for part in loose if part.binds & found]
        new = {name for part in reached for name in part.uses}
        new |= {name for part in reached for name in part.texts if with_texts}
        for part in imports:
            new |= {full.rpartition(".")[2] for n, full in part.imported.items() if n in found}
        if new <= found:
            return found
        found |= new


def _is_dynamic(node: ast.AST) -> bool:
    """Whether it may look up names that it does not write."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id in _DYNAMIC | _DYNAMIC_ATTRIBUTES:
            return True
        if isinstance(inner, ast.Attribute):
            is_modules = inner.attr == "modules" and ast.unparse(inner.value) == "sys"
            if is_modules or inner.attr in _DYNAMIC_ATTRIBUTES:
                return True
    return False
