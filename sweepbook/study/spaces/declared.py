"""A search space as people have it, taken apart: constants, values to try, open domains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sweepbook.study.spaces.domains import domain_of, refusal, shown
from sweepbook.study.spaces.foreign import check_constant, check_words
from sweepbook.study.spaces.lists import listed
from sweepbook.study.spaces.names import SEPARATOR

MOST_NESTED = 50  # dicts in each other
GRID = "grid_search"


@dataclass
class Declared:
    """What a space declares, by flat names.

    Args:
        fixed: constants.
        grid: setting -> values that are all tried.
        domains: setting -> its range or choices, as `domain_of` describes them.
        is_nested: it has dicts of settings.
    """

    fixed: dict[str, Any] = field(default_factory=dict)
    grid: dict[str, Sequence[Any]] = field(default_factory=dict)
    domains: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_nested: bool = False


def declared(space: Any, *, is_flat: bool = False) -> Declared:
    """Returns what a dict of settings declares: a `param_space` of Ray Tune, or Optuna's dict.

    Args:
        is_flat: a slash in a name means nothing.

    Raises:
        ValueError: it is no such dict, or something in it cannot be meant as it is written.
    """
    if callable(space) and not isinstance(space, Mapping):
        raise ValueError(
            "the space must be a dict, got a function: an objective that calls "
            "trial.suggest_float has none, so write the ranges as a dict, such as "
            '{"lr": FloatDistribution(1e-5, 1e-1, log=True)}, and let the trainable take them '
            "from its config"
        )
    if not isinstance(space, Mapping):
        raise ValueError(
            "the space must be a dict of settings, such as {'lr': tune.loguniform(1e-4, 1e-1)}, "
            f"got {shown(space)}"
        )
    found = Declared()
    if not is_flat:
        _check_slashes(space)
    _take(space, "", found, 0)
    return found


def open_domains(space: Any, *, is_flat: bool = False) -> dict[str, dict[str, Any]]:
    """Returns the domains of a space in which every setting is open.

    Raises:
        ValueError: as `declared`, or a setting is not open.
    """
    found = declared(space, is_flat=is_flat)
    for key, values in found.grid.items():
        raise refusal(key, GRID, f"put it into the study's grid, {key!r}: {shown(list(values))}")
    for key, value in found.fixed.items():
        raise refusal(
            key,
            f"the constant {shown(value)}",
            "put it into the study's fixed settings, or give the whole dict as Study(space=...)",
        )
    return found.domains


def _take(space: Mapping[Any, Any], prefix: str, found: Declared, depth: int) -> None:
    if depth > MOST_NESTED:
        raise ValueError(
            f"the space has {prefix[:60]!r} nested more than {MOST_NESTED} times: nest it less"
        )
    for key, value in space.items():
        _check_key(key, prefix)
        name = f"{prefix}{key}"
        if not isinstance(value, Mapping):
            _take_value(name, value, found)
        elif GRID in value:
            found.grid[name] = _grid(name, value)
        elif not value:
            found.fixed[name] = {}
        else:
            check_words(name, value)
            found.is_nested = True
            _take(value, f"{name}{SEPARATOR}", found, depth + 1)


def _take_value(name: str, value: Any, found: Declared) -> None:
    domain = domain_of(name, value)
    if domain is None:
        check_constant(name, value)
        found.fixed[name] = value
        return
    if domain["kind"] == "choice":
        for choice in domain["choices"]:
            if isinstance(choice, Mapping) and GRID not in choice:
                raise refusal(
                    name,
                    f"the choice {shown(choice)}",
                    "a choice must be a text, a number, True, False or None; try dicts with "
                    "grid_search, or name each by a text and look up its meaning in the trainable",
                )
            check_constant(name, choice, "choice")
    found.domains[name] = domain


def _grid(name: str, value: Mapping[str, Any]) -> Sequence[Any]:
    if len(value) > 1:
        others = ", ".join(repr(key) for key in value if key != GRID)
        raise ValueError(
            f"the space has grid_search beside {others} in {name!r}: write the values alone, "
            f"{name!r}: tune.grid_search([...])"
        )
    values = listed(value[GRID], f"grid_search of {name!r}", "write the value alone")
    for one in values:
        check_constant(name, one, GRID)
    return values


def _check_key(key: Any, prefix: str) -> None:
    if not isinstance(key, str) or not key:
        where = f" in {prefix.rstrip(SEPARATOR)!r}" if prefix else ""
        raise ValueError(f"the name of a setting must be a text, got {shown(key)}{where}")


def _check_slashes(space: Mapping[Any, Any], depth: int = 0) -> None:
    for key, value in space.items():
        if isinstance(key, str) and SEPARATOR in key:
            first, _, rest = key.partition(SEPARATOR)
            raise ValueError(
                f"the space has a setting {key!r}, but a slash separates the names of nested "
                f"dicts: write {{{first!r}: {{{rest!r}: ...}}}}, or another name"
            )
        if isinstance(value, Mapping) and depth < MOST_NESTED:
            _check_slashes(value, depth + 1)
