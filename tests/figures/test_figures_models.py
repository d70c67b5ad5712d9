import io
import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

import trainables.pictures.images
from analysis.figures.picture_rows import disagreements
from analysis.figures.pictures import draw_pictures
from sweepbook.aggregates.models import best_and_worst_model, models_of
from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.figures.kinds import draw
from sweepbook.figures.models.accuracy import draw_rows
from sweepbook.figures.models.calibration import calibration_error, confusion, reliability
from sweepbook.figures.models.quality import draw_reliability
from sweepbook.stats.rows import row_difference, row_interval
from tests.records import with_manifest
from trainables.pictures.images import Images, ImageSplit

MODELS = [
    {"label": "scratch", "where": {"model": "resnet18-scratch"}},
    {
        "label": "tuned",
        "where": {"model": "resnet18-finetune"},
        "split": "weights",
        "names": {"imagenet": "ImageNet", "pretext": "pretext"},
    },
    {"label": "trees", "where": {"model": "xgboost"}},
]
SHARED = {"name": "fig", "title": "A figure", "models": MODELS}
GOOD, FAIR, BAD = [1, 1, 1, 1, 1, 0], [1, 1, 1, 0, 1, 0], [0, 1, 0, 0, 0, 1]


def net(model, lr, val_acc, *hits, **rest):
    weights = None if model == "resnet18-scratch" else "pretext"
    own = {"model": model, "weights": weights, "lr": lr, "p": 0.9}
    return {**own, "hits": list(hits), "val_acc": [val_acc, val_acc + 0.02], **rest}


@pytest.fixture
def record(models_record):
    """Two learning rates of two nets, trees of one seed, and a net whose weights were missing."""
    missing = {"weights": "imagenet", "status": "failed", "error": "OSError: no weights"}
    return models_record(
        [
            net("resnet18-scratch", 0.1, 0.4, BAD, BAD),
            net("resnet18-scratch", 0.001, 0.5, BAD, FAIR),
            net("resnet18-finetune", 0.1, 0.6, BAD, BAD),
            net("resnet18-finetune", 0.001, 0.8, GOOD, GOOD),
            net("resnet18-finetune", 0.01, 0.9, GOOD, GOOD, **missing),
            {"model": "xgboost", "hits": [FAIR], "val_acc": [0.7]},
        ]
    )


def test_the_table_has_chosen_settings_intervals_and_published_values(record):
    drawn = draw({"kind": "models_table", **SHARED, "settings": ["lr"]}, record)
    numbers = drawn.numbers.set_index("model")
    assert numbers["config/lr"].tolist()[:3:2] == [0.001, 0.001]
    scratch = numbers.loc["scratch"]
    expected = row_interval(np.array([BAD, FAIR]).T)
    assert scratch["test_mean"] == pytest.approx(expected.mean) == 0.5
    assert scratch["test_se"] == pytest.approx(expected.se)
    hits = [pd.DataFrame({r: row for r, row in enumerate(t)}) for t in ([GOOD, GOOD], [BAD, FAIR])]
    assert scratch["behind_mean"] == pytest.approx(row_difference(*hits).mean) == 1 / 3
    assert math.isnan(numbers.loc["tuned (pretext)", "behind_mean"]), "the best itself"
    assert numbers["n_replicates"].to_dict()["trees"] == 1
    cells = drawn.cells.set_index("model")
    assert cells.loc["tuned (ImageNet)", "test accuracy"] == "not available"
    assert cells.loc["tuned (ImageNet)", "published"] == "77.5 %"
    assert cells.loc["tuned (pretext)", "published"] == "–", "published is of ImageNet weights"
    assert "0" not in cells.loc["tuned (ImageNet)"].drop("published").tolist()
    assert "no weights: tuned (ImageNet)" in drawn.caption
    assert "face" not in drawn.caption + drawn.notes


