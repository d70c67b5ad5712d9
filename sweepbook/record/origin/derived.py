"""The record whose winners a record trains anew, or that it extends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweepbook.record.schema.limits import Number, Seed, Steps, TrialId


@dataclass(frozen=True, kw_only=True)
class Winner:
    """A trial that was chosen, by the settings that name it, and the value that chose it."""

    settings: Mapping[str, Any]
    trial_id: TrialId
    number: Number  # order of suggestion in a search, else of the plan, from 0
    fidelity: Steps
    value: float


@dataclass(frozen=True, kw_only=True)
class Confirms:
    """The record whose winners a record trains anew.

    Args:
        by: the settings that were compared. tuned: those that told the trials of one combination
            apart; () where an earlier version did not write them.
    """

    record: str
    record_digest: str | None = None
    seed: Seed
    by: tuple[str, ...]
    tuned: tuple[str, ...] = ()
    trials: tuple[Winner, ...]


@dataclass(frozen=True, kw_only=True)
class Extends:
    """The record that this one extends, and what became of its trials (ids)."""

    record: str
    record_digest: str | None = None
    kept: tuple[TrialId, ...]
    continued: Mapping[TrialId, TrialId]  # new -> old
    anew: tuple[TrialId, ...]
