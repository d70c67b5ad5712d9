"""Recorded full-length curves through ASHA in virtual time: what would it have stopped?

Pure Python, no Ray: one search of 1,000 trials takes a few milliseconds, so that many arrival
orders can be tried. The rule is that of our scheduler (study/rungs.py); only the clock is made up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush, heapreplace
from typing import NamedTuple

import numpy as np
import pandas as pd

from sweepbook.record.load import Record
from sweepbook.record.values import means
from sweepbook.study.rungs import Rungs

LEAST_CURVES = 2
ORDERS_PER_DRAW, LEAST_DRAWS = 10, 20  # of configs
_WHOLE = ("finished", "diverged")  # endings of trials that nobody stopped


@dataclass(frozen=True)
class Curve:
    """One trial from its start to its own end.

    values: mean over replicates at fidelity 1, 2, ...; larger is better, NaN where one diverged.
    elapsed: seconds of training (or units of fidelity) up to each of them.
    finals: the last value of each replicate, in their order; larger is better.
    overlap: of the replicates, as the data say.
    """

    trial_id: str
    values: tuple[float, ...]
    elapsed: tuple[float, ...]
    finals: tuple[float, ...] = ()
    overlap: float = 0.0

    @property
    def final(self) -> float:
        """The last value; NaN for a trial that diverged."""
        return self.values[-1] if all(map(math.isfinite, self.values)) else math.nan


class Arrival(NamedTuple):
    """One random arrival: places of the trials in their order, and the pace of each place.

    paces: by what each trial's recorded times are multiplied in this search. drawn: place of the
    curve that each trial has, some twice and some never; (): each has its own.
    """

    order: list[int]
    paces: list[float]
    drawn: Sequence[int] = ()


class Visit(NamedTuple):
    """What ASHA hears of a trial: at a rung, or at its end."""

    fidelity: int
    elapsed: float
    rung: int  # that it enters, or 0: an end between rungs
    value: float
    is_end: bool


@dataclass(frozen=True)
class Search:
    """How one search in virtual time went; places are those in the list of curves.

    reached: fidelity that each trial got. stopped: place -> the rung where it was stopped.
    ended: when the last trial ended. rungs: what the rungs hold in the end.
    """

    reached: list[int]
    stopped: dict[int, int]
    ended: float
    rungs: Rungs


def full_curves(record: Record, *, equal_times: bool = False) -> list[Curve]:
    """The curves of all trials that trained to their own end, sorted by trial_id.

    A trial that was stopped, failed or was interrupted has no full curve and is left out; so is
    one that misses a step, or a replicate at one. equal_times: every unit of fidelity takes 1,
    else its recorded time_s.

    Raises:
        ValueError: fewer than 2 full curves, no finite final value, or no recorded times.
    """
    trials, unit = record.trials, record.unit
    whole = trials[trials["status"].isin(_WHOLE)]["trial_id"]
    reports = record.reports[record.reports["trial_id"].isin(whole)]
    if len(reports) and record.metric not in reports:
        raise ValueError(f"{record.path}: the reports have no metric {record.metric}")
    if len(reports) and not equal_times and not _has_times(reports):
        raise ValueError(f"{record.path}: some steps have no time_s: add --equal-times")
    sign = 1.0 if record.mode == "max" else -1.0
    if reports.empty:
        _check(record, [], 0)
    numbers = reports.assign(value=sign * reports[record.metric].astype("float64"))
    steps = sign * means(reports, trials, record.metric, unit)
    clock = numbers.assign(time=1.0 if equal_times else numbers["time_s"])
    times = clock.groupby(["trial_id", unit])["time"].max()
    ordered = numbers.sort_values("replicate")
    finals = ordered[ordered[unit] == ordered.groupby("trial_id")[unit].transform("max")]
    lasts = finals.groupby("trial_id")["value"].agg(tuple)
    sizes = reports.groupby(["trial_id", unit]).size().groupby(level=0).nunique()
    curves, n_gaps = [], 0
    for trial_id, own in steps.groupby(level=0):
        at = list(own.index.get_level_values(1))
        if at != list(range(1, len(own) + 1)) or sizes[str(trial_id)] > 1:
            n_gaps += 1
        else:
            elapsed = np.cumsum(times[str(trial_id)].to_numpy())
            values = tuple(own.tolist()), tuple(elapsed.tolist())
            overlap = record.manifest.data.overlap
            curves.append(Curve(str(trial_id), *values, lasts[trial_id], overlap))
    _check(record, curves, n_gaps)
    return curves


def _has_times(reports: pd.DataFrame) -> bool:
    return "time_s" in reports and bool((reports["time_s"] >= 0).all())


def _check(record: Record, curves: Sequence[Curve], n_gaps: int) -> None:
    finite = sum(math.isfinite(curve.final) for curve in curves)
    if len(curves) < LEAST_CURVES or not finite:
        endings = record.trials["status"].value_counts().to_dict()
        shown = ", ".join(f"{n} {status}" for status, n in endings.items()) or "no trials"
        do = "run the study with --no-scheduler"
        if n_gaps:
            shown += (
                f"; {n_gaps} left out, because a replicate does not report at every {record.unit}"
            )
            do = f"let the trainable report at every {record.unit}, and {do}"
        raise ValueError(
            f"{record.path}: a replay needs at least {LEAST_CURVES} trials that trained to their "
            f"own end, one of them with a finite {record.metric}; this record has {len(curves)} "
            f"such trials, {finite} finite ({shown}): {do}"
        )


def visits_of(curve: Curve, levels: Sequence[int]) -> list[Visit]:
    """What ASHA hears of a trial at the rungs `levels`, the last of them at its end.

    A trial ends at its first value that is not finite, as the worst of the next rung.
    """
    bad = next((i for i, v in enumerate(curve.values) if not math.isfinite(v)), None)
    end = len(curve.values) if bad is None else bad + 1
    visits = [
        Visit(level, curve.elapsed[level - 1], level, curve.values[level - 1], False)
        for level in levels
        if level < end
    ]
    ahead = [level for level in levels if level >= end]
    rung = ahead[0] if ahead and (bad is not None or ahead[0] == end) else 0
    return [*visits, Visit(end, curve.elapsed[end - 1], rung, curve.values[end - 1], True)]


def search(
    visits: Sequence[Sequence[Visit]], arrival: Arrival, n_workers: int, rungs: Rungs
) -> Search:
    """One search in virtual time: workers take trials as they arrive, ASHA stops some at rungs.

    visits: of each trial, as visits_of gives them. rungs: empty; filled here. Of things that
    happen at the same time, the trial that arrived earlier goes first. A worker takes the next
    trial at the moment when its own ends.
    """
    order, paces = arrival.order, arrival.paces
    reached, stopped, now = [0] * len(order), {}, 0.0
    n_started = min(n_workers, len(order))
    starts = [0.0] * len(order)
    events = [
        (visits[trial][0].elapsed * paces[trial], place, 0)
        for place, trial in enumerate(order[:n_started])
    ]
    heapify(events)
    while events:
        now, place, step = events[0]
        trial = order[place]
        fidelity, _, rung, value, is_end = visits[trial][step]
        entry = rungs.add(trial, rung, value) if rung else None
        if not is_end and not (entry and entry.is_below):
            later = starts[place] + visits[trial][step + 1].elapsed * paces[trial]
            heapreplace(events, (later, place, step + 1))
            continue
        reached[trial] = fidelity
        if not is_end:
            stopped[trial] = rung
        heappop(events)
        if n_started < len(order):
            starts[n_started] = now
            new = order[n_started]
            heappush(events, (now + visits[new][0].elapsed * paces[new], n_started, 0))
            n_started += 1
    return Search(reached, stopped, now, rungs)


def full_time(curves: Sequence[Curve], arrival: Arrival, n_workers: int) -> float:
    """When the last trial ends where nobody is stopped and workers take trials as they arrive."""
    free = [0.0] * min(n_workers, len(curves))
    for trial in arrival.order:
        heapreplace(free, free[0] + curves[trial].elapsed[-1] * arrival.paces[trial])
    return max(free)


def arrivals(n_trials: int, n_orders: int, seed: int, jitter: float = 0.0) -> list[Arrival]:
    """Random arrival orders, and paces drawn from a log-normal of median 1 and sigma `jitter`.

    The first of many are the same as those of few. Randomness: `seed` alone.
    """
    rng = np.random.default_rng(seed)
    return [
        Arrival(
            rng.permutation(n_trials).tolist(),
            rng.lognormal(0.0, jitter, n_trials).tolist(),
        )
        for _ in range(n_orders)
    ]


def redrawn(arrived: Sequence[Arrival], seed: int) -> list[Arrival]:
    """The same arrivals, of as many configs drawn at random from the record's, some twice.

    A bootstrap: each draw stands for other configs from the same search space. Ten arrivals in a
    row share a draw (fewer where there would be less than 20 draws), so that the part of the
    configs can be told from that of the orders.
    """
    rng = np.random.default_rng([seed, 1])
    each = max(1, min(ORDERS_PER_DRAW, len(arrived) // LEAST_DRAWS))
    found: list[Arrival] = []
    for place, arrival in enumerate(arrived):
        n = len(arrival.order)
        drawn = rng.integers(n, size=n).tolist() if place % each == 0 else found[-1].drawn
        found.append(arrival._replace(drawn=drawn))
    return found
