"""Where trials are trained, how many at a time, and how often one is tried again."""

from dataclasses import dataclass

from sweepbook.tune.cluster.connection import check_address
from sweepbook.tune.cluster.environment import set_environment


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where the trials of a command are trained, and how often each is retried.

    Example:
        >>> Placement(max_concurrent=2)
        Placement(address=None, max_concurrent=2, max_failures=1, max_node_losses=3)

    Args:
        address: address of a running Ray cluster, "HOST:PORT" or "auto". None: a Ray of its own
            on this machine.
        max_concurrent: most trials at a time, >= 1. None: as many as there is room for.
        max_failures: retries per failed trial, >= 0.
        max_node_losses: retries per trial after losing the trial's machine, >= 0; they do not
            count as failures.

    Raises:
        ValueError: when it is made, naming the option and its value.
    """

    address: str | None = None
    max_concurrent: int | None = None
    max_failures: int = 1
    max_node_losses: int = 3

    def __post_init__(self) -> None:
        if self.max_concurrent is not None and self.max_concurrent < 1:
            raise ValueError(f"--max-concurrent must be at least 1, got {self.max_concurrent}")
        limits = {"failures": self.max_failures, "node-losses": self.max_node_losses}
        for name, limit in limits.items():
            if limit < 0:
                raise ValueError(f"--max-{name} must be at least 0, got {limit}")

    def prepare(self) -> None:
        """Sets Ray's environment, which must stand before a study's own file may import Ray.

        Raises:
            ConnectionError: where nobody answers at the address.
        """
        check_address(self.address)
        set_environment()


HERE = Placement()  # on this machine, as many trials at a time as there is room for
