"""Early stopping by rungs, as a frozen, checked value."""

import dataclasses
import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ASHA:
    """Early stopping by asynchronous successive halving.

    At certain epochs, the rungs, a trial is compared with the trials that reached the rung before
    it, and stopped unless it is among the best of them. The rungs are grace_period, then
    grace_period times reduction_factor, and so on up to max_t, in the study's unit of fidelity.

    Example:
        >>> ASHA(grace_period=2, reduction_factor=3).rungs(20)
        (2, 6, 18)

    The first trial at a rung always passes, so more pass of few trials than of many: with
    reduction_factor 3 about 47 % of 10 trials pass a rung, 39 % of 30 and 35 % of 100; with 4
    about 43 %, 33 % and 28 %. The share comes near 1 / reduction_factor only if many trials reach
    the rung. These numbers are for trials in random order; in a search, where later trials tend to
    be better, more pass.

    Args:
        grace_period: first rung, >= 1. No trial is stopped before it.
        reduction_factor: about one of this many trials passes a rung, >= 2.
        max_t: longest training of a trial. None: as long as its config says.
        brackets: number of series of rungs, >= 1. The first rung of series s is grace_period *
            reduction_factor**s, and the trial_id decides to which series a trial belongs.

    Raises:
        ValueError: when it is made, naming the field and its value.

    Source: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning".
    """

    grace_period: int = 1
    reduction_factor: int = 4
    max_t: int | None = None
    brackets: int = 1

    def __post_init__(self) -> None:
        for name, low in (("grace_period", 1), ("reduction_factor", 2), ("brackets", 1)):
            value = getattr(self, name)
            if not _is_count(value) or value < low:
                raise ValueError(f"{name} must be a whole number >= {low}, got {value!r}")
        if self.max_t is None:
            return
        if not _is_count(self.max_t):
            raise ValueError(f"max_t must be a whole number or None, got {self.max_t!r}")
        if self.grace_period > self.max_t:
            raise ValueError(
                f"grace_period must be at most max_t ({self.max_t}), got {self.grace_period}"
            )
        if not self.rungs(self.max_t, self.brackets - 1):
            raise ValueError(
                f"brackets is {self.brackets}, but the last bracket has no rung up to max_t "
                f"{self.max_t}: give fewer brackets or a smaller grace_period"
            )

    def rungs(self, max_t: int, bracket: int = 0) -> tuple[int, ...]:
        """Returns the bracket's rungs up to max_t, which count upwards."""
        rung = self.grace_period * self.reduction_factor**bracket
        found = []
        while rung <= max_t:
            found.append(rung)
            rung *= self.reduction_factor
        return tuple(found)

    def bound(self, most: int, scale: float | None = None) -> "ASHA":
        """Returns this for trials of at most `most` units; with `scale`, as they are scaled.

        Raises:
            ValueError: where no rung is left.
        """
        grace, max_t = self.grace_period, self.max_t
        if scale is not None:
            grace = _scaled(grace, scale)
            max_t = None if max_t is None else _scaled(max_t, scale)
        max_t = most if max_t is None else min(max_t, most)
        return dataclasses.replace(self, grace_period=grace, max_t=max_t)


def _scaled(count: int, scale: float) -> int:
    return max(1, math.ceil(count * scale - 1e-9))  # as a trial's fidelity is scaled


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
