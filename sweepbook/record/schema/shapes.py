"""What a manifest's objects hold where their dataclasses do not say it, or not narrowly enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from sweepbook.record.schema.limits import (
    MOST_ITEMS,
    MOST_STEPS,
    Form,
    Range,
    Replicates,
    Seconds,
    Seed,
    Share,
    Steps,
)
from sweepbook.study.asha import ASHA
from sweepbook.study.claim import Claim
from sweepbook.study.published import PublishedValue
from sweepbook.study.search import Search
from sweepbook.study.study import Study

Count = Annotated[int, Range(0, 2**63 - 1)]
Trials = Annotated[int, Range(1, MOST_ITEMS)]


@dataclass(frozen=True)
class Described:
    """The keys of a description of data that the tool reads; see `sweepbook.record.manifest`.

    A hook of a user's gave it, and what JSON does not know, as numpy's numbers, became a text.
    """

    name: str | None = None
    path: str | None = None
    sha256: str | None = None
    rows: Mapping[str, Any] | None = None
    kept_by: Mapping[str, Any] | None = None
    splits: Any = None
    paired: Any = None
    overlap: Share | Annotated[str, Form("[0-9][0-9.e-]{0,30}", "a number")] | None = None
    class_names: Mapping[str, Any] | None = None
    card: Mapping[str, Any] | None = None
    test_groups: "Groups | None" = None


@dataclass(frozen=True)
class Groups:
    """What groups the test rows, and the group of each by row_id."""

    name: str
    of: Sequence[Any]


@dataclass(frozen=True)
class Session:
    """What a driver that trained says of its time; see `sweepbook.record.ledger`."""

    started: str
    wall_s: Seconds
    slots: Count
    n_trials: Count
    occupied_s: Seconds
    work_s: Seconds
    ideal_s: Seconds
    n_studies: Count | None = None


@dataclass(frozen=True)
class Resumed:
    """When a driver went on with the record, by which command, and what had changed by then."""

    at: str
    command: Sequence[str] = ()
    changes: Sequence[str] = ()


@dataclass(frozen=True)
class Interval:
    """A searched setting's range, as `sweepbook.study.spaces.domains.domain_of` describes it."""

    kind: str
    low: float
    high: float
    log: bool = False
    step: float | None = None


@dataclass(frozen=True)
class Choices:
    """The values that a searched setting may have."""

    kind: str
    choices: Sequence[Any]


OTHERS: dict[tuple[type, str], Any] = {
    (Study, "grid"): Mapping[str, Sequence[Any] | str],  # a text: of an earlier version
    (Study, "replicates"): Replicates,
    (Study, "seed"): Seed,
    (Study, "cpus"): Share,
    (Study, "gpus"): Share,
    (Study, "hang_s"): Seconds | None,
    (Search, "n_trials"): Trials,
    (Search, "n_random"): Trials,
    (Search, "seed"): Seed | None,
    (ASHA, "grace_period"): Steps,
    (ASHA, "reduction_factor"): Steps,
    (ASHA, "max_t"): Steps | None,
    (ASHA, "brackets"): Annotated[int, Range(1, 100)],
    (Claim, "fidelity"): str | Steps,
    (Claim, "since"): Steps | None,
    (Claim, "window"): Annotated[int, Range(1, MOST_STEPS)],
    (PublishedValue, "fidelity"): Steps,
}
