"""The described space of a search, checked: a record can keep it, and a value lies in it."""

import difflib
from collections.abc import Mapping
from typing import Any

from sweepbook.plan.values import plain_value
from sweepbook.study.search import Space
from sweepbook.study.spaces.declared import declared, open_domains
from sweepbook.study.spaces.domains import refusal


def describe_space(space: Mapping[str, Any], nested: bool = False) -> Space:
    """Returns a space of domains as plain values, as `domain_of` describes each.

    Args:
        nested: it may have dicts of settings, which get flat names.

    Raises:
        ValueError: nothing open, or a domain that Optuna would not sample as it is declared,
            named: grid_search, sample_from, randn, qrandn, qloguniform, qlograndint, a constant,
            nested settings, choices that JSON cannot keep.
    """
    if not isinstance(space, Mapping):
        raise ValueError(f"it must return a dict of settings, got {space!r:.60}")
    if not space:
        raise ValueError("the space has no open setting: a search needs one at least")
    if not nested and declared(space, is_flat=True).is_nested:
        raise refusal(
            next(key for key, value in space.items() if isinstance(value, Mapping)),
            "nested settings",
            "write each setting with a name of its own, or declare the study nested=True",
        )
    return plain_space(open_domains(space, is_flat=not nested))


def plain_space(domains: Mapping[str, Mapping[str, Any]]) -> Space:
    """Returns described domains whose choices a record can keep.

    Raises:
        ValueError: choices that JSON cannot keep, or that Optuna cannot tell apart.
    """
    return {
        key: {**domain, "choices": _choices(key, domain["choices"])}
        if domain["kind"] == "choice"
        else dict(domain)
        for key, domain in domains.items()
    }


def _choices(key: str, choices: list[Any]) -> list[Any]:
    choices = [plain_value(choice, f"a choice of {key!r}") for choice in choices]
    for choice in choices:
        if not isinstance(choice, (str, int, float, bool, type(None))):
            raise refusal(
                key,
                f"the choice {choice!r:.60}",
                "choices must be texts, numbers, True, False or None; give a text, and look up "
                "its meaning in the trainable",
            )
    if len(choices) < 2 or len(set(choices)) < len(choices):  # Optuna takes True for 1, 3.0 for 3
        raise refusal(key, f"the choices {choices}", "give at least two, and no two equal ones")
    return choices


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
