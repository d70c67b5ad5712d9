"""What a worker gets to train: one trial, or several that share a stack."""

import hashlib
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from sweepbook.record.planned import Trial
from sweepbook.record.storage.places import place
from sweepbook.tune.worker.states.best_state import Keeping


@dataclass(frozen=True)
class Assignment:
    """A trial, the record folders that want it, and where its code is found.

    Args:
        keeping: which state is kept beside the last one; None: none is.
    """

    trial: Trial
    records: list[str]
    import_paths: list[str]
    keeping: Keeping | None = None

    @property
    def needs(self) -> tuple[float, float]:
        """The CPUs and GPUs that it occupies."""
        return self.trial.needs


@dataclass(frozen=True)
class Pack:
    """Trials that train in one stack.

    Args:
        members: of one length and with the same needs.
        train: import path of the function that trains their configs together.
        until: fidelity at which a scheduler judges them: the pack ends there. None: it trains
            them to their end.
    """

    members: Sequence[Assignment]
    train: str
    until: int | None = None

    @property
    def needs(self) -> tuple[float, float]:
        """The CPUs and GPUs that it occupies: those of one trial."""
        return self.members[0].needs

    @property
    def pack_id(self) -> str:
        """Its name in Tune, which depends on its members alone."""
        names = " ".join(own.trial.trial_id for own in self.members)
        return f"pack-{hashlib.sha256(names.encode()).hexdigest()[:12]}"


def check_reachable(records: Sequence[str]) -> None:
    """Raises OSError where a record is a folder that the worker's machine does not have."""
    for record in map(place, records):
        if record.is_local and not record.is_dir():
            raise OSError(
                f"{record} does not exist on {socket.gethostname()}: with several machines, "
                "--storage must be a folder that all of them share, or s3://... or gs://..."
            )
