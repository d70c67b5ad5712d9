"""The values of a field that has several."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def listed(values: Any, what: str, otherwise: str = "put it into fixed") -> Sequence[Any]:
    """Returns the values of anything that has several, in their order.

    Args:
        what: whose values they are, for a message.
        otherwise: what to do with a single value.

    Raises:
        ValueError: it has none, or no order.
    """
    if isinstance(values, set | frozenset):
        raise ValueError(
            f"{what} is a set, and its order changes from run to run: write a list, or sorted(...)"
        )
    is_one = isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable)
    if is_one or getattr(values, "shape", None) == ():
        raise ValueError(
            f"{what} must be a list, got {values!r:.60}: write [...] around one value, or "
            f"{otherwise}"
        )
    return values if isinstance(values, list | tuple) else list(values)


def listed_settings(study: Any) -> dict[str, Any]:
    """Returns the grid and the points of a study as lists: a generator can be read once.

    Args:
        study: a Study, whose other fields are checked already.

    Raises:
        ValueError: what must be a dict or a list is none.
    """
    for what, settings in (("grid", study.grid), ("fixed", study.fixed)):
        if not isinstance(settings, Mapping):
            raise ValueError(f"{what} of {study.name} must be a dict, got {settings!r:.60}")
    grid = {key: listed(v, f"grid of {study.name}: {key}") for key, v in study.grid.items()}
    points = listed(study.points, f"points of {study.name}")
    if wrong := [point for point in points if not isinstance(point, Mapping)]:
        raise ValueError(f"points of {study.name} must be dicts of settings, got {wrong[0]!r:.60}")
    return {"grid": grid, "points": points}
