"""Does a second run of the studies lead to the same sentences? Findings of two seeds, compared.

Two repetitions agree where no verdict is opposite and the second estimate lies where the first
says that it will: in its 95 % prediction interval for another mean of as many replicates. Which
config is best is read from the values, so two repetitions may ask it of different configs: they
are opposite where both are sure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sweepbook.aggregates.labels import count
from sweepbook.findings.finding import FAILS, HOLDS, MISSING, OPEN

COLUMNS = (
    *("study", "name", "statement", "verdict", "verdict_again", "opposite", "moved", "estimate"),
    *("estimate_again", "low", "high", "inside", "unit", "n", "n_again"),
    *("arm", "arm_again", "rival", "rival_again"),
)


def compare(first: pd.DataFrame, second: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """One row per finding that both frames have, in the first's order.

    first, second: as `findings_frame` gives them, of one or more studies. Columns: verdict and
    verdict_again; opposite: one holds and the other does not; moved: one of them is undecided and
    the other is not; estimate and estimate_again in unit; low, high: the prediction interval of
    the first for a mean of n_again replicates; inside: null where there is none (one replicate,
    shares, nothing available) or where the estimates are of different arms: arm, or the rival
    that it is compared with, is not the same again. Where arm differs (a config that the values
    chose), opposite: both hold, so that two winners are named; moved: only one of them holds.
    """
    keys = ["study", "name"]
    both = first.merge(second, on=keys, suffixes=("", "_again"))
    return pd.DataFrame([_row(row, level) for row in both.to_dict("records")], columns=[*COLUMNS])


def _row(row: Mapping[Any, Any], level: float) -> dict[str, Any]:
    verdicts = [row["verdict"], row["verdict_again"]]
    low, high = _prediction(row, level)
    again = row["estimate_again"]
    available = MISSING not in verdicts
    other_arm = _differs(row, "arm")
    known = math.isfinite(low) and again == again and available
    known = known and not other_arm and not _differs(row, "rival")
    opposite = set(verdicts) == {HOLDS} if other_arm else set(verdicts) == {HOLDS, FAILS}
    turning = HOLDS if other_arm else OPEN
    return {
        **{key: row[key] for key in COLUMNS if key in row},
        "opposite": opposite,
        "moved": (verdicts[0] == turning) != (verdicts[1] == turning) and available,
        "low": low,
        "high": high,
        "inside": bool(low <= again <= high) if known else None,
    }


def _differs(row: Mapping[Any, Any], key: str) -> bool:
    """Whether both findings name an arm (a rival), and not the same."""
    first, again = row[key], row[f"{key}_again"]
    return not pd.isna(first) and not pd.isna(again) and first != again


def _prediction(row: Mapping[Any, Any], level: float) -> tuple[float, float]:
    """Around the first estimate, on the scale that was tested and back in the unit."""
    from scipy import stats

    mean, sd, n, m = (float(row[key]) for key in ("estimate", "sd", "n", "n_again"))
    if not (math.isfinite(mean) and math.isfinite(sd) and n > 1 and m >= 1):
        return math.nan, math.nan
    percent, points = row["unit"] == "percent", row["unit"] == "points"
    centre = math.log1p(mean / 100) if percent else mean / 100 if points else mean
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * sd * math.sqrt(1 / n + 1 / m)
    ends = (centre - half, centre + half)
    if percent:
        return 100 * math.expm1(ends[0]), 100 * math.expm1(ends[1])
    return (100 * ends[0], 100 * ends[1]) if points else ends


def summary(comparison: pd.DataFrame, noun: str = "finding") -> str:
    """The comparison in two sentences: opposite verdicts, moved, second estimates inside."""
    if comparison.empty:
        return f"The two runs have no {noun} in common."
    judged = comparison["inside"].dropna()
    inside = f"{int(judged.sum())} of {len(judged)} second estimates lie inside"
    opposite, moved = int(comparison["opposite"].sum()), int(comparison["moved"].sum())
    return (
        f"{changes(len(comparison), opposite, moved, noun)} {inside} the first's 95 % prediction "
        "interval."
    )


def changes(n: int, n_opposite: int, n_moved: int, noun: str) -> str:
    """How many verdicts changed, in one sentence.

    >>> changes(29, 1, 4, "claim")
    'Of 29 claims 1 has an opposite verdict and 4 moved to or from undecided.'
    """
    have = "has an opposite verdict" if n_opposite == 1 else "have opposite verdicts"
    return f"Of {count(n, noun)} {n_opposite} {have} and {n_moved} moved to or from undecided."
