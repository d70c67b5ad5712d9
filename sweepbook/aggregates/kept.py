"""A record whose trials and values are looked up once, where many questions are put to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from sweepbook.aggregates.trials import fitting_trials
from sweepbook.record.load import Record
from sweepbook.record.values import carried, diverged


def kept(record: Record) -> Record:
    """Returns the record, or a copy of it, of which what is asked once is known from then on.

    Nobody may change the frames of the copy; those of the record itself are asked anew each time.
    """
    if record in _KNOWN:
        return record
    copy = dataclasses.replace(record)
    _KNOWN[copy] = Lookup(copy)
    return copy


def lookup(record: Record) -> Lookup:
    """Returns what is known of a kept record; of another one, what is to be found out."""
    return _KNOWN.get(record) or Lookup(record)


class Lookup:
    """The trials of a record by their settings, and their values by step and replicate.

    It holds the record's frames and not the record, which may go when nobody else needs it.

    Args:
        notes: what others have found out about the record, by a name of theirs.
    """

    def __init__(self, record: Record) -> None:
        self.notes: dict[str, Any] = {}
        self._trials, self._reports = record.trials, record.reports
        self._metric, self._unit = record.metric, record.unit
        self._rows: dict[str, list[dict[Any, Any]]] = {}
        self._tables: dict[tuple[str, str], pd.DataFrame | None] = {}

    def trials(self, settings: Mapping[str, Any]) -> list[dict[Any, Any]]:
        """The rows of the trials that have these settings; see `fitting_trials`."""
        key = repr(settings)
        if key not in self._rows:
            self._rows[key] = fitting_trials(self._trials, settings)
        return self._rows[key]

    def table(self, trial_id: str, column: str) -> pd.DataFrame | None:
        """Step x replicate table of a trial's metric; None where nothing was recorded.

        What a replicate reports once it has diverged means nothing: NaN stands there, but for
        seconds and for lists of values.
        """
        key = (trial_id, column)
        if key not in self._tables:
            self._tables[key] = self._table(*key)
        return self._tables[key]

    def _table(self, trial_id: str, column: str) -> pd.DataFrame | None:
        if column not in self._reports or trial_id not in self._places:
            return None
        places = self._places[trial_id]
        values = self._reports[column].iloc[places]
        if values.isna().all() and not column.endswith(("_loss", "_acc")):
            return None
        is_number = pd.api.types.is_numeric_dtype(values) and not column.endswith("_s")
        grid = self._grid(trial_id)
        if grid is not None and is_number:
            numbers = values.to_numpy("float64", na_value=np.nan)
            numbers = np.where(self._gone[places], np.nan, numbers)
            steps, replicates = grid
            table = np.ascontiguousarray(numbers.reshape(len(replicates), len(steps)).T)
            # laid out in memory as a pivoted table, so that sums are rounded as before
            return pd.DataFrame(table, index=steps, columns=replicates, copy=False)
        return self._pivoted(self._reports.iloc[places], column, is_number)

    def _pivoted(self, rows: pd.DataFrame, column: str, is_number: bool) -> pd.DataFrame:
        """The table of any rows, where a replicate may have ended before others."""
        rows = carried(rows, self._unit)
        values = rows[column]
        if is_number:
            gone = diverged(rows, self._trials, self._metric, self._unit)
            values = values.astype("float64").mask(gone)
        table: pd.DataFrame = rows.assign(value=values).pivot(
            index=self._unit, columns="replicate", values="value"
        )
        return table.sort_index()

    @cached_property
    def _places(self) -> Mapping[str, np.ndarray[Any, Any]]:
        """Trial -> the places of its rows in the reports."""
        places = self._reports.groupby("trial_id").indices
        return {str(trial_id): np.asarray(own) for trial_id, own in places.items()}

    @cached_property
    def _gone(self) -> np.ndarray[Any, Any]:
        """Whether the replicate of each row of the reports has diverged by then."""
        return diverged(self._reports, self._trials, self._metric, self._unit).to_numpy()

    @cached_property
    def _steps(self) -> np.ndarray[Any, Any]:
        return self._reports[self._unit].to_numpy()

    @cached_property
    def _replicates(self) -> np.ndarray[Any, Any]:
        return self._reports["replicate"].to_numpy()

    def _grid(self, trial_id: str) -> tuple[pd.Index[Any], pd.Index[Any]] | None:
        """The steps and replicates of a trial whose rows are those of one after the other, each
        with all the steps; None: they are not."""
        places = self._places[trial_id]
        steps, whose = self._steps[places], self._replicates[places]
        n_steps = int((whose == whose[0]).sum())
        if len(places) % n_steps:
            return None
        by_replicate, own = steps.reshape(-1, n_steps), whose.reshape(-1, n_steps)
        first, replicates = by_replicate[0], own[:, 0]
        in_order = (np.diff(first) > 0).all() and (np.diff(replicates) > 0).all()
        if not (in_order and (by_replicate == first).all() and (own == own[:, :1]).all()):
            return None
        return pd.Index(first, name=self._unit), pd.Index(replicates, name="replicate")


_KNOWN: WeakKeyDictionary[Record, Lookup] = WeakKeyDictionary()
