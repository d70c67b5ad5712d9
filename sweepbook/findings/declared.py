"""A claim as findings see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sweepbook.study.claim import Claim

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


def read_claims(claims: Sequence[Claim]) -> list[Declared]:
    """The claims of a study as findings see them."""
    return [Declared(**{f.name: getattr(c, f.name) for f in fields(Claim)}) for c in claims]
