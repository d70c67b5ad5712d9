"""ASHA's rule: which rungs there are, and what a trial needs to pass one. Pure, no Ray.

The scheduler of a study and the replay of a record both use it, so it is written once.

Source: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning"; the cutoff is
Ray Tune's: a percentile of those who were there before, with linear interpolation.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple


class Entry(NamedTuple):
    """What a trial brought to a rung; larger is better, and -inf where it had diverged."""

    rung: int
    value: float
    cutoff: float | None  # of those who were there before; None: of too few to say

    @property
    def is_below(self) -> bool:
        """Whether the trial is to be stopped there."""
        return self.cutoff is not None and self.value < self.cutoff


class Rungs:
    """One bracket: for each rung the value of each trial that came there.

    Args:
        levels: the rungs in counts of fidelity, upwards.
        reduction_factor: of many trials about 1 / reduction_factor pass a rung, of few more.
    """

    def __init__(self, levels: tuple[int, ...], reduction_factor: int) -> None:
        self.levels, self.reduction_factor = levels, reduction_factor
        self.values: dict[int, dict[Hashable, float]] = {level: {} for level in levels}
        self._sorted: dict[int, list[float]] = {level: [] for level in levels}

    def cutoff(self, rung: int) -> float | None:
        """Returns what a trial needs to pass the rung now; None where nobody was there yet."""
        return cutoff_of(self._sorted[rung], self.reduction_factor)

    def add(self, trial_id: Hashable, rung: int, value: float) -> Entry:
        """Enters the value of a trial that is not in the rung yet; not finite is the worst."""
        if not math.isfinite(value):
            value = -math.inf
        ordered = self._sorted[rung]
        entry = Entry(rung, value, cutoff_of(ordered, self.reduction_factor))
        self.values[rung][trial_id] = value
        insort(ordered, value)
        return entry

    def enter(self, trial_id: Hashable, steps: Mapping[int, float]) -> Entry | None:
        """Enters a trial's steps, fidelity -> value, into the rungs where it is not yet.

        A value that is not finite is the worst of the rung that it stands at, or of the next
        that the trial would have come to. Returns the entry at the highest rung, the one that
        decides, or None where there is nothing new.
        """
        last, entry = max(steps), None
        for rung in self.levels:
            if rung > last and math.isfinite(steps[last]):
                break
            if trial_id not in self.values[rung]:
                at = min((at for at in steps if at >= rung), default=last)
                entry = self.add(trial_id, rung, steps[at])
            if rung >= last:
                break
        return entry

    def debug_str(self) -> str:
        """Returns the cutoffs in one line, for Ray's own log."""
        return "Bracket: " + " | ".join(f"{rung}: {self.cutoff(rung)}" for rung in self.levels)


def cutoff_of(ordered: Sequence[float], reduction_factor: int) -> float | None:
    """The value that 1 - 1 / reduction_factor of `ordered` (ascending) lie below; None of none.

    Between -inf and a value nothing can be interpolated: there the value counts.

    >>> cutoff_of([1.0, 2.0], 4), cutoff_of([1.0, 2.0, 4.0], 2), cutoff_of([], 2)
    (1.75, 2.0, None)
    >>> cutoff_of([-math.inf, 2.0], 2), cutoff_of([-math.inf, 1.0, 2.0], 2)
    (2.0, 1.0)
    """
    if not ordered:
        return None
    below, rest = divmod((len(ordered) - 1) * (reduction_factor - 1), reduction_factor)
    low = ordered[below]
    if rest == 0:
        return low
    if low == -math.inf:
        return ordered[below + 1]
    return low + (ordered[below + 1] - low) * rest / reduction_factor


def rung_levels(
    grace_period: int, reduction_factor: int, max_t: int, bracket: int = 0
) -> tuple[int, ...]:
    """The rungs of a bracket up to max_t, upwards: grace_period times powers of the factor.

    >>> rung_levels(1, 3, 27), rung_levels(1, 3, 27, bracket=1), rung_levels(4, 2, 3)
    ((1, 3, 9, 27), (3, 9, 27), ())
    """
    found = []
    rung = grace_period * reduction_factor**bracket
    while rung <= max_t:
        found.append(rung)
        rung *= reduction_factor
    return tuple(found)
