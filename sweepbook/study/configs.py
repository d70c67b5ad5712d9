"""A trainable's own dataclass, made again of the plain values that a record keeps of it."""

import dataclasses
import functools
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sweepbook.study.errors import own_code


def made_config(kind: type, config: Mapping[str, Any]) -> Any:
    """Returns the dataclass made of a config's plain values.

    A dict becomes a dataclass, a list a tuple and a text a path where the annotation says so, or
    the field's default is one; in lists, dicts and optional fields, too.

    Raises:
        ValueError: a rule of the dataclass refuses a value, or raises something; a field has
            neither value nor default.
    """
    hints = _hints_of(kind)
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    given = {
        key: _made(_hint(hints, fields[key]) if key in fields else Any, value)
        for key, value in config.items()
    }
    with own_code(f"a {kind.__name__} cannot be made of these settings"):
        return kind(**given)


def is_added_default(kind: type | None, name: str, value: Any) -> bool:
    """Returns whether a setting was added to a config class later and has its default there.

    Then it is no part of a trial's identity, so that ids stay when a class grows. Its field says
    so in its metadata: `field(default=None, metadata={"added_later": True})`.
    """
    fields = {field.name: field for field in dataclasses.fields(kind)} if kind else {}
    if kind is None or name not in fields or not fields[name].metadata.get("added_later"):
        return False
    made, default = _made(_hint(_hints_of(kind), fields[name]), value), fields[name].default
    return type(made) is type(default) and bool(made == default)


def resolved(annotation: Any, names: Mapping[str, Any], own: Mapping[str, Any]) -> Any:
    """Returns what an annotation means, which may be a text, with the names of its module.

    Raises:
        Exception: whatever a name raises that is not there.
    """
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    return typing.get_type_hints(holder, dict(names), dict(own))["it"]


@functools.cache
def _hints_of(kind: type) -> dict[str, Any]:
    """Field -> type, without those that cannot be resolved: imported for type checkers alone."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        names = getattr(sys.modules.get(base.__module__), "__dict__", {})
        for name, annotation in base.__dict__.get("__annotations__", {}).items():
            try:
                found[name] = resolved(annotation, names, vars(base))
            except Exception:  # whatever an annotation raises that only a type checker reads
                found[name] = Any
    return found


def _hint(hints: Mapping[str, Any], field: dataclasses.Field[Any]) -> Any:
    is_tuple = isinstance(field.default, tuple)  # annotated as a sequence, say
    hint = hints.get(field.name, Any)
    return tuple if is_tuple and tuple not in (hint, *map(_kind_of, _arms(hint))) else hint


def _kind_of(hint: Any) -> Any:
    """The class of a hint: list of list[int]."""
    return typing.get_origin(hint) or hint


def _arms(hint: Any) -> tuple[Any, ...]:
    """The types that a hint allows: several for a union."""
    is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return typing.get_args(hint) if is_union else (hint,)


def _made(hint: Any, value: Any) -> Any:
    """A plain value as its hint has it; what the hint does not speak of stays as it is."""
    arms = _arms(hint)
    if isinstance(value, Mapping):
        if kinds := [arm for arm in arms if _is_dataclass(arm)]:
            return made_config(_chosen(kinds, value), value)
        for args in (typing.get_args(arm) for arm in arms if _is_a(arm, Mapping)):
            return {k: _made(args[1] if len(args) == 2 else Any, v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        for arm in arms:
            if _is_a(arm, Sequence) and _kind_of(arm) is not str:
                return _made_list(arm, value)
    if isinstance(value, str) and Path in arms and str not in arms:
        return Path(value)
    return value


def _made_list(hint: Any, value: Sequence[Any]) -> Any:
    args = typing.get_args(hint)
    is_tuple = _kind_of(hint) is tuple
    if is_tuple and len(args) == len(value) and ... not in args:
        return tuple(_made(arg, one) for arg, one in zip(args, value, strict=True))
    made = [_made(args[0] if args else Any, one) for one in value]
    return tuple(made) if is_tuple else made


def _is_a(hint: Any, kind: type) -> bool:
    own = _kind_of(hint)
    return isinstance(own, type) and issubclass(own, kind)


def _is_dataclass(hint: Any) -> bool:
    return isinstance(hint, type) and dataclasses.is_dataclass(hint)


def _chosen(kinds: Sequence[type], value: Mapping[str, Any]) -> type:
    """The dataclass of a union whose fields a dict has.

    Raises:
        ValueError: none, or several.
    """
    if len(kinds) == 1:
        return kinds[0]
    names = {kind: {f.name for f in dataclasses.fields(kind) if f.init} for kind in kinds}
    fitting = [kind for kind in kinds if value.keys() <= names[kind]]
    exact = [kind for kind in fitting if value.keys() == names[kind]]
    if len(exact or fitting) != 1:
        shown = " or ".join(kind.__name__ for kind in kinds)
        raise ValueError(
            f"the settings {', '.join(value)} do not tell whether {shown} is meant: give all "
            "settings of one of these classes, and let no two classes have the same fields"
        )
    return (exact or fitting)[0]
