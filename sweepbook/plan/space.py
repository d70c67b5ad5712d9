"""A search space of Ray Tune's primitives, described as plain values and checked."""

import difflib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from sweepbook.plan.values import plain_value
from sweepbook.study.search import Space

MOST_WHOLE = 2**53  # Optuna samples whole numbers as floats


def describe_space(space: Mapping[str, Any]) -> Space:
    """Returns a space of ray.tune primitives as plain values, one dict per setting.

    {"kind": "float" or "int", "low", "high", "log", "step"} with both bounds inclusive (a
    float's high is never drawn) and step None where the values are dense; or {"kind": "choice",
    "choices": [...]}, without an order.

    Raises:
        ValueError: nothing open, or a domain that Optuna would not sample as it is declared,
            named: grid_search, sample_from, randn, qrandn, qloguniform, qlograndint, a constant,
            nested settings, choices that JSON cannot keep.
    """
    if not isinstance(space, Mapping):
        raise ValueError(f"it must return a dict of settings, got {space!r:.60}")
    if not space:
        raise ValueError("the space has no open setting: a search needs one at least")
    if wrong := [key for key in space if not isinstance(key, str)]:
        raise ValueError(f"the name of a setting must be a text, got {wrong[0]!r:.60}")
    return {key: _described(key, domain) for key, domain in space.items()}


def _described(key: str, domain: Any) -> dict[str, Any]:
    from ray.tune.search.sample import Categorical, Domain, Float, Function, Integer

    if isinstance(domain, Mapping):
        if "grid_search" in domain:
            raise _refusal(key, "grid_search", "put it into the study's grid, or take choice")
        raise _refusal(key, "nested settings", "write each setting with a name of its own")
    if not isinstance(domain, Domain):
        raise _refusal(key, f"the constant {domain!r}", "put it into the study's fixed settings")
    if isinstance(domain, Function):
        raise _refusal(key, "sample_from", "give the setting a range or choices of its own")
    if isinstance(domain, Categorical):
        return _choices(key, list(domain.categories))
    if isinstance(domain, (Float, Integer)):
        return _range(key, domain)
    raise _refusal(key, type(domain).__name__, "see Search")


def _range(key: str, domain: Any) -> dict[str, Any]:
    from ray.tune.search.sample import Integer, LogUniform, Quantized, Uniform

    whole, sampler, step = isinstance(domain, Integer), domain.get_sampler(), None
    if isinstance(sampler, Quantized):
        step, sampler = sampler.q, sampler.sampler
    log = isinstance(sampler, LogUniform)
    if not isinstance(sampler, (Uniform, LogUniform)):
        raise _refusal(key, "qrandn" if step else "randn", "take uniform, which has bounds")
    if step and log:
        name = "qlograndint" if whole else "qloguniform"
        raise _refusal(
            key, name, "Optuna would ignore its steps; take lograndint, loguniform or choice"
        )
    low, upper = (_bound(key, value, whole) for value in (domain.lower, domain.upper))
    if step is not None:
        step = _bound(key, step, whole)
        if step <= 0:
            raise _refusal(key, f"steps of {step}", "the step must be > 0")
    step = None if whole and step == 1 else step
    high = upper - 1 if whole and not step else upper  # Ray's randint excludes it
    if not (math.isfinite(low) and low < high < math.inf):
        raise _refusal(
            key, f"the range {low} .. {high}", "low must be below high, and both finite"
        )
    if whole and max(-low, high) > MOST_WHOLE:
        raise _refusal(
            key, f"the range {low} .. {high}", "whole numbers must lie within -2**53 .. 2**53"
        )
    # Ray takes multiples of the step, Optuna counts from low: the same where low is a multiple
    if step and any(not math.isclose(b, round(b / step) * step) for b in (low, high)):
        raise _refusal(
            key, f"steps of {step} from {low}", "both bounds must be multiples of the step"
        )
    kind = "int" if whole else "float"
    return {"kind": kind, "low": low, "high": high, "log": log, "step": step}


def _bound(key: str, value: Any, whole: bool) -> Any:
    """A bound or step as Python's number."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        must = f"bounds and step must be {'whole ' * whole}numbers"
        raise _refusal(key, f"a range with {value!r:.60}", must)
    return value


def _choices(key: str, choices: list[Any]) -> dict[str, Any]:
    choices = [plain_value(choice, f"a choice of {key!r}") for choice in choices]
    for choice in choices:
        if not isinstance(choice, (str, int, float, bool, type(None))):
            raise _refusal(
                key,
                f"the choice {choice!r:.60}",
                "choices must be texts, numbers, True, False or None; give a text, and look up "
                "its meaning in the trainable",
            )
    if len(choices) < 2 or len(set(choices)) < len(choices):  # Optuna takes True for 1, 3.0 for 3
        raise _refusal(key, f"the choices {choices}", "give at least two, and no two equal ones")
    return {"kind": "choice", "choices": choices}


def _refusal(key: str, what: str, instead: str) -> ValueError:
    return ValueError(f"a search cannot sample {key!r} from {what}: {instead}")


def check_value(space: Space, key: str, value: Any) -> None:
    """Raises ValueError where `value` does not lie in the setting's range or choices."""
    if key not in space:
        near = difflib.get_close_matches(key, space, cutoff=0.4) or list(space)
        raise ValueError(f"the space has no setting {key!r}: did you mean {', '.join(near)}?")
    domain = space[key]
    if domain["kind"] == "choice":
        if not any(value == c and type(value) is type(c) for c in domain["choices"]):
            raise ValueError(f"{key} must be one of {domain['choices']}, got {value!r}")
        return
    kinds = (int,) if domain["kind"] == "int" else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise ValueError(f"{key} must be a number ({domain['kind']}), got {value!r}")
    if not domain["low"] <= value <= domain["high"]:
        raise ValueError(f"{key} must lie in {domain['low']} .. {domain['high']}, got {value!r}")
    steps = (value - domain["low"]) / domain["step"] if domain["step"] else 0
    if abs(steps - round(steps)) >= 1e-8:  # as Optuna counts them
        raise ValueError(
            f"{key} must be {domain['low']} plus a multiple of {domain['step']}, got {value!r}"
        )
