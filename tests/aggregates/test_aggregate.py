"""Aggregates on frames small enough to check by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sweepbook.aggregates.batches import batch_table, step_table
from sweepbook.aggregates.curves import (
    best_rows,
    curve_table,
    end_rows,
    end_table,
    extreme_trials,
    last_rows,
)
from sweepbook.aggregates.trials import (
    arm_columns,
    same_value,
    select_trials,
    telling_columns,
    varying_columns,
)
from sweepbook.record.load import Record
from tests.records import typed, with_manifest

NAN = float("nan")


def record_of(rows: list[tuple[str, int, int, float]], **trials: list[object]) -> Record:
    """A record of (trial_id, replicate, epoch, val_loss) rows; val_acc is 1 - val_loss."""
    reports = pd.DataFrame(rows, columns=["trial_id", "replicate", "epoch", "val_loss"])
    reports["val_acc"] = 1 - reports["val_loss"].fillna(0.4)  # a diverged net still has accuracy
    ids = sorted(set(reports["trial_id"]))
    frame = pd.DataFrame({"trial_id": ids, "status": "finished"} | trials)
    study = {
        "name": "s",
        "metric": {"name": "val_loss", "mode": "min"},
        "fidelity": {"unit": "epoch", "setting": "epochs"},
    }
    return Record(Path("s"), typed({"study": study}), frame, reports)


def test_mean_and_t_interval_of_three_replicates() -> None:
    record = record_of([("a", 0, 1, 0.1), ("a", 1, 1, 0.2), ("a", 2, 1, 0.3)])
    row = curve_table(record, ["val_loss"], record.trials).iloc[0]
    # t(0.975, 2) = 4.302653, standard error = 0.1 / sqrt(3)
    assert row["mean"] == pytest.approx(0.2)
    assert row["high"] - row["mean"] == pytest.approx(4.302653 * 0.1 / np.sqrt(3), rel=1e-6)
    assert row["mean"] - row["low"] == pytest.approx(row["high"] - row["mean"])
    assert (row["n"], row["n_diverged"]) == (3, 0)
    assert row[["replicate_0", "replicate_1", "replicate_2"]].tolist() == [0.1, 0.2, 0.3]


def test_one_replicate_has_a_mean_and_no_interval() -> None:
    record = record_of([("a", 0, 1, 0.1)])
    row = curve_table(record, ["val_loss"], record.trials).iloc[0]
    assert row["mean"] == 0.1 and np.isnan(row["low"]) and np.isnan(row["high"]) and row["n"] == 1


def test_survivors_of_a_divergence_are_counted_and_never_averaged() -> None:
    rows = [("a", r, e, 0.1 * (r + 1)) for r in range(3) for e in (1, 2, 3)]
    rows[4] = ("a", 1, 2, NAN)  # replicate 1 diverges at epoch 2 and has a number again at 3
    record = record_of(rows)
    table = curve_table(record, ["val_loss", "val_acc"], record.trials).set_index(
        ["metric", "epoch"]
    )
    for metric in ("val_loss", "val_acc"):
        own = table.loc[metric]
        assert own["n_diverged"].tolist() == [0, 1, 1]
        assert own["mean"].notna().tolist() == [True, False, False]
        assert own["low"].notna().tolist() == [True, False, False]
        assert np.isnan(own["replicate_1"].iloc[2]) and own["n"].tolist() == [3, 3, 3]
    assert table.loc[("val_loss", 2), "replicate_0"] == pytest.approx(0.1)


def test_a_replicate_without_any_row_leaves_no_mean() -> None:
    record = record_of([("a", 0, 1, 0.1), ("a", 0, 2, 0.1)], n_replicates=[2])
    assert curve_table(record, ["val_loss"], record.trials)["mean"].isna().all()


def test_a_replicate_that_ended_before_the_others_keeps_its_last_values() -> None:
    record = record_of([("a", 0, 1, 0.1), ("a", 1, 1, 0.3), ("a", 0, 2, 0.2)], n_replicates=[2])
    table = curve_table(record, ["val_loss"], record.trials)
    assert table["mean"].tolist() == pytest.approx([0.2, 0.25])
    assert table["replicate_1"].tolist() == [0.3, 0.3]
    assert table["n_diverged"].tolist() == [0, 0]


def test_a_metric_that_was_not_evaluated_at_a_fidelity_has_no_row() -> None:
    record = record_of([("a", 0, 1, 0.1), ("a", 0, 2, 0.2), ("a", 0, 3, 0.3)])
    record.reports["train_eval_acc"] = [0.5, NAN, 0.7]
    table = curve_table(record, ["train_eval_acc"], record.trials)
    assert table["epoch"].tolist() == [1, 3] and table["mean"].tolist() == [0.5, 0.7]


def test_trials_of_other_sizes_keep_their_own_n() -> None:
    record = record_of([("a", 0, 1, 0.1), ("b", 0, 1, 0.2), ("b", 1, 1, 0.4)], n_replicates=[1, 2])
    table = curve_table(record, ["val_loss"], record.trials)
    assert table["n"].tolist() == [1, 2]
    assert table["mean"].tolist() == pytest.approx([0.1, 0.3])


def test_an_unknown_metric_is_refused_with_those_that_exist() -> None:
    record = record_of([("a", 0, 1, 0.1)])
    with pytest.raises(ValueError, match=r"no \['f1'\].*val_acc"):
        curve_table(record, ["f1"], record.trials)


def test_last_and_best_fidelity() -> None:
    rows = [
        ("a", 0, 1, 0.5),
        ("a", 0, 2, 0.1),
        ("a", 0, 3, 0.2),
        ("b", 0, 1, 0.4),
        ("b", 0, 2, 0.3),
    ]
    record = record_of(rows)
    table = curve_table(record, ["val_loss"], record.trials)
    assert last_rows(table, "epoch")["mean"].tolist() == [0.2, 0.3]
    assert best_rows(table, "min")["epoch"].tolist() == [2, 2]
    assert best_rows(table, "max")["epoch"].tolist() == [1, 1]
    ends = end_rows(table, "epoch", 2)
    assert ends["mean"].to_numpy() == pytest.approx([0.15, 0.35])
    assert ends[["since", "epoch"]].to_numpy().tolist() == [[2, 3], [1, 2]]
    assert end_rows(table, "epoch", 5)["since"].tolist() == [1, 1], "no more than there are"


def test_the_end_is_five_steps_and_in_a_search_the_last_that_it_compares() -> None:
    record = record_of([("a", 0, epoch, 0.1 * epoch) for epoch in range(1, 8)])
    (end,) = end_table(record, ["val_loss"], record.trials).to_dict("records")
    assert (end["mean"], end["since"], end["epoch"]) == pytest.approx((0.5, 3, 7))
    study = {"name": "s", "metric": {"name": "val_loss", "mode": "min"},
             "fidelity": {"unit": "epoch", "setting": "epochs"}}  # fmt: skip
    manifest = typed({"study": study, "search": {"space": {}}})
    searched = Record(record.path, manifest, record.trials, record.reports)
    (end,) = end_table(searched, ["val_loss"], record.trials).to_dict("records")
    assert (end["mean"], end["since"], end["epoch"]) == pytest.approx((0.7, 7, 7))


def test_a_trial_with_a_diverged_replicate_has_no_value_at_its_end() -> None:
    rows = [("a", 0, epoch, 0.5) for epoch in range(1, 8)]
    rows += [("a", 1, epoch, 0.5 if epoch < 7 else NAN) for epoch in range(1, 8)]
    record = record_of(rows)
    (end,) = end_table(record, ["val_loss"], record.trials).to_dict("records")
    assert math.isnan(end["mean"]) and end["n_diverged"] == 1


def test_extremes_choose_among_finished_trials_and_never_by_test_data() -> None:
    rows = [
        ("a", 0, 1, 0.5),
        ("b", 0, 1, 0.2),
        ("c", 0, 1, 0.9),
        ("d", 0, 1, NAN),
        ("e", 0, 1, 0.1),
    ]
    status = ["finished", "finished", "finished", "finished", "stopped"]
    record = record_of(rows, status=status)
    assert extreme_trials(record, "val_loss", "min", record.trials) == ("b", "c")
    assert extreme_trials(record, "val_acc", "max", record.trials) == ("b", "c")
    assert extreme_trials(record, "val_loss", "min", record.trials.head(1)) is None
    with pytest.raises(ValueError, match="validation"):
        extreme_trials(record, "test_acc", "max", record.trials)


def test_arms_are_told_apart_by_what_differs_and_by_epochs_last() -> None:
    trials = pd.DataFrame(
        {
            "trial_id": list("abc"),
            "config/width": [8, 8, 16],
            "config/epochs": [10, 20, 30],
            "config/norm": [False, True, False],
            "config/same": [1, 1, 1],
        }
    )
    assert varying_columns(trials) == ["config/epochs", "config/norm", "config/width"]
    assert arm_columns(trials, ["width"], ["epochs"]) == ["config/width", "config/norm"]
    assert arm_columns(trials, ["width"]) == ["config/width", "config/epochs"]
    assert arm_columns(trials.tail(1), []) == []
    with pytest.raises(ValueError, match="'depth'.*width"):
        arm_columns(trials, ["depth"])


def test_where_compares_numbers_by_value_and_takes_lists() -> None:
    trials = pd.DataFrame({"trial_id": list("abc"), "config/lr": [1e-3, 0.1, 1.0]})
    assert select_trials(trials, {"lr": 0.001})["trial_id"].tolist() == ["a"]
    assert select_trials(trials, {"lr": [0.1, 1]})["trial_id"].tolist() == ["b", "c"]
    assert same_value(True, 1) and not same_value("on", 1) and not same_value(0.1, 0.1001)
    assert same_value(None, NAN) and same_value(pd.NA, NAN) and not same_value(None, 0)
    mixed = [None, 3, 5.0, True, 1, "auto", [64, 64], {"a": "b"}]  # as a table holds them
    for text, one in ((json.dumps(one), one) for one in mixed):
        assert [v for v in mixed if same_value(text, v)] == [one], text
    with pytest.raises(ValueError, match="no setting is called 'rate'"):
        select_trials(trials, {"rate": 1})


def test_batches_are_pooled_in_order_with_quantiles() -> None:
    record = record_of([("a", 0, 1, 0.1), ("a", 0, 2, 0.1), ("a", 1, 1, 0.1), ("a", 1, 2, 0.1)])
    record.reports["batch_losses"] = [[4.0, 3.0], [2.0, 1.0], [6.0, 5.0], [4.0, 3.0]]
    table = batch_table(record, record.trials, bins=2)
    assert table[["step_first", "step_last"]].to_numpy().tolist() == [[1, 2], [3, 4]]
    assert table["mean"].tolist() == [4.5, 2.5] and table["n"].tolist() == [4, 4]
    assert table["low"].tolist() == pytest.approx(
        [np.quantile([4, 3, 6, 5], 0.05), np.quantile([2, 1, 4, 3], 0.05)]
    )
    single = batch_table(record, record.trials, bins=99)
    assert single["step_first"].tolist() == [1, 2, 3, 4]
    assert single["mean"].tolist() == [5.0, 4.0, 3.0, 2.0]


def test_a_stretch_with_a_loss_that_is_not_finite_has_no_mean() -> None:
    record = record_of([("a", 0, 1, 0.1)])
    record.reports["batch_losses"] = [[1.0, float("inf"), 2.0, 3.0]]
    table = batch_table(record, record.trials, bins=2)
    assert np.isnan(table["mean"].iloc[0]) and table["mean"].iloc[1] == 2.5
    assert table["n_not_finite"].tolist() == [1, 0]


def test_steps_and_seconds_per_epoch() -> None:
    record = record_of([("a", r, e, 0.1) for r in (0, 1) for e in (1, 2, 3)])
    record.reports["n_steps"] = [10, 20, 30] * 2
    record.reports["time_s"] = [3.0, 1.0, 2.0] * 2
    row = step_table(record, record.trials).iloc[0]
    assert row["steps"] == 10 and row["n"] == 3 and row["n_replicates"] == 2
    assert (row["seconds"], row["seconds_low"], row["seconds_high"]) == (2.0, 1.0, 3.0)
    assert np.isnan(row["single_seconds"])


def test_no_reports_and_no_batches_give_empty_frames() -> None:
    record = record_of([("a", 0, 1, 0.1)])
    empty = Record(record.path, record.manifest, record.trials, record.reports.head(0))
    assert curve_table(empty, ["val_loss"], empty.trials).empty
    assert batch_table(record, record.trials).empty


def test_a_trial_is_told_by_what_its_study_declares_where_that_is_enough(
    models_record: Callable[..., Record],
) -> None:
    hits = [[1, 0, 1, 1], [1, 1, 1, 1]]
    entries = [
        {"model": "net", "weights": "pretext", "lr": lr, "hits": hits, "val_acc": [0.6, 0.7]}
        for lr in (0.1, 0.01)
    ]
    entries.append({"model": "trees", "hits": hits, "val_acc": [0.8, 0.8]})
    record = models_record(entries)
    points = [{"model": "net", "lr": 0.1}, {"model": "trees"}]
    record = with_manifest(record, study=replace(record.manifest.study, points=points))
    assert telling_columns(record) == ["config/lr", "config/model"]
    points = [{"model": "net"}, {"model": "trees"}]
    record = with_manifest(record, study=replace(record.manifest.study, points=points))
    assert telling_columns(record) == ["config/lr", "config/model", "config/weights"]
