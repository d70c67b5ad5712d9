"""From the values of a claim's arms to a verdict.

Every comparison has a band of differences that would make the claim true: at or above the
smallest difference that matters (direction, threshold, winner, ranking), or target give or take
it (equivalence). On the 95 % t interval of the difference, paired by replicate where split and
seeds are shared and Welch's elsewhere:

* **holds**: the interval lies wholly inside the band;
* **does not hold**: it lies wholly outside;
* **undecided**: it crosses the band's edge, or there is one replicate only;
* **not available**: a trial is missing, failed, diverged or stopped too early, or a value is.

So one edge decides both ways, and two repetitions of a study contradict each other only where
both intervals miss the truth. A claim of several comparisons (a winner against every other arm, a
ranking, several arms) holds where all hold and does not hold where one does not. Comparisons of
one claim or one declared family are Holm-adjusted: the interval is then judged by its adjusted p
value against the band's nearest edge.

A "mixture" claim counts replicates: holds where none gets above chance, does not hold where all
do, undecided between, since some replicates do and some do not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from sweepbook.aggregates.predictions import have_own_rows
from sweepbook.findings.finding import FAILS, HOLDS, MISSING, OPEN
from sweepbook.findings.outcomes import Comparison, Outcome, band
from sweepbook.findings.over_rows import over_rows
from sweepbook.findings.values import Arm, arm_values, claim_arms, logs
from sweepbook.record.load import Record
from sweepbook.stats.intervals import (
    Difference,
    leave_one_out_margin,
    leave_one_out_winner,
    one_sample,
    paired_difference,
    t_interval,
    welch_difference,
)
from sweepbook.stats.power import detectable_difference, needed_n
from sweepbook.study.claim import Claim

ALPHA = 0.05


def outcome(record: Record, claim: Claim, chosen: bool = False) -> Outcome:
    """Compares a claim's arms; kinds "mixture" and "gradients" are not decided here.

    chosen: the arms were ordered after seeing their values.
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
    bad = [arm.label for arm in [*arms, *others] if arm.values.isna().any()]
    if bad:
        return Outcome(arms, problem=f"not every replicate has a value with {bad[0]}", notes=notes)
    paired = record.manifest.data.is_paired
    if claim.over == "rows" and not have_own_rows(record):
        return over_rows(record, claim, arms, notes)
    if claim.over == "rows":  # the spread over replicates has that of the rows in it
        notes = (*notes, "each replicate has test rows of its own")
    if claim.kind == "winner":
        return _winner(claim, arms, paired, notes, chosen)
    tests = _tests(claim, arms, others, paired)
    weakest = min(tests, key=lambda test: test.room)
    rival = weakest.label if len(tests) > 1 else ""
    return Outcome(arms, tests, weakest.difference, paired, notes=notes, rival=rival)


def _tests(
    claim: Claim, arms: Sequence[Arm], others: Sequence[Arm], paired: bool
) -> list[Comparison]:
    lines = band(claim)
    if others:  # another metric of the same models: pairs in any case
        return [
            Comparison(a.label, _difference(claim, a, b, True), lines)
            for a, b in zip(arms, others, strict=True)
        ]
    if claim.kind == "ranking":
        return [
            Comparison(f"{b.label} against {a.label}", _difference(claim, b, a, paired), lines)
            for a, b in zip(arms, arms[1:], strict=False)
        ]
    single = len(arms) == 1 or claim.quantity == "steps_to"
    if single:
        return [Comparison(arms[0].label, one_sample(_scale(claim, arms[0])), lines)]
    label = f"{arms[0].label} against {arms[1].label}"
    return [Comparison(label, _difference(claim, arms[0], arms[1], paired), lines)]


def _scale(claim: Claim, arm: Arm) -> pd.Series[float]:
    """Values on the tested scale: logarithms where relative (a change is one already)."""
    return logs(arm.values) if claim.relative and claim.quantity != "change" else arm.values


def _difference(claim: Claim, a: Arm, b: Arm, paired: bool) -> Difference:
    first, second = _scale(claim, a), _scale(claim, b)
    if paired and set(first.index) == set(second.index):
        return paired_difference(first, second)
    return welch_difference(first.to_numpy(), second.to_numpy())


