"""Code that was written for Ray Tune, known by the names in it."""

import functools
import inspect
import os
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from sweepbook.doors.signature import names_in
from sweepbook.study.settings import CHDIR_BEFORE

_TRAINABLE = ("ray.tune.trainable.trainable", "Trainable")


def has_own_folder_as_in_ray() -> bool:
    """Whether Ray's code is to work in a folder of its own, as Ray has it by default."""
    asked = os.environ.get(CHDIR_BEFORE) or os.environ.get("RAY_CHDIR_TO_TRIAL_DIR", "1")
    return asked != "0"


def is_ray_class(code: Any) -> bool:
    """Whether it is a class that Ray Tune trains, a subclass of its Trainable."""
    return inspect.isclass(code) and any(_place_of(c) == _TRAINABLE for c in code.__mro__)


def _place_of(code: type) -> tuple[str, str]:
    return code.__module__, code.__qualname__


def has_own_method(code: type, name: str) -> bool:
    """Whether a subclass of Ray's Trainable has a method that is not Ray's own."""
    owners = [c for c in code.__mro__ if name in vars(c)]
    return bool(owners) and _place_of(owners[0]) != _TRAINABLE


def uses_ray(function: Callable[..., Any]) -> bool:
    """Whether a function names something of Ray's, itself or in what it wraps."""
    return any(_names_ray(one) for one in _functions_in(function))


def _functions_in(function: Any) -> Iterator[FunctionType]:
    """A function and those that it wraps: a partial one, a decorated one, one with parameters."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    if not isinstance(function, FunctionType):
        function = vars(type(function)).get("__call__")
        if not isinstance(function, FunctionType):
            return
    yield function
    for cell in function.__closure__ or ():
        try:
            inner = cell.cell_contents
        except ValueError:  # it is empty
            continue
        if isinstance(inner, FunctionType | functools.partial) and inner is not function:
            yield from _functions_in(inner)


def _names_ray(function: FunctionType) -> bool:
    names = set(names_in(function.__code__))
    if any(name == "ray" or name.startswith("ray.") for name in names):
        return True
    known = function.__globals__
    return any(_is_ray_s(known[name]) for name in names & known.keys())


def _is_ray_s(value: Any) -> bool:
    names = (getattr(value, key, None) for key in ("__module__", "__name__"))
    return any(isinstance(name, str) and f"{name}.".startswith("ray.") for name in names)
