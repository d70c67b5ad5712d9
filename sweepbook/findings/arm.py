"""One arm of a claim: what the table of its metric, by step and replicate, comes to."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.choice import Choice
from sweepbook.record.values import last_steps
from sweepbook.stats.trend import detrended_sd, logs
from sweepbook.study.claim import Claim, Window

LAST_SHARE, LEAST_BATCHES = 0.2, 50  # of a trial's batches, where each has a value of its own


@dataclass(frozen=True)
class Arm:
    """One arm's values by replicate, in the metric's own unit (a "change" may be relative).

    trial_id: several, separated by spaces, where the other replicates choose a trial for each
    one: `choice` says which. pseudo: the jackknife's values of such a choice on the tested scale;
    their spread is that of the mean (see stats.choice); None where nothing was chosen. steps:
    which fidelity steps the values are of, in words. problem: why there are none, or "".
    n_missing: replicates that never reached the level of a "steps_to". same_for_all: one model
    that every seed gives. looks: at how many steps a comparison with it could have been made,
    where early stopping chose the step. until: that step.
    """

    label: str
    trial_id: str = ""
    values: pd.Series[float] = field(default_factory=lambda: pd.Series(dtype="float64"))
    steps: str = ""
    problem: str = ""
    note: str = ""
    n_missing: int = 0
    same_for_all: bool = False
    looks: int = 1
    until: int | None = None
    choice: Choice | None = None
    pseudo: pd.Series[float] | None = None


def on_tested_scale(claim: Claim, values: pd.Series[float]) -> pd.Series[float]:
    """Values as they are compared: logarithms where relative (a change is one already)."""
    return logs(values) if claim.relative and claim.quantity != "change" else values


def reduced(
    claim: Claim, label: str, trial_id: str, table: pd.DataFrame, unit: str, level_only: bool
) -> Arm:
    """The arm with a claim's quantity of its metric's step x replicate table.

    level_only: of a "steps_to", the arm whose level is to be reached.
    """
    fidelity = claim.fidelity
    if claim.quantity == "steps_to" and level_only:
        fidelity = claim.since or 1
    if claim.quantity == "change":
        return _change(claim, label, trial_id, table, unit)
    if claim.quantity == "spread":
        return _spread(claim, label, trial_id, table, unit)
    arm = Arm(label, trial_id)
    return value_of(arm, claim.metric, table, unit, fidelity, claim.target or 0.0)


def value_of(
    arm: Arm, metric: str, table: pd.DataFrame, unit: str, fidelity: Window, target: float = 0.0
) -> Arm:
    """The arm with the values of a step x replicate table at a fidelity."""
    table, last = table.astype("float64"), int(table.index[-1])
    if fidelity == "every":
        furthest = (table - target).abs().to_numpy().argmax(axis=0)  # NaN is furthest
        series = pd.Series(
            [table.iloc[row, j] for j, row in enumerate(furthest)], index=table.columns
        )
        steps = f"of all {last} {unit}s the furthest from the target"
        return dataclasses.replace(arm, values=series, steps=steps)
    if fidelity == "last5":
        tail = last_steps(table)
        values = measured(metric, tail.mean(skipna=False))
        return dataclasses.replace(arm, values=values, steps=_span(unit, tail))
    step = last if fidelity == "last" else int(fidelity)
    note = ""
    if step > last:
        note = f"{unit} {step} is beyond the {last} trained: the last is taken"
        step = last
    if step not in table.index:
        return dataclasses.replace(arm, problem=f"{arm.label} has no {unit} {step}")
    values = measured(metric, pd.Series(table.loc[step].to_numpy(), index=table.columns))
    return dataclasses.replace(arm, values=values, steps=f"{unit} {step}", note=note)


def measured(column: str, values: pd.Series[float]) -> pd.Series[float]:
    """Seconds that are the same for every replicate were measured once, not n times."""
    if column.endswith("_s") and len(values) > 1 and values.nunique(dropna=False) == 1:
        return values.iloc[:1]
    return values


def _span(unit: str, tail: pd.DataFrame) -> str:
    first, last = int(tail.index[0]), int(tail.index[-1])
    return f"{unit} {last}" if first == last else f"mean of {unit}s {first}–{last}"


def lacking_steps(claim: Claim, last: int, unit: str) -> str:
    """The steps without which a claim cannot be decided, of a trial of `last` steps; "" for none.

    >>> claim = Claim(name="a", statement="", kind="threshold", metric="loss", target=0.0,
    ...               smallest=0, reason="any", arms=({},), quantity="change", since=40)
    >>> lacking_steps(claim, 30, "epoch"), lacking_steps(claim, 50, "epoch")
    ('epochs beyond 40', '')
    """
    if claim.quantity == "change":
        until = claim.fidelity if isinstance(claim.fidelity, int) else last
        since = claim.since or 1
        if until > last:
            return f"{unit}s {since} to {until}"
        return f"{unit}s beyond {since}" if since >= until else ""
    if claim.quantity == "spread" and claim.since is not None and claim.since >= last:
        return f"{unit}s beyond {claim.since}"
    return ""


def _change(claim: Claim, label: str, trial_id: str, table: pd.DataFrame, unit: str) -> Arm:
    last = int(table.index[-1])
    if needed := lacking_steps(claim, last, unit):
        problem = f"needs {needed}, {label} was trained for {last}"
        return Arm(label, trial_id, problem=problem)
    until = claim.fidelity if isinstance(claim.fidelity, int) else last
    since = claim.since or 1
    ends = [
        table.loc[step - claim.window + 1 : step].astype("float64").mean(skipna=False)
        for step in (since, until)
    ]
    values = logs(ends[1]) - logs(ends[0]) if claim.relative else ends[1] - ends[0]
    if claim.window == 1:
        return Arm(label, trial_id, values, f"{unit} {until} against {since}")
    span = f"{unit}s {until - claim.window + 1}–{until} against"
    return Arm(label, trial_id, values, f"{span} {since - claim.window + 1}–{since}")


def _spread(claim: Claim, label: str, trial_id: str, table: pd.DataFrame, unit: str) -> Arm:
    """The sd about a straight line: of the last 5 steps, or of the steps from `since` on.

    Where a step has a list of values, one per batch, of the last 20 % of the trial's batches
    instead, at least 50 (or all, if there are fewer): an epoch may hold the whole descent.
    """
    last = int(table.index[-1])
    if needed := lacking_steps(claim, last, unit):
        problem = f"needs {needed}, {label} was trained for {last}"
        return Arm(label, trial_id, problem=problem)
    per_batch = any(np.ndim(cell) for cell in table.iloc[-1])
    if claim.since is not None:
        tail = table.loc[claim.since :]
    else:
        tail = table if per_batch else last_steps(table)
    samples = {replicate: _flat(tail[replicate]) for replicate in tail}
    steps = _span(unit, tail).removeprefix("mean of ")
    if per_batch and claim.since is None:
        samples = {replicate: _last_batches(values) for replicate, values in samples.items()}
        steps = f"last {100 * LAST_SHARE:.0f} % of the batches, at least {LEAST_BATCHES}"
    values = {replicate: detrended_sd(sample) for replicate, sample in samples.items()}
    return Arm(label, trial_id, pd.Series(values, dtype="float64"), steps)


def _last_batches(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return values[-max(LEAST_BATCHES, math.ceil(LAST_SHARE * len(values))) :]


def _flat(cells: pd.Series[Any]) -> np.ndarray[Any, Any]:
    """The numbers of a column whose cells are numbers or lists of them."""
    return np.concatenate([np.atleast_1d(np.asarray(c, dtype=np.float64)) for c in cells])
