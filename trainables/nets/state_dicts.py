"""State dicts as people save them: within a checkpoint, or of a wrapped or compiled model."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

WRAPPERS = ("state_dict", "model", "model_state_dict")  # keys under which checkpoints keep one
PREFIXES = ("module.", "_orig_mod.")  # of DataParallel and torch.compile

State = dict[str, Any]  # name of a parameter or buffer -> tensor


def unwrapped(content: State, what: str) -> tuple[State, list[str]]:
    """Returns the state dict that is meant, and what was taken away, in words.

    Raises:
        ValueError: a checkpoint, `what` by name, that holds several.
    """
    told: list[str] = []
    while True:
        inner = sorted(key for key in WRAPPERS if isinstance(content.get(key), Mapping))
        if len(inner) > 1:
            names = ", ".join(map(repr, inner))
            raise ValueError(f"{what}: holds {names}: write the one that is meant into a file")
        if inner:
            content = {str(k): v for k, v in content[inner[0]].items()}
            told.append(f"the state dict under {inner[0]!r} is taken")
            continue
        prefix = next(
            (p for p in PREFIXES if content and all(name.startswith(p) for name in content)), None
        )
        if prefix is None:
            return content, told
        content = {name.removeprefix(prefix): value for name, value in content.items()}
        told.append(f"the prefix {prefix!r} of the names is left out")


def misnamed(missing: Sequence[str], unknown: Sequence[str]) -> str:
    """Says which names are missing and which are not expected, with the nearest one."""
    parts = [f"{len(missing)} names are missing (first {missing[0]!r})"] if missing else []
    if unknown:
        prefix = _common_prefix(missing, unknown)
        near = difflib.get_close_matches(unknown[0], missing, n=1)
        known = f", near {near[0]!r}" if near and not prefix else ""
        parts.append(f"{len(unknown)} names are not ResNet-18's (first {unknown[0]!r}{known})")
        if prefix:
            parts.append(f"all have the prefix {prefix!r}: write them without it into a file")
    return ", ".join(parts)


def _common_prefix(missing: Sequence[str], unknown: Sequence[str]) -> str:
    """What stands before every missing name among the unknown ones, or ""."""
    for name in unknown if missing else ():
        prefix = name.removesuffix(missing[0])
        if prefix != name and {prefix + one for one in missing} <= set(unknown):
            return prefix
    return ""
