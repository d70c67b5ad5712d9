"""What each arm of a claim scored: one value per replicate, or the reason why there is none."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.labels import better, metric_name
from sweepbook.findings.arms import find_trial, settings_label, value_table
from sweepbook.findings.comparable.steps import Common, common_step, needed_step
from sweepbook.record.load import Record
from sweepbook.record.values import LAST_STEPS
from sweepbook.study.claim import Claim, Window

LAST_SHARE, LEAST_BATCHES = 0.2, 50  # of a trial's batches, where each has a value of its own


@dataclass(frozen=True)
class Arm:
    """One arm's values by replicate, in the metric's own unit (a "change" may be relative).

    steps: which fidelity steps they are of, in words. problem: why there are no values, or "".
    n_missing: replicates that never reached the level of a "steps_to". same_for_all: one model
    that every seed gives. looks: at how many steps a comparison with it could have been made,
    where early stopping chose the step.
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


def claim_arms(record: Record, claim: Claim) -> list[Arm]:
    """Values of all arms of a claim, at the last step that all have where one was stopped."""
    places = range(len(claim.arms))
    common = common_step(record, claim, [arm_label(claim, i) for i in places])
    return [arm_values(record, claim, i, common=common) for i in places]


def arm_values(
    record: Record,
    claim: Claim,
    i: int,
    metric: str | None = None,
    common: Common | None = None,
) -> Arm:
    """Values of arm i of a claim, of `metric` or else the claim's own, by replicate.

    common: the step up to which the arm counts; None: up to its own last. Never raises for what a
    record lacks: the arm's problem says what is missing.
    """
    column = metric or claim.metric
    label = arm_label(claim, i)
    fine = claim.kind == "mixture"
    reached = common.step if common else needed_step(claim, i)
    trial, problem = find_trial(record, claim.arms[i], fine, claim.best_by, reached)
    if trial is None:
        return Arm(label, problem=problem)
    arm = _measured(record, claim, i, str(trial["trial_id"]), column, common)
    return _for_every_seed(record, trial, arm) if len(claim.arms) > 1 else arm


def value_at(
    record: Record, settings: Mapping[str, Any], metric: str, fidelity: Window = "last5"
) -> Arm:
    """Values of a metric of the one trial with these settings, by replicate.

    fidelity: as in a claim. Never raises for what a record lacks, as `arm_values`.
    """
    label = settings_label(settings)
    trial, problem = find_trial(record, settings)
    if trial is None:
        return Arm(label, problem=problem)
    trial_id = str(trial["trial_id"])
    table = value_table(record, trial_id, metric)
    if table is None:
        return Arm(label, trial_id, problem=_not_recorded(metric))
    return _value(Arm(label, trial_id), metric, table, record.unit, fidelity)


def _not_recorded(metric: str) -> str:
    return f"the record has no {metric_name(metric)} ({metric})"


def trial_values(record: Record, claim: Claim, trial_id: str, metric: str) -> pd.Series[float]:
    """What another trial of the record scored, of a claim's quantity; empty where it has none.

    A "steps_to" is about the claim's own arms alone.
    """
    table = value_table(record, trial_id, metric)
    if table is None or claim.quantity == "steps_to":
        return pd.Series(dtype="float64")
    return _reduce(record, claim, "", trial_id, table, level_only=False).values


def _measured(
    record: Record, claim: Claim, i: int, trial_id: str, column: str, common: Common | None
) -> Arm:
    label = arm_label(claim, i)
    table = value_table(record, trial_id, column)
    if table is None:
        return Arm(label, trial_id, problem=_not_recorded(column))
    if claim.quantity == "steps_to" and i == 0:
        return _steps_to(record, claim, label, trial_id, table)
    if common:
        arm = _reduce(record, claim, label, trial_id, table.loc[: common.step], level_only=i > 0)
        return dataclasses.replace(arm, note=common.note, looks=common.looks)
    return _reduce(record, claim, label, trial_id, table, level_only=i > 0)


def _for_every_seed(record: Record, trial: Mapping[str, Any], arm: Arm) -> Arm:
    """The one value of a model that every seed gives, as that of each replicate."""
    n = record.manifest.n_replicates
    single = record.manifest.study.single and trial.get("n_replicates") == 1
    if not single or len(arm.values) != 1 or n < 2:
        return arm
    values = pd.Series([float(arm.values.iloc[0])] * n, index=range(n))
    return dataclasses.replace(arm, values=values, same_for_all=True)


def arm_label(claim: Claim, i: int) -> str:
    """The arm's declared label, or its settings: "depth 6, width 16"."""
    if claim.labels:
        return claim.labels[i]
    return settings_label(claim.arms[i])


def _reduce(
    record: Record,
    claim: Claim,
    label: str,
    trial_id: str,
    table: pd.DataFrame,
    level_only: bool,
) -> Arm:
    unit, fidelity = record.unit, claim.fidelity
    if claim.quantity == "steps_to" and level_only:
        fidelity = claim.since or 1
    if claim.quantity == "change":
        return _change(claim, label, trial_id, table, unit)
    if claim.quantity == "spread":
        return _spread(claim, label, trial_id, table, unit)
    arm = Arm(label, trial_id)
    return _value(arm, claim.metric, table, unit, fidelity, claim.target or 0.0)


def _value(
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
        tail = table.iloc[-LAST_STEPS:]
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
        tail = table if per_batch else table.iloc[-LAST_STEPS:]
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


def detrended_sd(values: np.ndarray[Any, Any]) -> float:
    """Standard deviation of values (n,) about their least-squares line; NaN for n < 3 or NaN."""
    n = len(values)
    if n < 3:
        return math.nan
    x = np.linspace(-1.0, 1.0, n)
    centred = values - values.mean()
    rest = centred - x * (x @ centred) / (x @ x)
    return float(np.sqrt((rest**2).sum() / (n - 2)))


def _steps_to(record: Record, claim: Claim, label: str, trial_id: str, table: pd.DataFrame) -> Arm:
    level = arm_values(record, claim, 1)
    if level.problem:
        return Arm(label, trial_id, problem=level.problem)
    sign = 1.0 if better(claim.metric) == "max" else -1.0
    levels = level.values.reindex(table.columns)
    there = (sign * (table.astype("float64") - levels)).ge(0.0)
    first = there.idxmax().astype("float64").where(there.any())
    steps = f"first {record.unit} with what “{level.label}” has at {level.steps}"
    return Arm(label, trial_id, first, steps, n_missing=int(first.isna().sum()))


def logs(values: pd.Series[float]) -> pd.Series[float]:
    """Natural logarithms of a sample, NaN where a value is not positive; the index stays."""
    return pd.Series(np.log(values.where(values > 0).to_numpy()), index=values.index)
