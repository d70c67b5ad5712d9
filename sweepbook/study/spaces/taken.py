"""A space that a study is given, put into the study's own fields."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from sweepbook.study.spaces.declared import GRID, Declared, declared
from sweepbook.study.spaces.foreign import check_text
from sweepbook.study.spaces.names import SEPARATOR, check_names, flat

_AGAIN = (  # what dataclasses.replace gives a new study is what the space has become
    " (a study that was made from a space has it in fixed, grid and search: to replace the space, "
    "give these anew as well, such as replace(study, space=..., fixed={}, grid={}, "
    "search=Search(n_trials=50)))"
)


def take_space(study: Any, space: Any) -> dict[str, Any]:
    """Returns the fields of a study that its space changes.

    Args:
        study: a Study, whose fields are checked already.

    Raises:
        ValueError: the space cannot be meant as it is written, or says what the study says, too.
    """
    _check_constants(study)
    try:
        found = Declared() if space is None else declared(space)
        search = _searched(study, found, given=space is not None)
    except ValueError as error:
        raise ValueError(f"study {study.name}: {error}") from error
    domains = study.search.domains if study.search else {}
    points = [key for point in study.points for key in point]
    for key in (*found.fixed, *found.grid, *found.domains):
        if key in (*study.fixed, *study.grid, *points, *domains):
            raise ValueError(
                f"study {study.name} has {key!r} in its space and in another field: leave it in "
                f"one of them{_AGAIN}"
            )
    open_keys = search.domains if search else {}
    nested = study.nested or found.is_nested or any(SEPARATOR in key for key in open_keys)
    if nested and search is not None:
        search = dataclasses.replace(search, points=[flat(point) for point in search.points])
    return {
        "fixed": {**study.fixed, **found.fixed},
        "grid": {**study.grid, **found.grid},
        "search": search,
        "nested": nested,
    }


def _check_constants(study: Any) -> None:
    """Refuses a grid_search or a range outside of the space: it would be a constant."""
    for what, settings in (("fixed", study.fixed), *(("points", one) for one in study.points)):
        for key, value in settings.items():
            check_text(key, value, f"{what} of {study.name}")
            if isinstance(value, Mapping) and [*value] == [GRID]:
                raise ValueError(
                    f"{what} of {study.name} has {key!r} as a grid_search: put its list into "
                    "grid, or give the whole dict as the study's space"
                )


def check_nested(study: Any) -> None:
    """Checks that the names of a nested study can be made dicts of settings.

    Raises:
        ValueError: a setting is a value and a dict, or has a part without a name.
    """
    searched: Iterable[str] = study.search.domains if study.search else ()
    try:
        for point in study.points:
            check_names(dict.fromkeys([*study.fixed, *study.grid, *point, *searched]))
    except ValueError as error:
        raise ValueError(f"study {study.name}: {error}") from error


def _searched(study: Any, found: Declared, given: bool) -> Any:
    """The study's search with the open domains of its space."""
    search = study.search
    has_space = search is not None and bool(search.space or search.domains)
    if found.domains and search is None:
        raise ValueError(
            f"its space has ranges for {', '.join(found.domains)}: say how many configs to try, "
            "search=Search(n_trials=50) (in YAML, search: {n_trials: 50}), or give values to try, "
            "tune.grid_search([...]) (in YAML, grid_search: [...])"
        )
    if found.domains and has_space:
        raise ValueError(
            "it has ranges in its space and in that of its search: leave out "
            f"Search(space=...){_AGAIN}"
        )
    if search is not None and not found.domains and not has_space:
        where = "its space has no range" if given else "it has no space"
        raise ValueError(
            f"its search has n_trials={search.n_trials}, but {where}, so there is nothing to "
            "search: leave `search` out, or give a range, such as "
            "space={'lr': tune.loguniform(1e-4, 1e-1)}"
        )
    if search is None or not found.domains:
        return search
    return dataclasses.replace(search, domains=found.domains)
