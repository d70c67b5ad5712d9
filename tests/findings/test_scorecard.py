import numpy as np
import pytest

from sweepbook.aggregates.published import published_points
from sweepbook.findings.scorecard import agreement, scorecard
from sweepbook.record.load import load_record
from sweepbook.stats.intervals import prediction_interval
from tests.records import declared, with_manifest

BATCH_NORM = [
    {"batch_norm": norm, "depth": 6, "width": 16, "batch_size": 256, "lr": 0.001}
    for norm in (False, True)
]


DECLARED = declared("batch-norm")


@pytest.fixture
def record(make_record):
    path = make_record(BATCH_NORM, name="mine", study=DECLARED, epochs=20, n_replicates=4)
    return load_record(path)


def with_data(record, name):
    return with_manifest(record, data={"name": name})


def test_each_value_stands_beside_the_replicates_at_its_epoch(record):
    frame = scorecard([with_data(record, "europe-csv")]).set_index(["epoch", "metric"])
    on = record.trials.loc[record.trials["config/batch_norm"], "trial_id"].iloc[0]
    rows = record.reports[(record.reports.trial_id == on) & (record.reports.epoch == 10)]
    row = frame.loc[(10, "val_acc")]
    assert row["published"] == 0.940
    assert row["mean"] == pytest.approx(rows["val_acc"].mean())
    assert row["sd"] == pytest.approx(rows["val_acc"].std())
    interval = prediction_interval(rows["val_acc"])
    assert (row["low"], row["high"]) == (float(interval.low), float(interval.high))
    assert row["inside"] == (row["low"] <= 0.940 <= row["high"])
    assert row["comparable"] and row["n"] == 4 and row["trial_id"] == on


def test_values_of_later_epochs_stand_beside_the_last_without_a_verdict(record):
    frame = scorecard([with_data(record, "europe-csv")])
    later = frame[frame["epoch"] == 100]
    assert (later["epoch_used"] == 20).all() and later["mean"].notna().all()
    assert not later["comparable"].any() and later["inside"].isna().all()
    assert (later["note"] == "trained for 20 of 100 epochs").all()


def test_other_data_get_numbers_but_no_verdict(record):
    frame = scorecard([record])
    assert frame["inside"].isna().all() and not frame["comparable"].any()
    assert frame["mean"].notna().all()
    assert "other data" in agreement(frame)


def test_a_value_inside_and_one_outside_are_counted(record):
    record = with_data(record, "europe-csv")
    reports = record.reports
    for metric, shift in (("val_acc", 0.0), ("test_acc", 0.3)):
        reports[metric] = 0.94 + shift + 0.001 * reports["replicate"]
    frame = scorecard([record]).set_index(["epoch", "metric"])
    assert frame.loc[(10, "val_acc"), "inside"]
    assert not frame.loc[(10, "test_acc"), "inside"]
    judged = int(frame["inside"].notna().sum())
    assert agreement(frame.reset_index()).startswith(f"{int(frame['inside'].sum())} of {judged} ")


def test_matching_agrees_with_the_markers_of_the_figures(record):
    points = published_points(record, record.trials)
    points = points[points["epoch"] <= 20]  # the trials were trained for so many
    frame = scorecard([record])
    same = frame[frame["epoch"] == frame["epoch_used"]]
    key = ["trial_id", "metric", "epoch"]
    joined = points.merge(same, on=key, suffixes=("", "_ours"))
    assert len(joined) == len(points) == len(same) > 0
    assert (joined["value"] == joined["published"]).all()


STUDIES = {
    "batch-norm": BATCH_NORM,
    "batch-size": [
        {"batch_size": size, "batch_norm": norm, "depth": 6, "width": 16, "lr": 0.001}
        for size in (1, 16, 128, 1024)
        for norm in (False, True)
    ],
    "architecture": [
        {"depth": d, "width": w, "batch_norm": norm, "batch_size": 256, "lr": 0.001}
        for d, w in ((1, 16), (2, 16), (6, 16), (10, 16), (6, 8), (6, 32), (6, 64))
        for norm in (False, True)
    ],
    "deep-gradients": [
        {"depth": 100, "width": 4, "batch_size": 256, "lr": 0.001, "batch_norm": norm,
         "init": init, "residual": False, "clip_norm": 0.0}
        for norm in (False, True)
        for init in ("default", "he2")
    ],
    "implicit": [
        {"depth": 6, "width": 16, "batch_size": 256, "lr": 0.001, "encoding": encoding}
        for encoding in ("raw", "sines")
    ],
}  # fmt: skip


