"""How seeds fail in a study: the values of all its trials, for a claim's own quantity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.gradients import gradient_table, slopes
from sweepbook.aggregates.kept import lookup
from sweepbook.aggregates.shares import holds_shares
from sweepbook.findings.arm import Arm, on_tested_scale
from sweepbook.findings.values import trial_values
from sweepbook.record.load import Record
from sweepbook.stats.intervals import FloatArray
from sweepbook.stats.unusual import LEAST, Unusual, unusual_seeds
from sweepbook.study.claim import Claim

LEAST_SEEDS = 15  # of other trials: fewer miss what happens to one seed in five in over 3.5 %
_COMPARED = 2  # trials at a time


def chance_level(record: Record) -> float:
    """Share of the largest class: of the training rows by the data card, else of the predictions'
    labels; NaN where neither is recorded, and where accuracies are recorded in percent. A property
    of the data, never tuned on results.
    """
    known = lookup(record).notes
    if "chance" not in known:
        known["chance"] = _chance_level(record)
    return float(known["chance"])


def _chance_level(record: Record) -> float:
    if not holds_shares(record, "val_acc"):
        return math.nan
    card = record.manifest.data.card
    share = _within(card, "largest_class", "share")
    if isinstance(share, Real):
        return float(share)
    shares = _within(card, "class_shares", "train")
    numbers = list(shares.values()) if isinstance(shares, Mapping) else []
    if numbers and all(isinstance(one, Real) for one in numbers):
        return float(max(numbers))
    labels = record.predictions()["label"]
    return float(labels.value_counts(normalize=True).max()) if len(labels) else math.nan


def _within(card: Mapping[str, Any], *keys: str) -> Any:
    """What a data card says under some keys; None where it does not."""
    found: Any = card
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


class OtherTrials:
    """The finished trials of a record, whose values are read once for all claims."""

    def __init__(self, record: Record) -> None:
        trials = record.trials
        finished = trials[trials["status"] == "finished"] if len(trials) else trials
        self._record = record
        self._ids = [str(trial_id) for trial_id in finished.get("trial_id", ())]
        self._known: dict[tuple[Any, ...], dict[str, FloatArray]] = {}

    @cached_property
    def chance(self) -> float:
        """Share of the largest class; NaN where it is not known."""
        return chance_level(self._record)

    @cached_property
    def slopes(self) -> pd.DataFrame:
        """The slopes of all tracked gradients; see `aggregates.gradients`."""
        return slopes(gradient_table(self._record))

    def unusual(self, claim: Claim, arms: Sequence[Arm]) -> tuple[Unusual, int]:
        """The most unusual seeds of all trials, and how many are not of two that are compared.

        Of a claim about many arms the others show how seeds fail, too.
        """
        until = max((arm.until for arm in arms if arm.until), default=None)
        values = self._values(claim, until)
        own = {trial_id for arm in arms for trial_id in arm.trial_id.split()}
        others = [some for trial_id, some in values.items() if trial_id not in own]
        compared = [some for trial_id, some in values.items() if trial_id in own]
        found = unusual_seeds(compared, others)
        own_sizes = sorted((len(some) for some in compared if len(some) >= LEAST), reverse=True)
        return found, max(found.n - sum(own_sizes[:_COMPARED]), 0)

    def _values(self, claim: Claim, until: int | None) -> dict[str, FloatArray]:
        quantity = (claim.quantity, claim.fidelity, claim.since, claim.window, claim.relative)
        target = claim.target if claim.fidelity == "every" else None
        key = (claim.metric, claim.against_metric, *quantity, target, until)
        if key not in self._known:
            found = {trial_id: self._of(claim, trial_id, until) for trial_id in self._ids}
            self._known[key] = {k: v for k, v in found.items() if len(v) and np.isfinite(v).all()}
        return self._known[key]

    def _of(self, claim: Claim, trial_id: str, until: int | None) -> FloatArray:
        values = self._column(claim, trial_id, claim.metric, until)
        if claim.against_metric:
            other = self._column(claim, trial_id, claim.against_metric, until)
            values = values - other.reindex(values.index)
        return np.asarray(values, dtype=np.float64)

    def _column(
        self, claim: Claim, trial_id: str, metric: str, until: int | None
    ) -> pd.Series[float]:
        return on_tested_scale(claim, trial_values(self._record, claim, trial_id, metric, until))
