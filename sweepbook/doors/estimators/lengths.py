"""A length that an estimator is given, though the study's fidelity counts its steps."""

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from sweepbook.doors.estimators.steps import growing_setting, last_step
from sweepbook.plan.plan import Plan


def length_problems(
    plan: Plan, configs: Sequence[dict[str, Any]], made: Sequence[Any]
) -> Iterator[str]:
    """Says of a length that the fidelity takes the place of that it has no effect.

    Args:
        made: the estimator of each config.
    """
    study = plan.study
    own = study.fidelity.setting
    declared = [config.get(own) for config in study.configs()]
    found: dict[tuple[type, str], list[tuple[Any, Any]]] = {}  # what there is, and what is trained
    for config, last in zip(configs, map(last_step, made), strict=True):
        name = _length_setting(last)
        if name is not None:
            value = last.get_params(deep=False)[name]
            found.setdefault((type(last), name), []).append((value, config.get(own)))
    for (kind, name), pairs in found.items():
        value = pairs[0][0]
        if all(given == trained for given, trained in pairs):
            continue
        if any(given != value for given, _ in pairs):
            yield (
                f"{name} differs between configs of study {study.name}, but the study's fidelity "
                f"counts the steps itself, so {name} has no effect: leave it out of the grid or "
                "the space, or leave fidelity out"
            )
        elif hasattr(kind, "partial_fit"):
            continue  # one that is made for fit as well has a length for it
        elif value != inspect.signature(kind).parameters[name].default and value not in declared:
            yield (
                f"{kind.__name__} has {name}={value!r}, but the fidelity of study {study.name} "
                f"trains {pairs[0][1]} {study.fidelity.unit}s, so {name} has no effect: leave "
                f"{name} out, or write {own}={value!r} in the study, or leave fidelity out"
            )


def _length_setting(last: Any) -> str | None:
    """The parameter that says how long an estimator trains where it is fitted at once."""
    if hasattr(last, "partial_fit"):
        return "max_iter" if "max_iter" in last.get_params(deep=False) else None
    return growing_setting(last)
