"""Where the time goes: every second of a trial is in one phase, every session has its ideal.

start: from Tune's start of the trial until its code begins in a worker; reading a checkpoint.
import: the trainable's module and what it imports. data, compile, train, evaluate: as the
trainable says in "times"; where it says nothing all is train. report: reports, checkpoints and
predictions. idle: the rest.
"""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sweepbook.record.provenance import now

STEP_PHASES = ("import", "data", "compile", "train", "evaluate")
PHASES = ("start", *STEP_PHASES, "report", "idle")
WORK = ("time_train_s", "time_evaluate_s")  # what an ideal study consists of


def column(phase: str) -> str:
    """Returns the phase's column in the table of trials."""
    return f"time_{phase}_s"


TIMES = ("time_total_s", *map(column, PHASES))


class Ledger:
    """A worker's account of one attempt at a trial, kept in laps: no second is left out."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PHASES, 0.0)
        self._at = time.perf_counter()

    def lap(self, phase: str) -> None:
        """Books the time since the last lap."""
        self.seconds[phase] += self._elapsed()

    def step(self, times: Mapping[str, float] | None) -> None:
        """Books the time since the last lap as a trainable's "times" divide it.

        What they leave is idle. Where they say more than has passed they are scaled down.

        Raises:
            ValueError: for an unknown phase, or seconds that are no number >= 0.
        """
        elapsed = self._elapsed()
        if times is None:
            times = {"train": elapsed}
        for phase, seconds in times.items():
            if phase not in STEP_PHASES or not 0 <= seconds < math.inf:
                raise ValueError(
                    f'"times" has {phase!r}: {seconds!r}, but must have seconds >= 0 for '
                    f"{', '.join(STEP_PHASES)} only"
                )
        said = sum(times.values())
        scale = elapsed / said if said > elapsed else 1.0
        for phase, seconds in times.items():
            self.seconds[phase] += seconds * scale
        self.seconds["idle"] += elapsed - said * scale

    def spent(self) -> list[float]:
        """Returns the seconds so far, one for each of `PHASES`: a list costs Tune nothing."""
        return [self.seconds[phase] for phase in PHASES]

    def _elapsed(self) -> float:
        at, self._at = self._at, time.perf_counter()
        return self._at - at


class Attempt:
    """The driver's clock of one attempt at a trial.

    Args:
        row: the trial's row in the table; its times so far are those of earlier attempts.
        share: of the worker's time that is this trial's, which trains beside others in a stack.
    """

    def __init__(self, row: Mapping[str, Any], share: float = 1.0) -> None:
        self.share = share
        self.before = {name: float(row[name]) for name in TIMES}
        self.began = time.monotonic()
        self.start_s = 0.0
        self.spent: Sequence[float] = ()

    def hear(self, spent: Sequence[float]) -> None:
        """Takes what a worker has spent by its report; the first also tells when it began."""
        if not self.spent:
            self.start_s = max(0.0, self._elapsed() - sum(spent))
        self.spent = spent

    def times(self) -> dict[str, float]:
        """Returns the trial's times by now; its phases sum to time_total_s."""
        found = dict(self.before)
        for phase, seconds in zip(PHASES, self.spent, strict=bool(self.spent)):
            found[column(phase)] += seconds
        found["time_start_s"] += self.start_s
        found["time_total_s"] += self._elapsed()
        rest = sum(found[column(phase)] for phase in PHASES if phase != "idle")
        found["time_idle_s"] = max(0.0, found["time_total_s"] - rest)
        found["time_total_s"] = rest + found["time_idle_s"]
        return found

    def _elapsed(self) -> float:
        return (time.monotonic() - self.began) * self.share


class Session:
    """The wall time of one driver, beside the ideal of its slots.

    The ideal is the training and evaluation of its trials alone, in slots that are never empty;
    not less than the longest trial's.

    Args:
        trials: rows of the table of trials, as they are at the start.
    """

    def __init__(self, trials: Iterable[Mapping[str, Any]]) -> None:
        self.started, self.began = now(), time.monotonic()
        self.before = {row["trial_id"]: _times(row) for row in trials}

    def summary(
        self, trials: Iterable[Mapping[str, Any]], slots: Mapping[str, int]
    ) -> dict[str, Any]:
        """Returns what the manifest says of the session.

        Args:
            trials: their rows as they are at the end, each trial once.
            slots: trial_id -> how many trials like it there is room for at a time.
        """
        work: dict[str, float] = {}
        occupied = 0.0
        for row in trials:
            trial_id = row["trial_id"]
            total, worked = _times(row)
            total_before, worked_before = self.before.get(trial_id, (0.0, 0.0))
            if total > total_before:
                work[trial_id] = worked - worked_before
                occupied += total - total_before
        shares = [seconds / slots.get(i, 1) for i, seconds in work.items()]
        return {
            "started": self.started,
            "wall_s": round(time.monotonic() - self.began, 3),
            "slots": max((slots.get(i, 1) for i in work), default=0),
            "n_trials": len(work),
            "occupied_s": round(occupied, 3),
            "work_s": round(sum(work.values()), 3),
            "ideal_s": round(max(sum(shares), *work.values(), 0.0), 3),
        }


def _times(row: Mapping[str, Any]) -> tuple[float, float]:
    return float(row["time_total_s"]), sum(float(row[name]) for name in WORK)


def slots(
    cpus: float, gpus: float, resources: Mapping[str, float], max_concurrent: int | None
) -> int:
    """Returns how many trials with these needs there is room for at a time, at least 1."""
    room = [resources.get("CPU", 0.0) / cpus if cpus else math.inf]
    room += [resources.get("GPU", 0.0) / gpus] if gpus else []
    room += [float(max_concurrent)] if max_concurrent else []
    return max(1, math.floor(min(room) + 1e-9)) if math.isfinite(min(room)) else 1
