"""Whether a trial that failed is tried again: a lost machine has a limit of its own."""

from dataclasses import dataclass, field
from pathlib import Path

from sweepbook.errors import is_node_loss, last_error


@dataclass
class Recovery:
    """Answers Tune, which asks after every failure of a trial and has one limit for all of them.

    It takes the place of `Trial.should_recover`: call it once per failure.

    Args:
        folder: the trial's on the driver, where Tune has just written its error.
        max_failures, max_node_losses: how often it is tried again after either.
    """

    folder: Path
    max_failures: int
    max_node_losses: int
    n_failures: int = field(default=0, init=False)
    n_node_losses: int = field(default=0, init=False)

    def __call__(self) -> bool:
        if is_node_loss(last_error(self.folder)):
            self.n_node_losses += 1
            return self.n_node_losses <= self.max_node_losses
        self.n_failures += 1
        return self.n_failures <= self.max_failures
