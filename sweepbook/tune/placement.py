"""Where trials are trained, how many at a time, and how often one is tried again."""

from collections import Counter
from dataclasses import dataclass, replace

from sweepbook.tune.cluster.connection import check_address
from sweepbook.tune.cluster.environment import set_environment
from sweepbook.tune.cluster.here import check_here
from sweepbook.tune.failures.recovery import Limits

RETRIES = ("max_failures", "max_node_losses")


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where the trials of a command are trained, and how often each is retried.

    Example:
        >>> Placement(max_concurrent=2)
        Placement(address=None, max_concurrent=2, max_failures=None, max_node_losses=None)

    Args:
        address: address of a running Ray cluster, "HOST:PORT" or "auto". None: a Ray of its own
            on this machine.
        max_concurrent: most trials at a time, >= 1. None: as many as there is room for.
        max_failures: retries per failed trial, >= 0. None: as the record was begun with, else 1.
        max_node_losses: retries per trial after losing the trial's machine, >= 0; they do not
            count as failures. None: as the record was begun with, else 3.

    Raises:
        ValueError: when it is made, naming the option and its value.
    """

    address: str | None = None
    max_concurrent: int | None = None
    max_failures: int | None = None
    max_node_losses: int | None = None

    def __post_init__(self) -> None:
        if self.max_concurrent is not None and self.max_concurrent < 1:
            raise ValueError(f"--max-concurrent must be at least 1, got {self.max_concurrent}")
        limits = {"failures": self.max_failures, "node-losses": self.max_node_losses}
        for name, limit in limits.items():
            if limit is not None and limit < 0:
                raise ValueError(f"--max-{name} must be at least 0, got {limit}")

    @property
    def retries(self) -> dict[str, int]:
        """The numbers of retries that were said, by the name of the field."""
        given = {name: getattr(self, name) for name in RETRIES}
        return {name: most for name, most in given.items() if most is not None}

    def limits(self) -> Limits:
        """Returns how often trials are retried, with none retried yet."""
        return replace(Limits(), **self.retries, node_losses=Counter())

    def prepare(self) -> None:
        """Sets Ray's environment, which must stand before a study's own file may import Ray.

        Raises:
            ConnectionError: where nobody answers at the address.
            ValueError: where this machine's limit of memory is too small for a Ray.
            OSError: where its temporary folder is full or cannot be written.
        """
        check_address(self.address)
        if self.address is None:
            check_here()
        set_environment()


HERE = Placement()  # on this machine, as many trials at a time as there is room for
