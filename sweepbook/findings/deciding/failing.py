"""Seeds that fail beside others that learn: told as a share of their own, not hidden in a mean."""

from __future__ import annotations

import math

import numpy as np

from sweepbook.findings.amounts import level
from sweepbook.findings.arm import Arm
from sweepbook.findings.arms import value_table
from sweepbook.findings.deciding.outcomes import Outcome
from sweepbook.record.load import Record
from sweepbook.stats.shares import at_chance

LEARNS = 0.05  # above the largest class's share: the least that we call learning
_JUDGED_BY = "val_acc"


def failing_seeds(record: Record, result: Outcome, chance: float) -> list[str]:
    """One text per arm of which some replicates stay at chance and some learn; [] mostly.

    chance: share of the largest class; NaN where it is not known.
    """
    if _JUDGED_BY not in record.reports or not result.tests:
        return []
    arms = {arm.trial_id: arm for arm in result.arms if " " not in arm.trial_id}
    texts = [_failing(record, arm, chance) for arm in arms.values()]
    return [text for text in texts if text]


def _failing(record: Record, arm: Arm, chance: float) -> str:
    table = value_table(record, arm.trial_id, _JUDGED_BY)
    if table is None or not math.isfinite(chance):
        return ""
    judged = table.iloc[-1].astype("float64")
    share = at_chance(judged.to_numpy(), chance + LEARNS)
    if not share.is_mixed or judged.isna().any():
        return ""
    learns = judged.index[judged > chance + LEARNS]
    rest = arm.values.reindex(learns).dropna().to_numpy(dtype="float64")
    mean = f"; the others' mean is {float(np.mean(rest)):.3g}" if len(rest) else ""
    return (
        f"{share.k} of {share.n} seeds of {arm.label} stay at chance (exact 95 % interval "
        f"{level(share.low, True)} to {level(share.high, True)}){mean}"
    )
