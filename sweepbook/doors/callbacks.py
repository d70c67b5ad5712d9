"""What the callbacks for other libraries share: their base class, the state, what is missing."""

from collections.abc import Mapping
from typing import Any


def as_callback(kind: type, base: type) -> type:
    """Returns a class of ours as a callback of a library, which is imported by nobody but users.

    Args:
        base: the library's own class of callbacks.
    """
    return type(kind.__name__, (kind, base), {"__doc__": kind.__doc__})


def not_installed(kind: type, library: str, extra: str) -> ModuleNotFoundError:
    """Returns the error that tells which library a class of ours needs."""
    return ModuleNotFoundError(
        f"{kind.__name__} needs {library}, which is not installed: "
        f"pip install 'sweepbook[{extra}]'"
    )


def peeked(state: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns what a given state holds, {} for None, and leaves the random numbers as they are.

    Else they would be put back to where the checkpoint left them, since the state was read.
    """
    return {} if state is None else dict(dict.items(state))  # type: ignore[arg-type]


def recall(state: Mapping[str, Any]) -> None:
    """Puts the random numbers back to where the checkpoint left them, unless a copy is given."""
    if hasattr(state, "recall"):
        state.recall()
