"""The settings of a config as plain values: what JSON gives back is what was put into it."""

import dataclasses
import math
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

import numpy as np

from sweepbook.study.configs import is_added_default, made_config
from sweepbook.study.spaces.domains import is_domain
from sweepbook.study.spaces.names import flat, nested
from sweepbook.study.study import Study
from sweepbook.study.texts import shortened

MOST_SHOWN = 60  # characters of a refused value
MOST_NESTED = 50  # lists and dicts in each other
_INTS = range(-(2**63), 2**63)  # what a column of a table holds
_INSTEAD = (
    (Enum, "give its name as a text and look it up in the trainable"),
    (set | frozenset, "a set has no fixed order; write a list, or sorted(...)"),
    (complex | np.complexfloating, "give its real and its imaginary part as numbers"),
    (bytes | bytearray, "give it as a text"),
    (type, "give its name as a text and look it up in the trainable"),
)


def plain_value(value: Any, name: str, with_dataclasses: bool = False) -> Any:
    """Returns a setting's value as JSON keeps it: what is read back is equal, and of its type.

    Scalars of numpy become Python's, paths become texts; arrays, ranges and tuples become lists.

    Args:
        name: what a message calls it: "study s: setting lr".
        with_dataclasses: a dataclass becomes a dict; otherwise it is refused.

    Raises:
        ValueError: JSON would lose it or change it. The message says what to write instead.
    """
    return _plain(value, name, with_dataclasses, 0)


def plain_settings(
    settings: Mapping[str, Any], study: str, kind: type | None = None
) -> dict[str, Any]:
    """Returns the settings of a study with plain values.

    Args:
        study: its name.
        kind: the dataclass of the trainable's configs; None: it takes any dict.

    Raises:
        ValueError: as `plain_value`, or a setting's name is no text.
    """
    for key in settings:
        _check_key(key, f"study {study}: a setting", settings)
    return {
        key: plain_value(value, f"study {study}: setting {_named(key)}", kind is not None)
        for key, value in settings.items()
    }


def plain_study(study: Study, kind: type | None) -> Study:
    """Returns the study with plain values in its grid, points and fixed settings.

    Raises:
        ValueError: as `plain_settings`.
    """
    grid = {
        key: [plain_settings({key: value}, study.name, kind) for value in values]
        for key, values in study.grid.items()
    }
    return dataclasses.replace(
        study,
        grid={key: [one[key] for one in values] for key, values in grid.items()},
        points=[plain_settings(point, study.name, kind) for point in study.points],
        fixed=plain_settings(study.fixed, study.name, kind),
    )


def checked_config(
    study: str, config: Mapping[str, Any], kind: type | None, is_nested: bool = False
) -> dict[str, Any]:
    """Returns a complete config as plain values, with the defaults of the trainable's own.

    Args:
        study: its name.
        kind: the dataclass of the trainable's configs, whose rules raise here; None: there is
            none.
        is_nested: the names are flat ones of nested settings, and those returned are.

    Raises:
        ValueError: its rules refuse a value, or a value is not plain.
    """
    given = plain_settings(config, study, kind)
    config = _nested(given, study) if is_nested else given
    if kind is None:
        return given
    made = made_config(kind, config)
    names = [field.name for field in dataclasses.fields(kind) if field.init]
    found = plain_settings({name: getattr(made, name) for name in names}, study, kind)
    again = made_config(kind, found)
    for name in names:
        if is_dataclass(getattr(made, name)) and not is_dataclass(getattr(again, name)):
            raise ValueError(
                f"study {study}: setting {name} is a {type(getattr(made, name)).__name__}, but "
                f"the annotation of this field of {kind.__name__} does not say so: annotate the "
                "field with its dataclass"
            )
    kept = {name: getattr(again, name) for name in names}
    if derived := [n for n, v in plain_settings(kept, study, kind).items() if v != found[n]]:
        raise ValueError(
            f"study {study}: {kind.__name__} changes its field {derived[0]} from "
            f"{_shown(found[derived[0]])} when it is made again, as a resume does: derive the "
            "value in a property, or in the trainable"
        )
    found = {k: v for k, v in found.items() if k in config or not is_added_default(kind, k, v)}
    return flat(found, whole=given.keys()) if is_nested else found


def _nested(config: Mapping[str, Any], study: str) -> dict[str, Any]:
    try:
        return nested(config)
    except ValueError as error:
        raise ValueError(f"study {study}: {error}") from error


def is_dataclass(value: Any) -> bool:
    """Whether a value is an instance of a dataclass."""
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _plain(value: Any, name: str, with_dataclasses: bool, depth: int) -> Any:
    if depth > MOST_NESTED:
        raise _refusal(value, name, f"nest lists and dicts at most {MOST_NESTED} times")
    if isinstance(value, Enum):
        raise _refusal(value, name, _INSTEAD[0][1])
    if isinstance(value, np.ndarray | np.bool_ | np.integer | np.floating | np.str_):
        value = value.tolist()
    if isinstance(value, PurePath):
        value = str(value)
    if with_dataclasses and is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in _init_fields(value)}
    if isinstance(value, Mapping):
        for key in value:
            _check_key(key, name, value)
        return {
            str.__str__(key): _plain(one, f"{name}.{_named(key)}", with_dataclasses, depth + 1)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple | range) and not hasattr(value, "_fields"):
        return [
            _plain(one, f"{name}[{i}]", with_dataclasses, depth + 1) for i, one in enumerate(value)
        ]
    return _scalar(value, name)


def _scalar(value: Any, name: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        _check_text(value, name)
        return str.__str__(value)  # of a class of texts, too
    if isinstance(value, int):
        if value not in _INTS:
            raise _refusal(value, name, "a whole number must lie in -2**63 .. 2**63 - 1")
        return int(value)
    if isinstance(value, float):
        if math.isnan(value):
            raise _refusal(value, name, "NaN is not equal to itself; write None for no value")
        return float(value)
    raise _refusal(value, name, _instead_of(value))


def _instead_of(value: Any) -> str:
    for kind, instead in _INSTEAD:
        if isinstance(value, kind):
            return instead
    if is_domain(value):
        return "a range stands in the space of the study or of its search"
    if hasattr(value, "_fields") or is_dataclass(value):
        return "give it as a dict, or annotate the config's field with its dataclass"
    if hasattr(value, "isoformat"):
        return "give it as a text, value.isoformat()"
    if callable(value):
        return "give its name as a text and look it up in the trainable"
    return "give texts, numbers, True, False, None, and lists and dicts of these"


def _init_fields(value: Any) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(value) if field.init]


def _check_key(key: Any, name: str, value: Any) -> None:
    if not isinstance(key, str) or isinstance(key, Enum):
        raise _refusal(
            value, name, f"its key {_shown(key)} must be a text, because JSON has no other keys"
        )
    _check_text(key, name)


def _check_text(text: str, name: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _refusal(
            text,
            name,
            "it contains half a character (a lone surrogate); write it in proper Unicode",
        ) from None


def _named(key: str) -> str:
    return key if key.isprintable() and len(key) <= MOST_SHOWN else _shown(key)


def _refusal(value: Any, name: str, instead: str) -> ValueError:
    kind = "" if value is None else f" ({type(value).__name__})"
    return ValueError(f"{name} is {_shown(value)}{kind}, which a record cannot keep: {instead}")


def _shown(value: Any) -> str:
    """A value on one line, shortened."""
    try:
        text = " ".join(ascii(value).split())
    except Exception:  # whatever a foreign __repr__ raises
        text = f"a {type(value).__name__}"
    return shortened(text, MOST_SHOWN)
