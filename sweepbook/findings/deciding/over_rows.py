"""Claims about test accuracy whose intervals hold for further test rows as well."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from sweepbook.aggregates.hits import Hits, hits_difference, hits_of
from sweepbook.aggregates.labels import count
from sweepbook.aggregates.predictions import grouped_predictions, hit_table
from sweepbook.findings.arm import Arm
from sweepbook.findings.deciding.comparisons import best_arm
from sweepbook.findings.deciding.outcomes import Comparison, Outcome, band
from sweepbook.record.load import Record
from sweepbook.stats.intervals import Difference, FloatArray, one_sample
from sweepbook.stats.rows import n_groups
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
    try:
        hits = [_hits(predictions, arm) for arm in arms]
        tables = [one.table for one in hits]
        without = next((a.label for a, t in zip(arms, tables, strict=True) if t.empty), "")
        if without:
            return Outcome(arms, problem=f"{without} has no test predictions", notes=notes)
        tests = [
            compare_rows(f"{arms[0].label} against {b.label}", band(claim), hits[0], own, unusual)
            for b, own in zip(arms[1:], hits[1:], strict=True)
        ]
    except ValueError as error:
        return Outcome(arms, problem=str(error), notes=notes)
    if not record.manifest.study.single and record.manifest.n_replicates < 2:
        tests = [test.without_spread() for test in tests]  # one seed decides nothing
    n_own = n_groups(tables[0])
    grouped = f" in {count(n_own, 'group')}" if n_own else ""
    n = max(test.difference.n for test in tests)
    seeds = "one model for all seeds" if _is_fixed(record, arms) else count(n, "seed")
    sizes = f"{count(len(tables[0]), 'test row')}{grouped}, {seeds}"
    found = Outcome(arms, tests, paired=True, notes=notes, sample=sizes, n_seeds=n_seeds)
    return replace(found, best=arms[best_arm(claim, arms)].label if claim.kind == "winner" else "")


def _is_fixed(record: Record, arms: Sequence[Arm]) -> bool:
    """Whether no seed changes the models, so that each was planned with a single one."""
    planned = {trial.trial_id: trial.n_replicates for trial in record.manifest.trials}
    ids = [trial_id for arm in arms for trial_id in arm.trial_id.split()]
    return record.manifest.n_replicates > 1 and all(planned.get(i) == 1 for i in ids)


def compare_rows(
    label: str, lines: tuple[float, float], first: Hits, second: Hits, unusual: Unusual
) -> Comparison:
    """The comparison of two models on the same test rows.

    lines: the band of differences that makes the claim true. unusual: seeds of the accuracy over
    all rows. Raises ValueError where the rows or the replicates do not pair.
    """
    found = hits_difference(first, second)
    by_seed = _by_seed(first.table, second.table)
    more = with_one_more_seed(by_seed, found, unusual.of_difference())
    return Comparison(label, found, lines, more, one_sample(by_seed).se)


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


def _hits(predictions: pd.DataFrame, arm: Arm) -> Hits:
    """The test rows that an arm gets right; of each replicate those of the trial chosen for it."""
    if arm.choice is not None:
        return hits_of(predictions, arm.choice)
    return Hits(hit_table(predictions, arm.trial_id))
