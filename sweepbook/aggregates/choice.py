"""Which of several trials gives each replicate's value: the one that the other replicates choose.

A value that has been chosen for being the best is too good. So the trial of replicate r is the one
with the best mean of a validation metric, at its last step, over all replicates but r.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.curves import curve_table, last_rows
from sweepbook.record.load import Record
from sweepbook.stats.choice import Mode, chosen_values, leave_one_out_picks, pseudo_values
from sweepbook.stats.intervals import FloatArray

Series = Mapping[str, "pd.Series[float]"]  # trial_id -> a value for each replicate


@dataclass(frozen=True, eq=False)
class Choice:
    """A choice among trials that trained to their end with all replicates.

    scores: trial_id x replicate, what chooses; a model that every seed gives alike has its one
    score at each replicate. flatters: one replicate has chosen, and is the one that is scored.
    """

    scores: pd.DataFrame
    mode: Mode
    flatters: bool = False

    @property
    def trial_id(self) -> str:
        """The trial that all replicates together choose, of equals the first by id."""
        means = self.scores.mean(axis=1)
        return str(means.idxmax() if self.mode == "max" else means.idxmin())

    @cached_property
    def picks(self) -> dict[int, str]:
        """The trial of each replicate."""
        places = leave_one_out_picks(self.scores.to_numpy(), self.mode)
        ids = self.scores.index[places]
        return dict(zip(map(int, self.scores.columns), map(str, ids), strict=True))

    @property
    def trial_ids(self) -> list[str]:
        """The trials that give a value, the one that most replicates have first."""
        return [str(name) for name in pd.Series(list(self.picks.values())).value_counts().index]

    def values(self, of: Series) -> tuple[pd.Series[float], pd.Series[float]]:
        """Each replicate's value of its trial, and the jackknife's pseudo-values of their mean."""
        table = np.array([spread(of[str(i)], self.scores.columns) for i in self.scores.index])
        scores, columns = self.scores.to_numpy(), self.scores.columns
        found = chosen_values(table, scores, self.mode), pseudo_values(table, scores, self.mode)
        return pd.Series(found[0], index=columns), pd.Series(found[1], index=columns)


def spread(values: pd.Series[float], replicates: pd.Index[Any]) -> FloatArray:
    """The one value of a model that every seed gives, as that of each replicate."""
    if len(values) == 1:
        return np.full(len(replicates), float(values.iloc[0]))
    return np.asarray(values.reindex(replicates), dtype=np.float64)


def choose(record: Record, trials: pd.DataFrame, metric: str, mode: Mode) -> Choice | None:
    """The choice among some trials by a metric's last value; None where none is a candidate.

    A diverged trial has no mean and a stopped one is censored: neither is a candidate.
    """
    finished = trials[trials["status"] == "finished"]
    if metric not in record.reports or finished.empty:
        return None
    last = last_rows(curve_table(record, [metric], finished), record.unit).set_index("trial_id")
    last = last[last["mean"].notna()].sort_index()
    if last.empty:
        return None
    table = last.filter(regex="^replicate_").dropna(axis=1, how="all").astype("float64")
    table = table.rename(columns=lambda name: int(str(name).removeprefix("replicate_")))
    single = last["n"] == 1
    table.loc[single] = table.loc[single].ffill(axis=1)
    table = table.dropna(axis=1)  # replicates that every candidate has
    if table.empty:
        return None
    alone = len(table) > 1 and record.manifest.n_replicates == 1
    return Choice(table, mode, flatters=alone)
