"""Which columns a trainable yields, as far as its source alone says so for certain."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

from sweepbook.study.settings import COLUMNS

ADDED = ("time_s",)  # the tool's own, beside what identifies a row
_STACKED = "replicates"  # the key with the values of each replicate


def columns_yielded(trainable: Any, unit: str) -> frozenset[str] | None:
    """Returns what a trainable can yield, and the columns that the tool adds; None: not known.

    Only a plain generator function is read whose every yield is a dict written out with texts as
    keys. Whatever is not written so, such as `**metrics` or a dict that is made elsewhere, may
    hold any key, so that nothing is known then.
    """
    function = _source(trainable)
    if function is None:
        return None
    found: set[str] = set()
    yields = list(_yields(function))
    for node in yields:
        keys = _keys(node.value) if isinstance(node, ast.Yield) else None
        if keys is None:
            return None
        found |= keys
    if not yields:
        return None
    return frozenset({*found, unit, *ADDED, *COLUMNS})


def _source(trainable: Any) -> ast.FunctionDef | None:
    """The parsed source of a plain generator function."""
    if not inspect.isgeneratorfunction(trainable) or not inspect.isfunction(trainable):
        return None
    if hasattr(trainable, "__wrapped__"):  # a decorator may change what comes out
        return None
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(trainable)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    node = tree.body[0] if len(tree.body) == 1 else None
    is_it = isinstance(node, ast.FunctionDef) and node.name == trainable.__code__.co_name
    return node if isinstance(node, ast.FunctionDef) and is_it else None


def _yields(node: ast.AST) -> Iterator[ast.Yield | ast.YieldFrom]:
    """The yields of a function itself, without those of functions inside it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Yield | ast.YieldFrom):
            yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _yields(child)


def _keys(node: ast.expr | None) -> set[str] | None:
    """The keys of a dict that is written out, with those of its replicates; None: not so."""
    if not isinstance(node, ast.Dict):
        return None
    found: set[str] = set()
    for key, value in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            return None
        found.add(key.value)
        if key.value == _STACKED:
            own = _keys(value)
            if own is None:
                return None
            found |= own
    return found
