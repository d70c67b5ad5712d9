"""From the values of a claim's arms to its comparisons: pure, from numbers to numbers.

A difference is paired by replicate where split and seeds are shared, and Welch's elsewhere. Each
is also made with one more seed that is as unusual as the most unusual one of the study.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from sweepbook.findings.arm import Arm, on_tested_scale
from sweepbook.findings.deciding.outcomes import Comparison, band
from sweepbook.stats.choice import with_choice
from sweepbook.stats.intervals import (
    Difference,
    FloatArray,
    against_one_run,
    one_sample,
    welch_difference,
)
from sweepbook.stats.unusual import Unusual, one_more, one_more_of_two
from sweepbook.study.claim import Claim

SAME_FOR_ALL = "both models give the same for every seed: only further rows tell them apart"


def comparisons(
    claim: Claim,
    arms: Sequence[Arm],
    others: Sequence[Arm] = (),
    *,
    paired: bool = True,
    unusual: Unusual = Unusual(),  # noqa: B008 - a tuple
    overlap: float = 0.0,
) -> list[Comparison]:
    """The comparisons that a claim makes, in their order.

    Args:
        arms: each with a finite value per replicate.
        others: the same of the claim's `against_metric`, one per arm.
        paired: whether replicates of the same number share split and seeds.
        unusual: of the values, or of the differences from `others`, on the tested scale.
        overlap: of the replicates: n_test / n_train of folds that share training rows.

    Of a "winner" the first arm against each other one, of a "ranking" each arm against the one
    before it, otherwise the first against the second, or each arm alone.
    """
    lines = band(claim)
    if others:
        return [
            _paired(claim, a.label, (a, b), lines, unusual, overlap)
            for a, b in zip(arms, others, strict=True)
        ]
    if claim.kind == "ranking":
        pairs = [(b, a) for a, b in zip(arms, arms[1:], strict=False)]
    elif len(arms) == 1 or claim.quantity == "steps_to":
        return [_alone(claim, arms[0], lines, unusual, overlap)]
    else:
        pairs = [(arms[0], b) for b in arms[1:]]
    return [_compared(claim, a, b, lines, paired, unusual, overlap) for a, b in pairs]


def _numbers(values: pd.Series[float]) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def scaled(claim: Claim, arm: Arm) -> pd.Series[float]:
    """An arm's values on the tested scale."""
    return on_tested_scale(claim, arm.values)


def _alone(
    claim: Claim, arm: Arm, lines: tuple[float, float], unusual: Unusual, overlap: float
) -> Comparison:
    values = _numbers(scaled(claim, arm))
    found = _mean(claim, values, overlap)
    found = with_choice(found, values, _pseudo(claim, arm))
    more = one_more(values, found, unusual, claim.single_run)
    made = Comparison(arm.label, found, lines, more)
    return made.without_spread() if arm.same_for_all else made


def _compared(
    claim: Claim,
    a: Arm,
    b: Arm,
    lines: tuple[float, float],
    paired: bool,
    unusual: Unusual,
    overlap: float,
) -> Comparison:
    label = f"{a.label} against {b.label}"
    first, second = scaled(claim, a), scaled(claim, b)
    if paired and set(first.index) == set(second.index):
        made = _paired(claim, label, (a, b), lines, unusual.of_difference(), overlap)
    else:
        x, y = _numbers(first), _numbers(second)
        found = with_choice(welch_difference(x, y, overlap=overlap), first, _pseudo(claim, a))
        found = with_choice(found, second, _pseudo(claim, b))
        if claim.single_run:
            found = _with_one_run(found, x, y)
        made = Comparison(label, found, lines, one_more_of_two(x, y, found, unusual))
    return made.without_spread() if a.same_for_all and b.same_for_all else made


def _paired(
    claim: Claim,
    label: str,
    pair: tuple[Arm, Arm],
    lines: tuple[float, float],
    unusual: Unusual,
    overlap: float,
) -> Comparison:
    a, b = pair
    first = scaled(claim, a)
    values = _numbers(first - scaled(claim, b).reindex(first.index))
    found = _mean(claim, values, overlap)
    if a.pseudo is not None or b.pseudo is not None:
        found = with_choice(found, values, _pseudo(claim, a) - _pseudo(claim, b))
    made = Comparison(label, found, lines, one_more(values, found, unusual, claim.single_run))
    return made.without_spread() if a.same_for_all and b.same_for_all else made


def _mean(claim: Claim, values: FloatArray, overlap: float) -> Difference:
    return (against_one_run if claim.single_run else one_sample)(values, overlap=overlap)


def _with_one_run(found: Difference, *samples: FloatArray) -> Difference:
    """A difference from what one run of each arm gave, which scatters as the arms do."""
    of_runs = sum(float(sample.var(ddof=1)) for sample in samples) * (1 + found.overlap)
    se = math.sqrt(found.se**2 + of_runs)
    return found._replace(se=se)


def _pseudo(claim: Claim, arm: Arm) -> pd.Series[float]:
    """What the standard error is of: the jackknife's values where replicates chose the trials."""
    return scaled(claim, arm) if arm.pseudo is None else arm.pseudo


def best_arm(claim: Claim, arms: Sequence[Arm]) -> int:
    """Which arm has the best mean, on the tested scale."""
    sign = 1.0 if claim.direction == "higher" else -1.0
    return int(np.argmax([sign * float(scaled(claim, arm).mean()) for arm in arms]))
