"""Which test rows a trial got right: frames of predictions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sweepbook.aggregates.kept import lookup
from sweepbook.record.load import Record
from sweepbook.stats.intervals import Difference


def grouped_predictions(record: Record) -> pd.DataFrame:
    """The record's predictions; where its data's description groups test rows, with `group`."""
    known = lookup(record).notes
    if "predictions" not in known:
        known["predictions"] = _grouped(record)
    found: pd.DataFrame = known["predictions"].copy()
    return found


def _grouped(record: Record) -> pd.DataFrame:
    found = record.predictions()
    groups = record.test_groups
    if groups and len(found):
        test = found["split"] == "test"
        rows = sorted(found.loc[test, "row_id"].unique())
        found["group"] = (
            found["row_id"].where(test).map(dict(zip(rows, groups["of"], strict=True)))
        )
    return found


def have_own_rows(record: Record) -> bool:
    """Whether each replicate was tested on rows of its own, so that replicates differ in them."""
    splits = record.manifest.data.splits
    if splits in ("given", "one per replicate"):
        return splits != "given"
    found = record.predictions()
    test = found[found["split"] == "test"]
    rows = test.groupby(["trial_id", "replicate"])["row_id"].agg(frozenset)
    return bool((rows.groupby("trial_id").nunique() > 1).any())


def hit_table(predictions: pd.DataFrame, trial_id: str, split: str = "test") -> pd.DataFrame:
    """Which rows a trial got right: row_id x replicate, 1.0 or 0.0; empty without predictions.

    Where the predictions have a column `group` the index is (group, row_id).

    Raises ValueError where a replicate lacks a row that another one has.
    """
    chosen = (predictions["trial_id"] == trial_id) & (predictions["split"] == split)
    own = predictions[chosen]
    hits = (own["label"] == own["predicted"]).astype("float64")
    index = ["group", "row_id"] if "group" in own else ["row_id"]
    table = own.assign(hit=hits).pivot(index=index, columns="replicate", values="hit")
    table.index = table.index if "group" in own else table.index.get_level_values(0)
    if table.isna().to_numpy().any():
        raise ValueError(f"the replicates of trial {trial_id} were tested on different rows")
    return table.sort_index()


def accuracy_columns(found: Difference) -> dict[str, float]:
    """test_mean, test_low and test_high of a `row_interval`, the bounds within a share's range."""
    low, high = np.clip((found.low, found.high), 0, 1)
    return {"test_mean": found.mean, "test_low": float(low), "test_high": float(high)}
