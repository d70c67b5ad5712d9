"""Ranges and choices of Ray Tune, of Optuna and of a study in YAML, described as plain values.

Nothing is imported: whoever has made such an object has imported its class, which is told by its
name.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sweepbook.study.texts import shortened, visible

MOST_WHOLE = 2**53  # Optuna samples whole numbers as floats
MOST_SHOWN = 60  # characters of a refused value
_RAY, _OPTUNA = "ray.tune.search.sample", "optuna.distributions"
_FORMS = {  # as in ray.tune: name -> whole numbers, logarithmic, in steps
    "uniform": (False, False, False),
    "loguniform": (False, True, False),
    "quniform": (False, False, True),
    "randint": (True, False, False),
    "lograndint": (True, True, False),
    "qrandint": (True, False, True),
}
WRITTEN = (*_FORMS, "choice")


@dataclass(frozen=True)
class Written:
    """A range or choices in words: "loguniform" and [1e-4, 0.1]."""

    form: str
    values: Sequence[Any]


def domain_of(key: str, value: Any) -> dict[str, Any] | None:
    """Returns an open domain as plain values; None: the value is none.

    {"kind": "float" or "int", "low", "high", "log", "step"} with both bounds inclusive (a
    float's high is never drawn) and step None where the values are dense; or {"kind": "choice",
    "choices": [...]}, without an order.

    Raises:
        ValueError: a domain that Optuna would not sample as it is declared, named.
    """
    if isinstance(value, Written):
        return _written(key, value)
    if "Domain" in (names := _names_of(value, _RAY)):
        return _of_ray(key, value, names)
    if "BaseDistribution" in (names := _names_of(value, _OPTUNA)):
        return _of_optuna(key, value, names)
    return None


def is_domain(value: Any) -> bool:
    """Whether a value is a range or choices, also one that cannot be sampled."""
    known = _names_of(value, _RAY) | _names_of(value, _OPTUNA)
    return isinstance(value, Written) or bool(known & {"Domain", "BaseDistribution"})


def check_described(domains: Mapping[str, Any]) -> None:
    """Checks that domains are plain values as `domain_of` gives them.

    Raises:
        ValueError: one is not: somebody has written it by hand.
    """
    for key, domain in domains.items():
        keys = set(domain) if isinstance(domain, Mapping) else set()
        if (
            not ({"choices"} <= keys or {"low", "high", "log", "step"} <= keys)
            or "kind" not in keys
        ):
            raise ValueError(
                f"domains of a search has {key!r}: {shown(domain)}, which is no described range: "
                "give the ranges as space, and leave domains out"
            )


def shown(value: Any) -> str:
    """Returns a value on one line, shortened."""
    try:
        return shortened(" ".join(visible(repr(value), keep="\n").split()), MOST_SHOWN)
    except Exception:  # whatever a foreign __repr__ raises
        return f"a {type(value).__name__}"


def refusal(key: str, what: str, instead: str) -> ValueError:
    """Returns the error about what a search cannot sample, and what to write instead."""
    return ValueError(f"a search cannot sample {key!r} from {what}: {instead}")


def _names_of(value: Any, module: str) -> set[str]:
    """The names of a value's classes that a module defines."""
    return {c.__name__ for c in type(value).__mro__ if c.__module__ == module}


def _of_ray(key: str, domain: Any, names: set[str]) -> dict[str, Any]:
    if "Function" in names:
        raise refusal(
            key,
            "sample_from",
            "give the setting a range or choices of its own, and let the trainable compute what "
            "follows from other settings",
        )
    if "Categorical" in names:
        return _choices(key, domain.categories)
    if not names & {"Float", "Integer"}:
        raise refusal(key, type(domain).__name__, "take one of tune." + ", tune.".join(WRITTEN))
    sampler, step = domain.get_sampler(), None
    if "Quantized" in _names_of(sampler, _RAY):
        step, sampler = sampler.q, sampler.sampler
    samplers, whole = _names_of(sampler, _RAY), "Integer" in names
    log = "LogUniform" in samplers
    if not samplers & {"Uniform", "LogUniform"}:
        raise refusal(key, "qrandn" if step else "randn", "take uniform, which has bounds")
    if step and log:
        name = "qlograndint" if whole else "qloguniform"
        raise refusal(
            key, name, "Optuna would ignore its steps; take lograndint, loguniform or choice"
        )
    return _range_of_ray(key, whole, log, (domain.lower, domain.upper, step))


