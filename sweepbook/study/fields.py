"""The types of a declaration's fields, checked when it is made, so that no typo lives longer."""

import dataclasses
import functools
import numbers
import types
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

_WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    type(None): "None",
}


def check_fields(declared: Any, what: str, apart: Collection[str] = ()) -> None:
    """Checks that each field of a dataclass has a value of its annotated type.

    A number of numpy's becomes the Python number that it stands for.

    Args:
        what: the declaration, for the message: "claim a-wins".
        apart: fields that are not checked here.

    Raises:
        ValueError: naming the field, what it must be, and what it is.
    """
    kind: Any = type(declared)
    for name, hint in _hints(kind).items():
        if name in apart:
            continue
        value = _python_number(getattr(declared, name))
        object.__setattr__(declared, name, value)
        if not _fits(value, hint):
            path = _import_path(value)
            advice = f": write its import path, such as {path!r}" if path else ""
            raise ValueError(f"{name} of {what} must be {_words(hint)}, got {value!r:.60}{advice}")


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _python_number(value: Any) -> Any:
    """A number of numpy's or torch's as Python's; anything else as it is."""
    is_one = hasattr(value, "item") and getattr(value, "ndim", None) == 0
    return value.item() if is_one else value


def _fits(value: Any, hint: Any) -> bool:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is typing.Literal:  # which one of them, the declaration itself says best
        return isinstance(value, str)
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, Mapping)
    if origin is not None and issubclass(origin, Sequence):
        is_list = isinstance(value, Sequence) and not isinstance(value, str | bytes)
        return is_list and all(_fits(one, inner[0]) for one in value)
    if hint in (int, float):
        kind = numbers.Integral if hint is int else numbers.Real
        return isinstance(value, kind) and not isinstance(value, bool)
    return isinstance(value, hint)


def _words(hint: Any) -> str:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(_words, inner))
    if origin is typing.Literal:
        return f"one of {', '.join(map(repr, inner))}"
    if origin is not None and issubclass(origin, Mapping):
        return "a dict"
    if origin is not None and issubclass(origin, Sequence):
        return f"a list, each item {_words(inner[0])}"
    name: str = hint.__name__
    return _WORDS.get(hint) or f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


def _import_path(value: Any) -> str:
    """How a function or class would be named by a text; "" for anything else."""
    is_code = isinstance(value, Callable) and hasattr(value, "__qualname__")  # type: ignore[arg-type]
    return f"{value.__module__}:{value.__qualname__}" if is_code else ""
