"""Checks that every trainable's settings share; each raises ValueError naming the setting."""

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

T = TypeVar("T")


def as_settings(kind: type[T], config: T | Mapping[str, Any]) -> T:
    """Returns the checked settings of a mapping; missing ones take their defaults.

    Args:
        kind: a dataclass whose construction checks its values.

    Raises:
        ValueError: for an unknown setting (with the nearest names) or one out of range.
    """
    if isinstance(config, kind):
        return config
    assert isinstance(config, Mapping)
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # T is a dataclass
    for key in config:
        if key not in known:
            near = difflib.get_close_matches(str(key), known) or known
            raise ValueError(f"unknown setting {key!r}: did you mean {', '.join(near)}?")
    return kind(**config)


def check_range(name: str, value: Any, low: float, high: float) -> None:
    """A number of low..high, both inclusive; a whole one where `low` is an int."""
    whole = isinstance(low, int)
    kind = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kind):
        raise ValueError(f"{name} must be {'a whole' if whole else 'a'} number, got {value!r}")
    if not (low <= value <= high and math.isfinite(value)):
        raise ValueError(f"{name} must lie in {low} .. {high}, got {value!r}")


def check_choice(name: str, value: Any, allowed: Sequence[str]) -> None:
    """One of the allowed words."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")


def check_flag(name: str, value: Any) -> None:
    """True or False, nothing that merely counts as such."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false, got {value!r}")


def check_data(value: Any) -> None:
    """The name of the embedded data, or a folder's."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"data must be 'embedded' or a folder, got {value!r}")


def check_device(value: Any) -> None:
    """As torch names devices; whether there is a GPU shows when a trial starts."""
    if not re.fullmatch(r"cpu|cuda(:\d+)?", str(value)):
        raise ValueError(f"device must be 'cpu', 'cuda' or 'cuda:N', got {value!r}")
