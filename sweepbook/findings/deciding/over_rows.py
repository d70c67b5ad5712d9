"""Claims about test accuracy whose intervals hold for further test rows as well."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from sweepbook.aggregates.labels import count
from sweepbook.aggregates.predictions import grouped_predictions, hit_table
from sweepbook.findings.deciding.comparisons import best_arm
from sweepbook.findings.deciding.outcomes import Comparison, Outcome, band
from sweepbook.findings.values import Arm
from sweepbook.record.load import Record
from sweepbook.stats.bootstrap import n_groups, row_difference
from sweepbook.stats.intervals import Difference, FloatArray, one_sample
from sweepbook.stats.unusual import Unusual, one_more
from sweepbook.study.claim import Claim


def over_rows(
    record: Record,
    claim: Claim,
    arms: Sequence[Arm],
    notes: tuple[str, ...],
    unusual: Unusual,
    n_seeds: int,
) -> Outcome:
    """The first arm against each other one, on the same test rows, over rows and replicates."""
    predictions = grouped_predictions(record)
    tables = [hit_table(predictions, arm.trial_id) for arm in arms]
    without = next((a.label for a, t in zip(arms, tables, strict=True) if t.empty), "")
    if without:
        return Outcome(arms, problem=f"{without} has no test predictions", notes=notes)
    try:
        tests = [
            _compared(claim, arms[0], tables[0], b, table, unusual)
            for b, table in zip(arms[1:], tables[1:], strict=True)
        ]
    except ValueError as error:
        return Outcome(arms, problem=str(error), notes=notes)
    n_own = n_groups(tables[0])
    grouped = f" in {count(n_own, 'group')}" if n_own else ""
    n = max(test.difference.n for test in tests)
    sizes = f"{count(len(tables[0]), 'test row')}{grouped}, {count(n, 'seed')}"
    found = Outcome(arms, tests, True, notes=notes, sample=sizes, n_seeds=n_seeds)
    return replace(found, best=arms[best_arm(claim, arms)].label if claim.kind == "winner" else "")


def _compared(
    claim: Claim, a: Arm, first: pd.DataFrame, b: Arm, second: pd.DataFrame, unusual: Unusual
) -> Comparison:
    found = row_difference(first, second)
    by_seed = _by_seed(first, second)
    more = with_one_more_seed(by_seed, found, unusual.of_difference())
    return Comparison(f"{a.label} against {b.label}", found, band(claim), more)


def with_one_more_seed(
    by_seed: FloatArray, found: Difference, unusual: Unusual
) -> list[Difference]:
    """The difference with one more seed: what the rows contribute to its variance stays.

    by_seed: the difference of each seed (n,), over all rows. found: over rows and seeds.
    """
    seeds = one_sample(by_seed)
    if not math.isfinite(seeds.se):
        return []
    rows = max(found.se**2 - seeds.se**2, 0.0)
    return [
        found._replace(mean=found.mean + one.mean - seeds.mean, se=math.sqrt(rows + one.se**2))
        for one in one_more(by_seed, seeds, unusual)
    ]


def _by_seed(first: pd.DataFrame, second: pd.DataFrame) -> FloatArray:
    """The difference of each seed; a model of one seed is the same for each of the other's."""
    a, b = first.mean(), second.mean()
    if 1 in (len(a), len(b)):
        return np.asarray(a.to_numpy() - b.to_numpy(), dtype=np.float64)
    return np.asarray(a - b.reindex(a.index), dtype=np.float64)