def _winner(
    claim: Claim, arms: Sequence[Arm], paired: bool, notes: tuple[str, ...], chosen: bool
) -> Outcome:
    lines, claimed = band(claim), arms[0]
    mode: Literal["min", "max"] = "max" if claim.direction == "higher" else "min"
    sign = 1.0 if mode == "max" else -1.0
    tests = [
        Comparison(
            f"{claimed.label} against {b.label}", _difference(claim, claimed, b, paired), lines
        )
        for b in arms[1:]
    ]
    means = [sign * float(_scale(claim, arm).mean()) for arm in arms]
    rival = 1 + int(np.argmax(means[1:]))
    shown, corrected, advantage = tests[rival - 1].difference, math.nan, math.nan
    same = all(set(arm.values.index) == set(claimed.values.index) for arm in arms)
    left_out = same and (paired or chosen) and len(claimed.values) > 1
    if left_out:
        order = sorted(claimed.values.index)
        shown = _left_out_margin(claim, arms, order, mode, chosen)
        winner = leave_one_out_winner(np.array([a.values.reindex(order) for a in arms]), mode)
        corrected, advantage = winner.corrected, winner.advantage
    return Outcome(
        arms,
        tests,
        shown,
        paired,
        notes=notes,
        best=arms[int(np.argmax(means))].label,
        rival=arms[rival].label,
        picked_anew=left_out and chosen,
        corrected=corrected,
        advantage=advantage,
    )


def _left_out_margin(
    claim: Claim, arms: Sequence[Arm], order: list[Any], mode: Literal["min", "max"], chosen: bool
) -> Difference:
    """The winner's margin, each replicate's from the arms that the other replicates select.

    A declared winner is given and only its rival is selected; one that was chosen after seeing
    the values is selected anew as well.
    """
    scores = np.array([_scale(claim, arm).reindex(order) for arm in arms])
    if chosen:
        return leave_one_out_margin(scores, mode)
    return one_sample(scores[0] - leave_one_out_winner(scores[1:], mode).scores)


def _never_reached(record: Record, claim: Claim, arms: Sequence[Arm]) -> Outcome:
    """Replicates that never got to the level are later than all that was trained."""
    values, n = arms[0].values, len(arms[0].values)
    unit = record.unit
    rows = record.reports[record.reports["trial_id"] == arms[0].trial_id]
    last = int(rows[unit].max())
    note = f"{arms[0].n_missing} of {n} replicates never reach the level in {last} {unit}s"
    latest = band(claim)[1]
    if math.isfinite(latest) and last < latest:
        return Outcome(arms, problem=f"{note}; the claim is about {unit}s up to {latest:g}")
    verdict = FAILS if values.isna().all() and math.isfinite(latest) else OPEN
    return Outcome(arms, verdict=verdict, notes=(note,))


def verdict(result: Outcome, p_adjusted: Sequence[float]) -> str:
    """The verdict of an outcome, given the adjusted p value of each of its tests."""
    if result.problem:
        return MISSING
    if result.verdict:
        return result.verdict
    decided = [p <= ALPHA for p in p_adjusted]  # NaN decides nothing
    if any(d and not test.inside for d, test in zip(decided, result.tests, strict=True)):
        return FAILS
    if all(d and test.inside for d, test in zip(decided, result.tests, strict=True)):
        return HOLDS
    return OPEN


def replicates_needed(result: Outcome, p_adjusted: Sequence[float]) -> int | None:
    """About how many replicates would decide the comparisons that are still open.

    At the level of Holm's first step among them; None where that cannot be estimated or is more
    than power.LARGEST_N.
    """
    if result.sample:  # it takes more test rows
        return None
    still_open = [t for t, p in zip(result.tests, p_adjusted, strict=True) if not p <= ALPHA]
    level = 1 - ALPHA / (result.looks * max(len(still_open), 1))
    needed = [
        needed_n(t.difference.mean - t.edge, t.difference.sd, level=level) for t in still_open
    ]
    known = [n for n in needed if n is not None]
    if not known or len(known) < len(needed):
        return None
    return max(*known, result.tests[0].difference.n + 1)


def detectable(result: Outcome) -> float:
    """Smallest difference that this many replicates tell from 0 (power 0.8), tested scale."""
    if result.shown is None or result.sample:  # more seeds alone would not tell more
        return math.nan
    return detectable_difference(result.shown.sd, result.shown.n)


def arm_mean(arm: Arm) -> float:
    """Mean over the replicates; NaN where one is missing."""
    return float(t_interval(arm.values.to_numpy()).mean) if len(arm.values) else math.nan
