"""Test rows that a model gets right, where other replicates choose the trial of each replicate."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sweepbook.aggregates.choice import Choice, spread
from sweepbook.aggregates.predictions import hit_table
from sweepbook.stats.choice import with_choice
from sweepbook.stats.intervals import Difference
from sweepbook.stats.rows import row_difference, row_interval


@dataclass(frozen=True, eq=False)
class Hits:
    """A table of `hit_table`; pseudo: by replicate, what `Choice.values` gives, None of no choice.

    The table is empty where there are no predictions.
    """

    table: pd.DataFrame
    pseudo: pd.Series[float] | None = None

    @property
    def jackknife(self) -> pd.Series[float]:
        """What the standard error over replicates is of."""
        return self.table.mean() if self.pseudo is None else self.pseudo


def hits_of(predictions: pd.DataFrame, choice: Choice, split: str = "test") -> Hits:
    """Of each replicate the rows that its trial gets right.

    Raises ValueError where the trials were tested on different rows.
    """
    tables = {str(name): hit_table(predictions, str(name), split) for name in choice.scores.index}
    if any(tables[name].empty for name in choice.trial_ids):
        return Hits(pd.DataFrame())
    if len(tables) == 1:
        return Hits(tables[choice.trial_id])
    columns = {}
    for replicate, name in choice.picks.items():
        own = tables[name]
        if own.shape[1] > 1 and replicate not in own:
            raise ValueError(f"trial {name} has no test predictions of replicate {replicate}")
        columns[replicate] = own[replicate] if own.shape[1] > 1 else own.iloc[:, 0]
    found = pd.DataFrame(columns).rename_axis(columns="replicate")
    if found.isna().to_numpy().any():
        raise ValueError(f"trials {', '.join(choice.trial_ids)} were tested on different rows")
    known = {name: own.mean() for name, own in tables.items() if not own.empty}
    pseudo = choice.values(known)[1] if len(known) == len(tables) else None
    return Hits(found.sort_index(), pseudo)


def hits_interval(a: Hits) -> Difference:
    """An accuracy over rows and replicates, with what a choice of trials adds."""
    return with_choice(row_interval(a.table), a.table.mean(), a.jackknife)


def hits_difference(a: Hits, b: Hits) -> Difference:
    """`row_difference` of two models, with what a choice of trials adds.

    Raises ValueError as that does.
    """
    found = row_difference(a.table, b.table)
    if a.pseudo is None and b.pseudo is None:
        return found
    columns = max((a.table.columns, b.table.columns), key=len)
    own = [spread(one.table.mean(), columns) for one in (a, b)]
    jackknife = [spread(one.jackknife, columns) for one in (a, b)]
    return with_choice(found, own[0] - own[1], jackknife[0] - jackknife[1])
