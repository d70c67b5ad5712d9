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
