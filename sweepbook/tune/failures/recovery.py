"""Whether a trial that failed is tried again: a lost machine has a limit of its own."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Limits:
    """How often a trial is tried again after a failure, and after the loss of its machine."""

    max_failures: int = 1
    max_node_losses: int = 3
    node_losses: Counter[str] = field(default_factory=Counter)  # by trial_id, so far

    def allow_node_loss(self, trial_id: str) -> bool:
        """Counts one; returns whether the trial is to be tried again."""
        self.node_losses[trial_id] += 1
        return self.node_losses[trial_id] <= self.max_node_losses


@dataclass
class Recovery:
    """Answers Tune, which asks after every failure of a trial and has one limit for all of them.

    It takes the place of `Trial.should_recover` when the trial begins: before, Tune asks nothing.

    Args:
        folder: the trial's on the driver, where Tune has just written its error.
    """

    folder: Path
    trial_id: str
    limits: Limits
    n_failures: int = field(default=0, init=False)

    def __call__(self) -> bool:
        # here, as it imports Ray, whose environment a driver sets first
        from sweepbook.tune.failures.errors import is_node_loss, last_error

        if is_node_loss(last_error(self.folder)):
            return self.limits.allow_node_loss(self.trial_id)
        self.n_failures += 1
        return self.n_failures <= self.limits.max_failures


def began(trial: Any) -> bool:
    """Whether Ray's trial has ever begun on a machine."""
    return isinstance(trial.should_recover, Recovery)
