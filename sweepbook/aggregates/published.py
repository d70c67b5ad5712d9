"""Published values that a study declares, matched with the record's own trials."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sweepbook.aggregates.kept import lookup
from sweepbook.aggregates.trials import same_value
from sweepbook.record.load import Record
from sweepbook.study.published import MINUTES, Published


def published_of(record: Record) -> Published | None:
    """What is published about the trials of the record as they are; None where nothing is.

    A confirmation trains configs that a search has tuned: what is published about the same ones
    untuned stands beside their order alone.
    """
    return None if record.manifest.confirms else record.manifest.study.published


def sources(records: Sequence[Record]) -> str:
    """Where the records' published values come from, as one phrase; "" where there are none."""
    declared = [record.manifest.study.published for record in records]
    return "; ".join(dict.fromkeys(published.source for published in declared if published))


def label(record: Record) -> str:
    """How figures name a published value beside the record's trials."""
    published = record.manifest.study.published
    same = published is not None and published.data == record.data_name
    return "published (single run)" if same else "published (single run, other data)"


def published_value(record: Record, settings: Mapping[str, Any], metric: str) -> float:
    """The published value of `metric` whose settings include these; NaN unless there is one."""
    published = record.manifest.study.published
    found = [
        printed.value
        for printed in (published.values if published else ())
        if printed.metric == metric
        and all(same_value(printed.settings.get(key), value) for key, value in settings.items())
    ]
    return found[0] if len(found) == 1 else math.nan


def published_points(record: Record, trials: pd.DataFrame) -> pd.DataFrame:
    """Published values of this study that match a trial of `trials`: settings and fidelity.

    A value matches a trial when every setting printed with it equals the trial's, and the trial
    reported at the printed step. Returns trial_id, metric, the fidelity's own column, value;
    sorted by them; empty where nothing is published. Minutes are no metric of the figures.
    """
    unit, published = record.unit, published_of(record)
    columns = ["trial_id", "metric", unit, "value"]
    rows: list[tuple[Any, ...]] = []
    if published and published.unit == unit:
        reached = record.reports.groupby("trial_id")[unit].max()
        known, ids = lookup(record), set(trials["trial_id"])
        rows = [
            (trial["trial_id"], value.metric, value.fidelity, value.value)
            for value in published.values
            if value.metric != MINUTES
            for trial in known.trials(value.settings)
            if trial["trial_id"] in ids and value.fidelity <= reached.get(trial["trial_id"], 0)
        ]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(columns[:3], ignore_index=True)
