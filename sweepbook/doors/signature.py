"""Whether a function can be called with one config, seen by looking at it."""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from types import CodeType
from typing import Any

from sweepbook.plan.plan import Plan
from sweepbook.study.hooks import load_object
from sweepbook.study.texts import shortened, visible

_EMPTY = inspect.Parameter.empty
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def signature_problems(path: str, plan: Plan) -> list[str]:
    """Returns why a trainable cannot be called with a config, with what to write instead."""
    code, searched = load_object(path), dict.fromkeys(plan.search.space if plan.search else ())
    config = {**plan.a_config, **searched}
    name = path.rpartition(":")[2]
    if problem := _of_kind(code, name) or _of_parameters(code, name, config):
        return [f"study {plan.study.name}: the trainable {problem}"]
    return []


def names_in(code: CodeType) -> Iterator[str]:
    """Returns the names that the code of a function and of those in it uses."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from names_in(inner)


def _of_kind(code: Any, name: str) -> str:
    """Why a thing of this kind trains nothing; "" where it may."""
    inner = code
    while isinstance(inner, functools.partial):
        inner = inner.func
    called = inner if inspect.isroutine(inner) else type(inner).__call__
    if inspect.iscoroutinefunction(called) or inspect.isasyncgenfunction(called):
        return (
            f"{name} is declared with `async def`, and nothing would await it: write "
            "`def train(config)`, and call asyncio.run(...) in it"
        )
    if inspect.isclass(code) and not hasattr(code, "__iter__") and not _is_rays(code):
        return (
            f"{name} is a class, and its objects yield nothing: write a function that makes one, "
            "as in `def train(config)`, and yields a dict of metrics after each step"
        )
    return ""


def _is_rays(code: type) -> bool:
    """Whether it is a class of Ray's, which has a door of its own."""
    return any(f"{one.__module__}.".startswith("ray.") for one in code.__mro__)


def _of_parameters(code: Callable[..., Any], name: str, config: Mapping[str, Any]) -> str:
    """Why a function does not take one config; "" where it does, or nobody can say."""
    try:
        signature = inspect.signature(code)
    except (TypeError, ValueError):  # one of C's
        return ""
    parameters = list(signature.parameters.values())
    first = parameters[0] if parameters else None
    try:
        signature.bind({})
    except TypeError:
        return _unfit(code, name, signature, config)
    is_setting = first is not None and first.name in config and first.kind in _NAMED
    if is_setting and first and not isinstance(config[first.name], Mapping):
        return (
            f"{_shown(name, signature)} has a parameter that is called as the setting "
            f"{first.name}, but gets the dict of all settings: write "
            f"`def {_short(name)}(config)`, and config[{first.name!r}] in it"
        )
    return ""


def _unfit(code: Any, name: str, signature: inspect.Signature, config: Mapping[str, Any]) -> str:
    """What to write instead of a function that does not take one config."""
    parameters = list(signature.parameters.values())
    shown, short = _shown(name, signature), _short(name)
    needed = [p.name for p in parameters if p.default is _EMPTY and p.kind in _NAMED]
    known = f"the settings are {', '.join(map(str, config))}"
    if not parameters:
        return f"{shown} takes nothing: write `def {short}(config)`, which gets a dict; {known}"
    if parameters[0].name == "self":
        return (
            f"{shown} is a method, which has no object here: write a function that makes one, as "
            "in `def train(config)`"
        )
    if needed[1:] == ["state"] and parameters[0].kind is not inspect.Parameter.KEYWORD_ONLY:
        return f"{shown} is called without a state at first: write `state=None`"
    are_settings = not needed or all(one in config or one == "seed" for one in needed)
    if are_settings:
        given = ", ".join(f'{one}=config["{one}"]' for one in needed) or "**config"
        way = "yield from " if inspect.isgeneratorfunction(code) else "return "
        return (
            f"{shown} takes the settings one by one, but is called with a dict of all: name a "
            f"function `def train(config)` with `{way}{short}({given})`"
        )
    return (
        f"{shown} needs more than the config, a dict: write `def {short}(config)` and make or "
        f"load {', '.join(needed[1:]) or needed[0]} in it; {known}"
    )


def _shown(name: str, signature: inspect.Signature) -> str:
    return visible(shortened(f"{name}{signature}", 100))


def _short(name: str) -> str:
    return "train" if name == "<lambda>" else name
