"""Code that was written for Ray Tune, known by the names in it."""

import functools
import inspect
import os
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

from sweepbook.plan.plan import Plan
from sweepbook.study.settings import CHDIR_BEFORE


def own_folder_as_in_ray(function: Callable[..., Any]) -> bool:
    """Whether a function is to work in a folder of its own, as Ray has it by default."""
    asked = os.environ.get(CHDIR_BEFORE) or os.environ.get("RAY_CHDIR_TO_TRIAL_DIR", "1")
    return asked != "0" and uses_ray(function)


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
    names = set(_names_in(function.__code__))
    if any(name == "ray" or name.startswith("ray.") for name in names):
        return True
    known = function.__globals__
    return any(_is_ray_s(known[name]) for name in names & known.keys())


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names_in(inner)


def _is_ray_s(value: Any) -> bool:
    names = (getattr(value, key, None) for key in ("__module__", "__name__"))
    return any(isinstance(name, str) and f"{name}.".startswith("ray.") for name in names)


def ray_problems(code: Any, path: str, plan: Plan) -> list[str]:
    """Returns what of Ray's a function or class brings along that a study has its own way for."""
    asked = _asked_of_ray(code)
    if not asked:
        return []
    cpus, gpus = plan.needs[0] if plan.needs else (plan.study.cpus, plan.study.gpus)
    if asked.get("CPU", 0.0) <= cpus and asked.get("GPU", 0.0) <= gpus:
        return []
    wanted = ", ".join(
        f"{name}={asked[key]:g}"
        for name, key in (("cpus", "CPU"), ("gpus", "GPU"))
        if asked.get(key)
    )
    return [
        f"study {plan.study.name}: {path} asks for {wanted} by tune.with_resources, but a trial "
        f"of the study gets cpus={cpus:g}, gpus={gpus:g}: write Study(..., {wanted})"
    ]


def _asked_of_ray(code: Any) -> dict[str, float]:
    """The resources that tune.with_resources has written on a function; {}: none it can tell."""
    while isinstance(code, functools.partial):
        code = code.func
    bundle = getattr(getattr(code, "_resources", None), "required_resources", None)
    return dict(bundle) if isinstance(bundle, dict) else {}
