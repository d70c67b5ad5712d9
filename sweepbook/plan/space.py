"""A search space of Ray Tune's primitives, described as plain values and checked."""

import difflib
import math
from collections.abc import Mapping
from typing import Any

from sweepbook.study.search import Space


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
    if not space:
        raise ValueError("the space has no open setting: a search needs one at least")
    return {key: _described(key, domain) for key, domain in space.items()}


def _described(key: str, domain: Any) -> dict[str, Any]:
    from ray.tune.search.sample import Categorical, Domain, Float, Function, Integer

    if isinstance(domain, Mapping):
        if "grid_search" in domain:
            raise _refusal(key, "grid_search", "put it into the study's grid, or take choice")
        raise _refusal(key, "nested settings", "settings are flat")
    if not isinstance(domain, Domain):
        raise _refusal(key, f"the constant {domain!r}", "put it into the study's fixed settings")
    if isinstance(domain, Function):
        raise _refusal(key, "sample_from", "a searched setting has a range of its own")
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
        raise _refusal(key, name, "Optuna drops its steps; take lograndint, loguniform or choice")
    step = step if step and not (whole and step == 1) else None
    high = domain.upper - 1 if whole and not step else domain.upper  # Ray's randint excludes it
    if not (math.isfinite(domain.lower) and domain.lower < high < math.inf):
        raise _refusal(key, f"the range {domain.lower} .. {high}", "low < high must hold")
    # Ray takes multiples of the step, Optuna counts from low: the same where low is a multiple
    if step and any(not math.isclose(b, round(b / step) * step) for b in (domain.lower, high)):
        raise _refusal(
            key, f"steps of {step} from {domain.lower}", "bounds must be multiples of it"
        )
    kind = "int" if whole else "float"
    return {"kind": kind, "low": domain.lower, "high": high, "log": log, "step": step}


def _choices(key: str, choices: list[Any]) -> dict[str, Any]:
    for choice in choices:
        if not isinstance(choice, (str, int, float, bool, type(None))):
            raise _refusal(key, f"the choice {choice!r}", "choices are texts, numbers or flags")
    if len(choices) < 2 or len(set(map(repr, choices))) < len(choices):
        raise _refusal(key, f"the choices {choices}", "give two at least, each once")
    return {"kind": "choice", "choices": choices}


def _refusal(key: str, what: str, instead: str) -> ValueError:
    return ValueError(f"a search cannot sample {key!r} from {what}: {instead}")


def check_value(space: Space, key: str, value: Any) -> None:
    """Raises ValueError where `value` does not lie in the setting's range or choices."""
    if key not in space:
        near = difflib.get_close_matches(key, space, cutoff=0.4) or list(space)
        raise ValueError(f"{key!r} is not open: did you mean {', '.join(near)}?")
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