def _of_optuna(key: str, domain: Any, names: set[str]) -> dict[str, Any]:
    if "CategoricalDistribution" in names:
        return _choices(key, domain.choices)
    if not names & {"FloatDistribution", "IntDistribution"}:
        raise refusal(
            key,
            type(domain).__name__,
            "take FloatDistribution, IntDistribution or CategoricalDistribution",
        )
    whole = "IntDistribution" in names
    if domain.low == domain.high:
        raise refusal(
            key, f"{domain.low} .. {domain.high}", "there is one value, so write it as it is"
        )
    return _range(key, whole, domain.log, (domain.low, domain.high, domain.step))


def _written(key: str, written: Written) -> dict[str, Any]:
    form, values = written.form, written.values
    if form == "choice":
        return _choices(key, values)
    whole, log, in_steps = _FORMS[form]
    must = "[low, high, step]" if in_steps else "[low, high]"
    if not isinstance(values, list) or len(values) != (3 if in_steps else 2):
        raise refusal(key, f"{form}: {shown(values)}", f"write {form}: {must}")
    low, high, step = [*values, None][:3]
    return _range_of_ray(key, whole, log, (low, high, step))


def _range_of_ray(
    key: str, whole: bool, log: bool, bounds: tuple[Any, Any, Any]
) -> dict[str, Any]:
    """A range as Ray means it: randint excludes its end, and steps are counted from 0."""
    low, upper, step = bounds
    if whole and not step and isinstance(_number(upper), int):
        upper = _number(upper) - 1
    found = _range(key, whole, log, (low, upper, step))
    # Ray takes multiples of the step, Optuna counts from low: the same where low is a multiple
    step = found["step"]
    ends = found["low"], found["high"]
    if step and any(not math.isclose(b, round(b / step) * step) for b in ends):
        raise refusal(
            key, f"steps of {step} from {low}", "both bounds must be multiples of the step"
        )
    return found


def _range(key: str, whole: bool, log: bool, bounds: tuple[Any, Any, Any]) -> dict[str, Any]:
    low, high = (_bound(key, value, whole) for value in bounds[:2])
    step = None if bounds[2] is None else _bound(key, bounds[2], whole)
    if step is not None and step <= 0:
        raise refusal(key, f"steps of {step}", "the step must be > 0")
    step = None if whole and step == 1 else step
    named = f"the range {low} .. {high}"
    if not (math.isfinite(low) and low < high < math.inf):
        raise refusal(key, named, "low must be below high, and both finite")
    if log and low <= 0:
        raise refusal(key, named, "the low end of a logarithmic range must be > 0")
    if whole and max(-low, high) > MOST_WHOLE:
        raise refusal(key, named, "whole numbers must lie within -2**53 .. 2**53")
    kind = "int" if whole else "float"
    return {"kind": kind, "low": low, "high": high, "log": log, "step": step}


def _bound(key: str, value: Any, whole: bool) -> Any:
    """A bound or step as Python's number."""
    value = _number(value)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        must = f"bounds and step must be {'whole ' * whole}numbers"
        raise refusal(key, f"a range with {shown(value)}", must)
    return value


def _number(value: Any) -> Any:
    """A number of numpy's as Python's; anything else as it is."""
    is_one = hasattr(value, "item") and getattr(value, "ndim", None) == 0
    return value.item() if is_one else value


def _choices(key: str, choices: Any) -> dict[str, Any]:
    if isinstance(choices, str) or not hasattr(choices, "__iter__"):
        raise refusal(key, f"the choices {shown(choices)}", "write a list of them")
    return {"kind": "choice", "choices": [_number(choice) for choice in choices]}
