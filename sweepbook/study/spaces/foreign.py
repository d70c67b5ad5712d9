"""What in a search space cannot be meant as it is written, with what to write instead."""

import re
import sys
from collections.abc import Mapping
from typing import Any

from sweepbook.study.spaces.domains import Written, is_domain, shown

_OTHERS = {  # top-level module of an object -> whose it is
    "hyperopt": "hyperopt",
    "skopt": "scikit-optimize",
    "ConfigSpace": "ConfigSpace",
    "scipy": "scipy",
    "nevergrad": "nevergrad",
    "ax": "Ax",
    "flaml": "FLAML",
    "keras_tuner": "KerasTuner",
    "wandb": "W&B",
    "syne_tune": "Syne Tune",
}
_WANDB = {"value", "values", "min", "max", "distribution", "q", "mu", "sigma", "probabilities"}
_WORDS = {"grid", "sweep", "choices", "categorical", "one_of", "range", "float", "int", "log"}
_CALL = re.compile(
    r"\s*((ray\.)?tune\.\w+|hp\.\w+|trial\.suggest_\w+|[\w.]*Distribution)\(.*", re.S
)
INSTEAD = (
    "write a range of ray.tune, such as tune.loguniform(1e-4, 1e-1), or of Optuna, such as "
    "FloatDistribution(1e-4, 1e-1, log=True) (in YAML, loguniform: [1e-4, 1e-1])"
)


def check_constant(name: str, value: Any, within: str = "") -> None:
    """Checks that a value is meant as it stands: nothing in it is to be tried or drawn.

    Args:
        within: "a list", "grid_search" or "choice", where the value stands in one.

    Raises:
        ValueError: naming the setting and what to write instead.
    """
    if within and _is_open(value):
        raise ValueError(
            f"the space has {_called(value)} inside {within} of {name!r}: give it a setting of "
            "its own, and let the trainable put them together"
        )
    if isinstance(value, Mapping):
        for inner in value.values():
            check_constant(name, inner, within or "a dict")
    elif isinstance(value, list | tuple):
        for inner in value:
            check_constant(name, inner, within or "a list")
    elif isinstance(value, str):
        check_text(name, value, "the space")
    elif within != "choice":  # those are checked when the study is planned
        _check_object(name, value)


def check_text(name: str, value: Any, where: str) -> None:
    """Refuses a text in which a range is called, as in YAML: it would be a constant."""
    if isinstance(value, str) and _CALL.match(value):
        raise ValueError(
            f"{where} has {name!r} as a text, {shown(value)}, and a text is never called: "
            f"{INSTEAD}"
        )


def check_words(name: str, value: Mapping[str, Any]) -> None:
    """Refuses a dict that says in other words what is to be tried: it would be one of settings."""
    _check_wandb(name, value)
    key, inner = next(iter(value.items()))
    if len(value) == 1 and key in _WORDS and isinstance(inner, list | tuple):
        raise ValueError(
            f"the space has {name!r} as {shown(dict(value))}, which would be a dict with a "
            f'setting {key!r}: write {{"grid_search": [...]}} to try each value, or '
            f"{INSTEAD.removeprefix('write ')}; if it is a dict of constants, give it in fixed "
            "instead of the space"
        )


def _check_wandb(name: str, value: Mapping[str, Any]) -> None:
    """Refuses a dict that is a parameter of a W&B sweep."""
    is_range = {"min", "max"} <= value.keys() or "distribution" in value
    if not value.keys() <= _WANDB or not (value.keys() & {"value", "values"} or is_range):
        return
    if "values" in value:
        instead = 'write {"grid_search": [...]} to try each value, or tune.choice([...])'
        instead += " (in YAML, choice: [...])"
    elif "value" in value:
        instead = "write the value alone"
    else:
        instead = INSTEAD
    raise ValueError(
        f"the space has {name!r} as a sweep of W&B has it, {shown(dict(value))}: {instead}; if "
        f"it is a dict of constants, give it in fixed instead of the space"
    )


def _check_object(name: str, value: Any) -> None:
    top = type(value).__module__.partition(".")[0]
    if top in _OTHERS and top in sys.modules:
        raise ValueError(
            f"the space has {name!r} as an object of {_OTHERS[top]}, {shown(value)}: {INSTEAD}"
        )
    if callable(value):
        raise ValueError(
            f"the space has {name!r} as a function or class, {shown(value)}: give the setting a "
            "range or choices, or the name of the function as a text that the trainable looks up; "
            "what follows from other settings is computed in the trainable"
        )


def _is_open(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "grid_search" in value
    return is_domain(value)


def _called(value: Any) -> str:
    if isinstance(value, Mapping):
        return "grid_search"
    return value.form if isinstance(value, Written) else f"a range ({type(value).__name__})"
