"""A record that is looked up once: the tables of its trials, and that nothing stale is told."""

import gc
import math
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sweepbook.aggregates.kept import kept, lookup
from sweepbook.aggregates.trials import fitting_trials
from sweepbook.findings.evaluate import evaluate
from sweepbook.record.load import Record, load_record

Make = Callable[..., Path]


def by_hand(record: Record, trial_id: str, column: str) -> dict[tuple[int, int], float]:
    """(step, replicate) -> value, NaN from where the replicate has diverged, else its last."""
    rows = record.reports[record.reports["trial_id"] == trial_id]
    found: dict[tuple[int, int], float] = {}
    for replicate, own in rows.sort_values("epoch").groupby("replicate"):
        last, is_gone, by_step = math.nan, False, own.set_index("epoch")
        for step in sorted(set(rows["epoch"])):
            if step in by_step.index:
                row = by_step.loc[step]
                is_gone |= not np.isfinite([row["val_loss"], row["train_loss"]]).all()
                last = math.nan if is_gone else float(row[column])
            found[int(step), int(str(replicate))] = last
    return found


@pytest.mark.parametrize("gap", ["none", "one ended early", "one diverged", "shuffled"])
def test_a_table_has_each_step_and_replicate(make_record: Make, gap: str) -> None:
    endings = {0: {"diverge": {1: 3}}} if gap == "one diverged" else {}
    record = load_record(make_record([{"lr": 0.1}, {"lr": 0.2}], endings=endings))
    reports = record.reports
    if gap == "one ended early":
        reports = reports[(reports["replicate"] != 2) | (reports["epoch"] < 6)]
    if gap == "shuffled":
        reports = reports.sample(frac=1.0, random_state=0)
    record = replace(record, reports=reports)
    for one in (record, kept(record)):
        for trial_id in record.trials["trial_id"]:
            for column in ("val_acc", "n_steps"):
                table = lookup(one).table(trial_id, column)
                assert table is not None and table.index.is_monotonic_increasing
                expected = by_hand(record, trial_id, column)
                cells = {(int(s), int(r)): table.loc[s, r] for s in table.index for r in table}
                assert cells == pytest.approx(expected, nan_ok=True)


def test_what_was_not_recorded_has_no_table(make_record: Make) -> None:
    record = load_record(make_record([{"lr": 0.1}]))
    trial_id = record.trials["trial_id"][0]
    assert lookup(record).table(trial_id, "unknown") is None
    assert lookup(record).table("unknown", "val_acc") is None


def test_findings_follow_the_record_that_is_given(make_record: Make) -> None:
    record = load_record(make_record([{"lr": 0.1}, {"lr": 0.2}]))
    before = evaluate(record)
    assert evaluate(record) == before
    record.reports["val_loss"] = record.reports["val_loss"] + record.reports["replicate"]
    assert evaluate(record) != before


def test_a_kept_record_is_forgotten_with_its_last_user(make_record: Make) -> None:
    record = kept(load_record(make_record([{"lr": 0.1}])))
    assert kept(record) is record
    lookup(record).table(record.trials["trial_id"][0], "val_acc")
    gone = weakref.ref(record)
    del record
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("cells", "value", "fits"),
    [
        ([0.1, 0.1 * (1 + 1e-12), 0.2, math.nan], 0.1, [0, 1]),
        ([1, 2, 3], 2.0, [1]),
        ([True, False], 1, [0]),
        ([1.0, math.inf, -math.inf], math.inf, [1]),
        ([0.1, math.nan], None, [1]),
        ([0.1, math.nan], math.nan, [1]),
        ([1.0, 2.0], "1.0", [0]),
        (["adam", "sgd", None], "sgd", [1]),
        (["1", "x"], 1, [0]),
        (["[1, 2]", "[1]"], [1, 2], [0]),
    ],
)
def test_trials_are_found_by_equal_settings(cells: list[Any], value: Any, fits: list[int]) -> None:
    trials = pd.DataFrame({"config/x": cells, "place": range(len(cells))})
    assert [row["place"] for row in fitting_trials(trials, {"x": value})] == fits
    assert fitting_trials(trials, {"unknown": value}) == []
    assert len(fitting_trials(trials, {})) == len(cells)
