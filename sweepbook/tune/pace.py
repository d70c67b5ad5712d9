"""How long the trials that are left may take, from the pace of those that have trained."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

ENOUGH_S = 2.0  # of training between reports: less tells no pace


@dataclass
class _Attempt:
    """One attempt at a trial: when it started, and its first and last reports."""

    started: float
    first: tuple[float, float] | None = None  # time, work done
    last: tuple[float, float] = (0.0, 0.0)


@dataclass
class _Sum:
    """Some seconds, and the work that was done in them."""

    seconds: float = 0.0
    work: float = 0.0
    n: int = 0

    def add(self, seconds: float, work: float) -> None:
        self.seconds += seconds
        self.work += work
        self.n += 1


class Pace:
    """The pace of training: seconds per unit of work between the reports of a trial.

    What comes before a trial's first report (its worker starts, the data are loaded, the first
    step is taken) is a wait of its own: every trial has it once, however long the trial is. Work
    is measured in the estimated cost of trials.
    """

    def __init__(self) -> None:
        self._attempts: dict[str, _Attempt] = {}
        self._training, self._waiting = _Sum(), _Sum()  # of attempts that are over
        self._most_at_once = 1
        self._has_ended = False

    def start(self, trial_id: str) -> None:
        """Takes note that an attempt at a trial starts."""
        self._attempts[trial_id] = _Attempt(time.monotonic())
        self._most_at_once = max(self._most_at_once, len(self._attempts))

    def step(self, trial_id: str, work: float) -> None:
        """Takes note of a report; `work` is what has been done of the trial by now."""
        if trial_id not in self._attempts:
            self.start(trial_id)
        own = self._attempts[trial_id]
        own.last = (time.monotonic(), work)
        own.first = own.first or own.last

    def end(self, trial_id: str, is_over: bool = True) -> None:
        """Takes note that an attempt has ended; the trial itself may go on in another one."""
        own = self._attempts.pop(trial_id, None)
        if own is not None and own.first is not None:
            self._has_ended |= is_over
            self._add(own, self._training, self._waiting)

    @staticmethod
    def _add(own: _Attempt, training: _Sum, waiting: _Sum) -> None:
        if own.first is not None:
            training.add(own.last[0] - own.first[0], own.last[1] - own.first[1])
            waiting.add(own.first[0] - own.started, own.first[1])

    def left(self, works: Sequence[tuple[str, float]]) -> float | None:
        """Returns the seconds that are left, or None while nothing is known.

        Args:
            works: trial_id and work left of every trial that has not ended; the id may be "".
        """
        training, waiting = (_Sum(s.seconds, s.work, s.n) for s in (self._training, self._waiting))
        for own in list(self._attempts.values()):
            self._add(own, training, waiting)
        if not works:
            return 0.0
        if not self._has_ended and training.seconds < ENOUGH_S:
            return None
        wait = waiting.seconds / max(1, waiting.n)
        if training.work <= 0:  # trials of one report each
            training, wait = waiting, 0.0
        if training.work <= 0:
            return None
        pace = training.seconds / training.work
        has_reported = {i for i, own in list(self._attempts.items()) if own.first is not None}
        times = [pace * work + wait * (i not in has_reported) for i, work in works]
        return max(max(times), sum(times) / min(self._most_at_once, len(times)))
