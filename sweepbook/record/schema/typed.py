"""Plain values checked against the annotations of the dataclasses that are made of them."""

import contextlib
import dataclasses
import functools
import math
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from sweepbook.record.schema.limits import Form, Range
from sweepbook.study.texts import visible

Others = Mapping[tuple[type, str], Any]  # (dataclass, field) -> what to hold it against instead
_WORDS = {str: "a text", bool: "true or false", types.NoneType: "null"}


def check(value: Any, hint: Any, name: str, others: Others) -> None:
    """Checks a plain value of JSON against an annotation, and all that it holds.

    A dataclass stands for an object with its fields; an object may have further keys, and None
    stands for the default of a field that has one. A number must be finite.

    Args:
        hint: of Python's plain types, Any, Literal, unions, mappings, sequences, dataclasses and
            Annotated with a `Range` or a `Form`.
        name: of the value, for the message.
        others: fields that are held against another annotation than their own.

    Raises:
        ValueError: naming the value, what it must be, and what it is.
    """
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return
    if origin is typing.Annotated:
        check(value, inner[0], name, others)
        _check_limits(value, inner[1:], name)
    elif origin in (typing.Union, types.UnionType):
        _check_union(value, inner, name, others)
    elif origin is typing.Literal:
        if not any(value is one or (type(value) is type(one) and value == one) for one in inner):
            _refuse(name, f"one of {', '.join(map(repr, inner))}", value)
    elif dataclasses.is_dataclass(hint):
        _check_object(value, hint, name, others)
    elif origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            _refuse(name, "an object", value)
        for key, one in value.items():
            check(key, inner[0], f"a key of {name}", others)
            check(one, inner[1], f"{name}.{visible(key)[:60]}", others)
    elif origin is not None and issubclass(origin, Sequence):
        if not isinstance(value, list | tuple):
            _refuse(name, "a list", value)
        for at, one in enumerate(value):
            check(one, inner[0], f"{name}[{at}]", others)
    else:
        _check_plain(value, hint, name)


def _check_plain(value: Any, hint: Any, name: str) -> None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if hint is int:
        if not is_whole:
            _refuse(name, "a whole number", value)
    elif hint is float:
        if not is_whole and not (isinstance(value, float) and math.isfinite(value)):
            _refuse(name, "a finite number", value)
    elif not isinstance(value, hint):
        _refuse(name, _WORDS.get(hint, f"a {hint.__name__}"), value)


def _check_limits(value: Any, limits: Sequence[Any], name: str) -> None:
    for limit in limits:
        if isinstance(limit, Range) and not limit.low <= value <= limit.high:
            _refuse(name, f"a number {limit}", value)
        if isinstance(limit, Form) and not limit.fits(value):
            _refuse(name, limit.words, value)


def _check_union(value: Any, inner: Sequence[Any], name: str, others: Others) -> None:
    if value is None and types.NoneType in inner:
        return
    kinds = [kind for kind in inner if kind is not types.NoneType]
    if isinstance(value, Mapping) and (meant := object_of(value, kinds)):
        kinds = [meant]
    for kind in kinds[:-1]:
        with contextlib.suppress(ValueError):
            return check(value, kind, name, others)
    check(value, kinds[-1], name, others)  # it says best what is wrong


def object_of(value: Mapping[str, Any], kinds: Sequence[Any]) -> Any:
    """Returns the dataclass whose needed fields an object has; None: of none of them."""
    for kind in kinds:
        if dataclasses.is_dataclass(kind):
            needed = {field.name for field in dataclasses.fields(kind) if _is_needed(field)}
            if needed <= value.keys():
                return kind
    return None


def _check_object(value: Any, kind: Any, name: str, others: Others) -> None:
    if isinstance(value, kind):
        return
    if not isinstance(value, Mapping):
        _refuse(name, "an object", value)
    for field, hint in hints_of(kind).items():
        one, own = value.get(field.name), f"{name}.{field.name}".removeprefix(".")
        if one is not None:
            check(one, others.get((kind, field.name), hint), own, others)
        elif _is_needed(field):
            must = others.get((kind, field.name), hint)
            check(None, must, own, others)


def _is_needed(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


@functools.cache
def hints_of(kind: Any) -> "dict[dataclasses.Field[Any], Any]":
    """Returns field -> annotation of a dataclass."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return {field: hints[field.name] for field in dataclasses.fields(kind) if field.init}


def _refuse(name: str, must: str, value: Any) -> typing.NoReturn:
    shown = f"'{visible(value)[:60]}'" if isinstance(value, str) else visible(repr(value)[:60])
    raise ValueError(f"{name} must be {must}, got {shown}")
