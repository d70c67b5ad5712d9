"""A claim as findings see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

LAST_STEPS = 5  # "last5": one last epoch with batch norm scatters by 0.5 to 2 points


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A claim as analysis sees it; see search_spaces.claims.Claim for the fields."""

    name: str
    kind: str
    metric: str
    smallest: float
    arms: Sequence[Mapping[str, Any]]
    statement: str = ""
    claim: str = ""  # our own statement, where none is published
    reading: str = ""
    reason: str = ""
    labels: Sequence[str] = ()
    quantity: str = "value"
    direction: str = "higher"
    fidelity: str | int = "last5"
    since: int | None = None
    window: int = LAST_STEPS
    against_metric: str | None = None
    target: float | None = None
    relative: bool = False
    family: str = ""
    best_by: str | None = None
    over: str = "replicates"
    expected: str | None = None
    chosen: bool = False  # the arms were ordered after seeing their values


def read_claims(manifest: Mapping[str, Any]) -> list[Declared]:
    """The claims of a manifest; unknown fields are left out, missing ones take their defaults.

    Raises ValueError where a claim lacks a name, kind, metric, smallest difference or arms.
    """
    known = {f.name for f in fields(Declared)}
    needed = ("name", "kind", "metric", "smallest", "arms")
    claims = []
    for number, claim in enumerate(manifest.get("study", {}).get("claims") or ()):
        missing = [key for key in needed if claim.get(key) is None]
        if missing:
            raise ValueError(f"claim {number} of the manifest lacks {', '.join(missing)}: {claim}")
        given = {k: v for k, v in claim.items() if k in known and v is not None}
        claims.append(Declared(**given))
    return claims
