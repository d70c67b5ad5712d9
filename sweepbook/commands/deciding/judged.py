"""What a look has judged, as the manifest keeps it: plain values."""

import json
from collections.abc import Mapping
from typing import Any

from sweepbook.findings.sequential.compared import OPEN
from sweepbook.findings.sequential.judge import Judged


def plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """Returns values as JSON gives them back: what is written and what is read are the same."""
    kept: dict[str, Any] = json.loads(json.dumps(value, default=_plain_one))
    return kept


def _plain_one(value: Any) -> Any:
    """A number of numpy, or a set, as JSON knows it."""
    if isinstance(value, set | frozenset):
        return sorted(value)
    return value.item() if hasattr(value, "item") else str(value)


def kept(judged: Judged) -> dict[str, Any]:
    """Returns what the manifest keeps of a look."""
    return plain(
        {
            "look": judged.look,
            "n": judged.n,
            "endings": {name: dict(ending) for name, ending in judged.endings.items()},
            "wanted": sorted(judged.wanted),
        }
    )


def is_open(ending: Mapping[str, Any]) -> bool:
    """Whether a claim is still to be decided."""
    return bool(ending["state"] == OPEN)
