"""The import paths of a study's functions, checked by their form."""

import re
from collections.abc import Mapping


def check_paths(study: str, hooks: Mapping[str, str], artifacts: Mapping[str, str]) -> None:
    """Checks that a study names its functions as "module:function".

    Args:
        study: its name.
        hooks: what -> import path. artifacts: name of a table -> import path.

    Raises:
        ValueError: naming the function, or a table that no file can be called like.
    """
    for what, path in hooks.items():
        if path.count(":") != 1:
            raise ValueError(f"{what} of {study} must be 'module:function', got {path!r}")
    for name, path in artifacts.items():
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name):
            raise ValueError(
                f"an artifact of {study} must be called as a file can be (letters, digits, ., _ "
                f"and -), got {name!r}"
            )
        if path.count(":") != 1:
            raise ValueError(f"artifact {name} of {study} must be 'module:function', got {path!r}")