@pytest.mark.parametrize("study", STUDIES)
def test_figures_and_scorecard_find_every_printed_row_in_the_same_trials(make_record, study):
    record = with_data(
        load_record(
            make_record(STUDIES[study], study=declared(study), epochs=200, n_replicates=2)
        ),
        "europe-csv",
    )
    frame = scorecard([record])
    frame = frame[frame["metric"] != "minutes"]
    assert len(frame) and frame["trial_id"].notna().all() and frame["comparable"].all()
    points = published_points(record, record.trials)
    key = ["trial_id", "metric", "epoch"]
    joined = points.merge(frame, on=key, validate="one_to_one")
    assert len(joined) == len(points) == len(frame)
    assert (joined["value"] == joined["published"]).all()
    trials = record.trials.set_index("trial_id")
    if study in ("architecture", "deep-gradients"):
        assert trials.loc[frame["trial_id"], "config/batch_norm"].all()


def test_missing_trials_diverged_ones_and_single_replicates(make_record):
    gone = {1: {"status": "diverged", "diverge": {2: 3}}}
    path = make_record(BATCH_NORM, study=DECLARED, epochs=12, endings=gone)
    frame = scorecard([with_data(load_record(path), "europe-csv")])
    assert frame["inside"].isna().all()
    assert frame.loc[frame["epoch"] == 10, "note"].eq("1 replicates diverged").all()
    only = load_record(make_record(BATCH_NORM[:1], at="only", study=DECLARED))
    assert (scorecard([only])["note"] == "no trial").all()
    single = load_record(make_record(BATCH_NORM, at="one", study=DECLARED, n_replicates=1))
    frame = scorecard([with_data(single, "europe-csv")])
    assert frame["mean"].notna().all() and frame["inside"].isna().all()


def test_minutes_are_those_of_one_model_and_of_another_machine(make_record):
    configs = [
        {"batch_size": size, "batch_norm": False, "depth": 6, "width": 16, "lr": 0.001,
         "epochs": epochs}
        for size, epochs in ((1, 1), (16, 10), (128, 50), (1024, 50))
    ]  # fmt: skip
    record = load_record(make_record(configs, study=declared("batch-size")))
    sizes = record.trials.set_index("trial_id")["config/batch_size"]
    record.reports["single_s"] = np.where(record.reports["trial_id"].map(sizes) == 1, 60.0, 1.2)
    frame = scorecard([with_data(record, "europe-csv")])
    minutes = frame[frame["metric"] == "minutes"].set_index("epoch")
    assert minutes["mean"].to_dict() == pytest.approx({1: 1.0, 50: 1.0})
    assert not minutes["comparable"].any()
    assert (minutes["n"] == 1).all()  # the same number for all: measured once
    replicate = record.reports["replicate"]  # 0, 1, 2: timed one by one
    record.reports["single_s"] *= 1 + 0.1 * replicate
    frame = scorecard([record])
    minutes = frame[frame["metric"] == "minutes"].set_index("epoch")
    assert minutes["mean"].to_dict() == pytest.approx({1: 1.1, 50: 1.1})
    assert minutes["sd"].to_dict() == pytest.approx({1: 0.1, 50: 0.1})
    assert (minutes["n"] == 3).all() and not minutes["comparable"].any()


def test_a_study_that_declares_no_published_values_has_no_rows_whatever_its_name(make_record):
    frame = scorecard([load_record(make_record(BATCH_NORM, name="batch-norm"))])
    assert frame.empty and agreement(frame) == ""


def test_a_model_s_value_stands_beside_its_printed_settings(models_record):
    def net(lr, hits, weights="imagenet"):
        settings = {"model": "resnet18-finetune", "weights": weights, "lr": lr}
        return {**settings, "hits": [hits] * 2, "val_acc": [0.7] * 2}

    nets = [net(0.001, [1, 1, 1, 0]), net(0.01, [1, 0, 0, 0]), net(0.001, [0] * 4, "pretext")]
    record = models_record(nets)
    record.trials["config/epochs"] = 1
    frame = scorecard([record])
    assert len(frame) == 5
    (row,) = frame[frame["published"] == 0.775].to_dict("records")
    assert (row["mean"], row["n"], row["epoch_used"]) == (0.75, 2, 1)
    assert row["note"] == "other data", "trained as printed, on other images"
    assert not frame["comparable"].any()
    assert (frame["note"] == "no trial").sum() == 4