KINDS = {
    "models_accuracy": {"settings": ["lr"]},
    "models_setting": {"x": "lr", "log_x": True},
    "models_curves": {"x": "epoch", "metrics": ["train_loss", "val_acc"]},
    "models_time": {},
    "quality": {},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_with_its_numbers(record, kind):
    drawn = draw({"kind": kind, **SHARED, **KINDS[kind]}, record)
    assert len(drawn.numbers) and drawn.alt
    assert max(len(said.split()) for said in drawn.caption.split(". ")) <= 25, drawn.caption
    drawn.figure.savefig(io.BytesIO(), format="svg")


def test_a_row_without_numbers_says_so_and_is_no_dot_at_zero(record):
    drawn = draw({"kind": "models_accuracy", **SHARED}, record)
    (ax,) = drawn.figure.axes
    (dots,) = [line for line in ax.lines if line.get_gid() == "mean"]
    assert np.isnan(dots.get_xdata()).tolist() == [False, True, False, False]
    assert [t.get_text() for t in ax.texts] == ["not available"]
    (diamonds,) = [line for line in ax.lines if line.get_gid() == "published"]
    assert diamonds.get_xdata()[:2].tolist() == [0.54, 0.775]


def test_accuracy_stands_against_the_setting_and_levels_where_there_is_none(record):
    drawn = draw({"kind": "models_setting", **SHARED, "x": "lr", "log_x": True}, record)
    numbers = drawn.numbers.set_index(["model", "x"])
    assert numbers.loc[("tuned (pretext)", 0.1), "val_mean"] == pytest.approx(0.61)
    assert numbers.loc[("tuned (pretext)", 0.001), "test_mean"] == pytest.approx(5 / 6)
    assert drawn.numbers["x"].isna().tolist().count(True) == 1
    assert "Dashed, without lr: trees." in drawn.caption


def test_curves_run_over_parts_of_an_epoch_and_leave_out_what_has_none(record):
    spec = {"kind": "models_curves", **SHARED, "x": "epoch", "metrics": ["val_acc"]}
    drawn = draw(spec, record)
    tuned = drawn.numbers[drawn.numbers["line"] == "tuned (pretext)"]
    assert tuned["epoch"].tolist() == [0.5, 1.0]
    assert tuned["mean"].tolist() == pytest.approx([0.71, 0.81])
    assert "Without steps within an epoch: trees." in drawn.caption
    every = draw({**spec, "by": "lr"}, record).numbers
    assert set(zip(every["panel"], every["line"], strict=True)) == {
        (model, lr) for model in ("scratch", "tuned (pretext)") for lr in ("lr 0.1", "lr 0.001")
    }
    with pytest.raises(NothingToDraw, match="reported nothing"):
        draw({**spec, "x": "nothing"}, record)


def test_seconds_are_those_of_one_seed_s_training(record):
    spec = {"kind": "models_time", **SHARED}
    drawn = draw(spec, record)
    row = drawn.numbers.set_index("model").loc["tuned (pretext)"]
    assert row["n_replicates"] == 2 and row["seconds"] == (3.0 + 1.0) / 2
    record.trials["time_train_s"] = np.nan
    with pytest.raises(NothingToDraw, match="no model has finished with predictions and seconds"):
        draw(spec, record)


def test_not_available_stands_clear_of_the_published_value():
    numbers = pd.DataFrame(
        {
            "model": ["a", "b", "c"],
            **{f"test_{name}": [0.7, np.nan, np.nan] for name in ("mean", "low", "high")},
            "published": [np.nan, 0.78, 0.52],
        }
    )
    ax = draw_rows(Figure().subplots(), numbers)
    texts = {t.get_position()[1]: t.get_position()[0] for t in ax.texts}
    assert 0.5 < texts[1] < 0.6 < 0.7 < texts[0]


def test_confusion_and_calibration_by_hand():
    own = pd.DataFrame(
        {"label": [0, 0, 1, 1, 1], "predicted": [0, 1, 1, 1, 0], "p": [0.1, 0.9, 1.0, 0.9, 0.3]}
    )
    assert confusion(own)["n"].tolist() == [1, 1, 1, 2]
    assert confusion(own)["share"].tolist() == pytest.approx([0.5, 0.5, 1 / 3, 2 / 3])
    bins = reliability(own)
    assert bins["bin_low"].tolist() == [0.1, 0.3, 0.9], "an edge belongs to the bin above it"
    assert bins["n"].tolist() == [1, 1, 3]
    assert bins["observed"].tolist() == pytest.approx([0, 1, 2 / 3])
    assert bins["p_mean"].tolist() == pytest.approx([0.1, 0.3, 2.8 / 3])
    gap = abs(2 / 3 - 2.8 / 3)
    assert calibration_error(bins) == pytest.approx((0.1 + 0.7 + 3 * gap) / 5)


def test_the_counts_of_a_calibration_stand_clear_of_its_bars():
    p = [0.05] * 30 + [0.15] * 3 + [0.25] * 2 + [0.55] * 4 + [0.95] * 25
    own = pd.DataFrame({"label": ([0] * 6 + [1]) * 9 + [1], "predicted": 1, "p": p})
    bins = reliability(own)
    figure = Figure()
    ax = draw_reliability(figure.subplots(), bins, {})
    figure.canvas.draw()
    assert [text.get_text() for text in ax.texts] == ["30", "3", "2", "4", "25"]
    boxes = [text.get_window_extent() for text in ax.texts]
    for row in bins.to_dict("records"):
        ends = ax.transData.transform([(row["p_mean"], row["low"]), (row["p_mean"], row["high"])])
        assert not any(box.overlaps(Bbox(ends).padded(1)) for box in boxes)


def test_pictures_are_what_the_best_gets_right_and_the_worst_wrong(record):
    predictions = record.predictions()
    first = predictions["row_id"].min()
    best, worst = best_and_worst_model(record, models_of(record, {"models": MODELS}))
    assert (best.label, worst.label) == ("tuned (pretext)", "scratch")
    sure = (predictions["trial_id"] == worst.trial_id) & (predictions["row_id"] == first + 3)
    predictions.loc[sure, "probability"] = 0.99
    table = disagreements(predictions, best, worst)
    assert table["row_id"].tolist() == [first + i for i in (3, 0, 2, 4)], "furthest apart first"
    assert table["best_true"].tolist() == pytest.approx([0.9] * 4)
    assert table["worst_true"].tolist() == pytest.approx([0.01, 0.1, 0.1, 0.1])


@pytest.fixture
def few_images(monkeypatch):
    """Six test images of 8 x 8 pixels with the row ids of the records here."""
    pixels = np.random.default_rng(0).integers(0, 255, (6, 8, 8, 3), dtype=np.uint8)
    label, row_id = np.arange(6) % 2, 100 + np.arange(6)
    split = ImageSplit(pixels, label, row_id, tuple(f"test/{i}.png" for i in range(6)))
    monkeypatch.setattr(
        trainables.pictures.images, "load_images", lambda data, **rest: Images(split, split, split)
    )
    monkeypatch.setattr(
        trainables.pictures.images, "describe_images", lambda data, **rest: {"sha256": "ab" * 32}
    )


@pytest.mark.parametrize("n, shown", [(2, 2), (40, 4)])
def test_pictures_are_drawn_from_the_records_data(record, few_images, n, shown):
    drawn = draw_pictures({**SHARED, "count": n}, record)
    assert drawn.photographs
    assert drawn.numbers["file"].tolist() == [f"test/{i}.png" for i in (0, 2, 3, 4)][:shown]
    pictures = [ax for ax in drawn.figure.axes if ax.images]
    assert len(pictures) == shown
    assert pictures[0].get_xlabel() == "fake: 90 / 10 %"
    assert f"{shown} of the 4 test images" in drawn.caption
    assert "face" not in drawn.caption


def test_pictures_are_of_every_group_before_a_second_of_one(record, few_images):
    groups = {"name": "region", "of": [0, 0, 1, 1, 2, 2]}
    record = with_manifest(record, data={"test_groups": groups})
    drawn = draw_pictures({**SHARED, "count": 3}, record)
    assert drawn.numbers["file"].tolist() == ["test/0.png", "test/2.png", "test/4.png"]
    assert "on the true class, one of each region in turn; below" in drawn.notes


def test_data_that_changed_or_went_leave_a_sentence_in_the_pictures_place(
    record, few_images, monkeypatch
):
    record = with_manifest(record, data={"sha256": "cd" * 32})
    with pytest.raises(NothingToDraw, match="are not those of the record any more"):
        draw_pictures(SHARED, record)

    def gone(data, **rest):
        raise ValueError("no such folder: /photos")

    monkeypatch.setattr(trainables.pictures.images, "describe_images", gone)
    with pytest.raises(NothingToDraw, match="cannot be read any more: no such folder: /photos"):
        draw_pictures(SHARED, record)


@pytest.mark.parametrize("kind", [*KINDS, "models_table"])
def test_a_record_in_which_nothing_finished_is_told(models_record, kind):
    failed = {"status": "failed", "error": "OSError: no weights"}
    record = models_record([net("resnet18-finetune", 0.1, 0.5, BAD, BAD, **failed)])
    spec = {"kind": kind, **SHARED, **KINDS.get(kind, {})}
    if kind == "models_table":
        assert set(draw(spec, record).cells["test accuracy"]) == {"not available"}
        return
    with pytest.raises(NothingToDraw):
        draw(spec, record)
    with pytest.raises(NothingToDraw):
        draw_pictures(SHARED, record)
