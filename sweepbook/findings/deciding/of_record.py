"""A claim put to a record: its arms' values and comparisons, or the reason why there are none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from sweepbook.aggregates.predictions import have_own_rows
from sweepbook.findings.arm import Arm
from sweepbook.findings.deciding.comparisons import (
    SAME_FOR_ALL,
    best_arm,
    comparisons,
    scaled,
)
from sweepbook.findings.deciding.other_trials import OtherTrials
from sweepbook.findings.deciding.outcomes import Outcome, band
from sweepbook.findings.deciding.over_rows import over_rows
from sweepbook.findings.finding import FAILS, OPEN
from sweepbook.findings.values import arm_values, claim_arms
from sweepbook.record.load import Record
from sweepbook.stats.shares import exact_share
from sweepbook.stats.winners import leave_one_out_winner
from sweepbook.study.claim import Claim


def outcome(
    record: Record, claim: Claim, *, chosen: bool = False, trials: OtherTrials | None = None
) -> Outcome:
    """Compares a claim's arms; kinds "mixture" and "gradients" are not decided here.

    Args:
        chosen: the arms were ordered after seeing their values.
        trials: of the record, where several claims are put to it.
    """
    arms = claim_arms(record, claim)
    others = [
        arm_values(record, claim, i, claim.against_metric)
        for i in range(len(claim.arms) if claim.against_metric else 0)
    ]
    problem = next((arm.problem for arm in [*arms, *others] if arm.problem), "")
    notes = tuple(dict.fromkeys(arm.note for arm in arms if arm.note))
    if problem:
        return Outcome(arms, problem=problem, notes=notes)
    if claim.quantity == "steps_to" and arms[0].n_missing:
        return _never_reached(record, claim, arms)
    if _is_level_of_relative(claim):
        why = "a level is no share: give the target as a number, with relative=False"
        return Outcome(arms, problem=why, notes=notes)
    bad = [arm.label for arm in [*arms, *others] if scaled(claim, arm).isna().any()]
    if bad:
        return Outcome(arms, problem=f"not every replicate has a value with {bad[0]}", notes=notes)
    unusual, n_seeds = (trials or OtherTrials(record)).unusual(claim, arms)
    if claim.over == "rows" and not have_own_rows(record):
        return over_rows(record, claim, arms, notes, unusual, n_seeds)
    if claim.over == "rows":  # the spread over replicates has that of the rows in it
        notes = (*notes, "each replicate has test rows of its own")
    paired = record.manifest.data.is_paired
    tests = comparisons(
        claim, arms, others, paired=paired, unusual=unusual, overlap=record.manifest.data.overlap
    )
    if sum(arm.same_for_all for arm in arms) > 1:
        notes = (*notes, SAME_FOR_ALL)
    best, corrected, advantage = _selection(claim, arms, paired or chosen)
    return Outcome(
        arms,
        tests,
        others,
        paired,
        notes=notes,
        n_seeds=n_seeds,
        best=best,
        corrected=corrected,
        advantage=advantage,
    )


def _is_level_of_relative(claim: Claim) -> bool:
    """Whether the logarithm of a level would be held against a share."""
    alone = len(claim.arms) == 1 and claim.target is not None
    return claim.relative and alone and claim.quantity != "change"


def _selection(claim: Claim, arms: Sequence[Arm], comparable: bool) -> tuple[str, float, float]:
    """Of a winner: the best arm, its mean where others selected it, and what selection adds."""
    if claim.kind != "winner":
        return "", math.nan, math.nan
    best = arms[best_arm(claim, arms)].label
    order = sorted(arms[0].values.index)
    same = all(set(arm.values.index) == set(order) for arm in arms)
    if not (same and comparable and len(order) > 1):
        return best, math.nan, math.nan
    mode: Literal["min", "max"] = "max" if claim.direction == "higher" else "min"
    winner = leave_one_out_winner(np.array([a.values.reindex(order) for a in arms]), mode)
    return best, winner.corrected, winner.advantage


def _never_reached(record: Record, claim: Claim, arms: Sequence[Arm]) -> Outcome:
    """Replicates that never got to the level are later than all that was trained."""
    n = len(arms[0].values)
    unit = record.unit
    rows = record.reports[record.reports["trial_id"].isin(arms[0].trial_id.split())]
    last = int(rows[unit].max())
    note = f"{arms[0].n_missing} of {n} replicates never reach the level in {last} {unit}s"
    latest = band(claim)[1]
    if math.isfinite(latest) and last < latest:
        return Outcome(arms, problem=f"{note}; the claim is about {unit}s up to {latest:g}")
    most = exact_share(arms[0].n_missing, n).low > 0.5  # then the median is later, too
    verdict = FAILS if most and math.isfinite(latest) else OPEN
    return Outcome(arms, verdict=verdict, notes=(note,))
