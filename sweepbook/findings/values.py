"""What each arm of a claim scored: one value per replicate, or the reason why there is none."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sweepbook.aggregates.kept import lookup
from sweepbook.aggregates.labels import better, metric_name
from sweepbook.findings.arm import Arm, on_tested_scale, reduced, value_of
from sweepbook.findings.arms import (
    find_choice,
    find_trial,
    settings_label,
    value_table,
)
from sweepbook.findings.comparable.seeds import ALIKE, seeds_are_alike
from sweepbook.findings.comparable.steps import Common, common_step, needed_step
from sweepbook.record.load import Record
from sweepbook.study.claim import Claim, Window


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
    if claim.best_by and len(lookup(record).trials(claim.arms[i])) > 1:
        return _chosen(record, claim, i, claim.best_by, column)
    fine = claim.kind == "mixture"
    reached = common.step if common else needed_step(claim, i)
    trial, problem = find_trial(record, claim.arms[i], fine, reached)
    if trial is None:
        return Arm(label, problem=problem)
    arm = _measured(record, claim, i, str(trial["trial_id"]), column, common)
    is_one = arm.values.nunique(dropna=False) == 1  # or the reports need not be looked at
    if is_one and seeds_are_alike(record, arm.trial_id):
        return dataclasses.replace(arm, same_for_all=True, note=f"{label}: {ALIKE}")
    return _for_every_seed(record, trial, arm) if len(claim.arms) > 1 else arm


def _chosen(record: Record, claim: Claim, i: int, best_by: str, column: str) -> Arm:
    """The arm whose replicates each have the value of the trial that the others choose."""
    label = arm_label(claim, i)
    choice, problem = find_choice(record, claim.arms[i], best_by)
    if choice is None:
        return Arm(label, problem=problem)
    arms = {
        str(name): _measured(record, claim, i, str(name), column) for name in choice.scores.index
    }
    best = arms[choice.trial_id]
    problem = next((arm.problem for arm in arms.values() if arm.problem), "")
    if problem or all(len(arm.values) == 1 for arm in arms.values()):
        note = f"{label}: one seed chose and is scored, so its value flatters"
        best = dataclasses.replace(best, problem=problem, note=note if choice.flatters else "")
        trial = {"n_replicates": len(choice.scores.columns)}
        return _for_every_seed(record, trial, best) if len(claim.arms) > 1 else best
    values, _ = choice.values({name: arm.values for name, arm in arms.items()})
    tested = {name: on_tested_scale(claim, arm.values) for name, arm in arms.items()}
    _, pseudo = choice.values(tested)
    ids, n = choice.trial_ids, len(arms)
    note = f"{label}: the other seeds choose a trial for each seed, {len(ids)} of the {n} in all"
    return dataclasses.replace(
        best,
        trial_id=" ".join(ids),
        values=values,
        choice=choice,
        pseudo=pseudo,
        note=note if len(ids) > 1 else best.note,
        n_missing=int(values.isna().sum()) if claim.quantity == "steps_to" else 0,
    )


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
    return value_of(Arm(label, trial_id), metric, table, record.unit, fidelity)


def _not_recorded(metric: str) -> str:
    return f"the record has no {metric_name(metric)} ({metric})"


def trial_values(
    record: Record, claim: Claim, trial_id: str, metric: str, until: int | None = None
) -> pd.Series[float]:
    """What another trial of the record scored, of a claim's quantity; empty where it has none.

    until: the step up to which it counts; None: its last. A "steps_to" is about the claim's own
    arms alone.
    """
    table = value_table(record, trial_id, metric)
    if table is None or claim.quantity == "steps_to":
        return pd.Series(dtype="float64")
    table = table.loc[:until] if until else table
    return reduced(claim, "", trial_id, table, record.unit, level_only=False).values


def _measured(
    record: Record,
    claim: Claim,
    i: int,
    trial_id: str,
    column: str,
    common: Common | None = None,
) -> Arm:
    label = arm_label(claim, i)
    table = value_table(record, trial_id, column)
    if table is None:
        return Arm(label, trial_id, problem=_not_recorded(column))
    if claim.quantity == "steps_to" and i == 0:
        return _steps_to(record, claim, label, trial_id, table)
    if common:
        arm = reduced(claim, label, trial_id, table.loc[: common.step], record.unit, i > 0)
        return dataclasses.replace(arm, note=common.note, looks=common.looks, until=common.step)
    return reduced(claim, label, trial_id, table, record.unit, i > 0)


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
