import math

import pytest

from sweepbook.aggregates.hits import hits_interval
from sweepbook.aggregates.models import (
    best_and_worst_model,
    chosen_sentence,
    last_line,
    missing_sentence,
    models_of,
)
from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.stats.rows import row_interval

WRONG, RIGHT = [0, 0, 0, 1], [1, 1, 1, 0]
ERROR = "Traceback\nOSError: no weights: give --weights FILE"
NET = {"label": "net", "where": {"model": "resnet18-finetune"}, "split": "weights"}
NAMED = {**NET, "names": {"imagenet": "ImageNet", "pretext": "pretext"}}
TREES = {"label": "trees", "where": {"model": "xgboost"}}
SPEC = {"models": [NAMED, TREES]}


def net(lr, val_acc, weights="pretext", hits=WRONG, **rest):
    settings = {"model": "resnet18-finetune", "weights": weights, "lr": lr}
    tables = hits if isinstance(hits[0], list) else [hits] * 2
    val_acc = val_acc if isinstance(val_acc, list) else [val_acc] * 2
    return {**settings, "hits": tables, "val_acc": val_acc, **rest}


def trees(val_acc=0.6, hits=WRONG):
    return {"model": "xgboost", "hits": [hits], "val_acc": [val_acc]}


def by_label(record, spec=SPEC):
    return {model.label: model for model in models_of(record, spec)}


def test_validation_chooses_and_never_the_test(models_record):
    record = models_record([net(0.1, 0.9), net(0.01, 0.7, hits=RIGHT), trees()])
    chosen = by_label(record)["net (pretext)"]
    assert chosen.setting("lr") == "0.1"
    assert (chosen.mean, chosen.hits.table.to_numpy().mean()) == (0.9, 0.25)
    assert "the lr with the highest mean validation accuracy" in chosen_sentence(record, [chosen])


def test_no_seed_chooses_what_it_scores(models_record):
    lucky = net(0.1, [0.99, 0.6, 0.6], hits=[RIGHT, WRONG, WRONG])
    steady = net(0.01, [0.7, 0.7, 0.7], hits=[WRONG, RIGHT, RIGHT])
    model = by_label(models_record([lucky, steady, trees()], n_replicates=3))["net (pretext)"]
    assert model.setting("lr") == "0.1, 0.01", "seed 0 makes the first look best of all"
    assert model.mean == pytest.approx((0.7 + 0.6 + 0.6) / 3)
    assert model.hits.table.mean().tolist() == [0.25, 0.25, 0.25]
    assert (model.trial_of(0), model.trial_of(1)) == ("trial0000001", "trial0000000")
    alone = row_interval(model.hits.table)
    assert hits_interval(model.hits).se > 1.5 * alone.se, "the choice is unsteady"


def test_one_seed_that_chooses_and_scores_is_said(models_record):
    entries = [net(lr, [lr], hits=[WRONG]) for lr in (0.1, 0.01)]
    record = models_record(entries, n_replicates=1)
    said = chosen_sentence(record, list(by_label(record).values()))
    assert "too good" in said and "no seed chooses" not in said


def test_a_trial_that_did_not_end_whole_is_no_candidate(models_record):
    stopped = net(0.1, 0.9, status="stopped")
    record = models_record([stopped, net(0.01, 0.7), trees()])
    assert by_label(record)["net (pretext)"].setting("lr") == "0.01"


def test_missing_weights_leave_a_row_without_numbers_that_says_why(models_record):
    failed = [net(lr, 0.5, "imagenet", status="failed", error=ERROR) for lr in (0.1, 0.01)]
    models = by_label(models_record([*failed, trees()]))
    missing = models["net (ImageNet)"]
    assert not missing.known
    assert math.isnan(missing.mean)
    assert missing.published == 0.775
    assert missing_sentence(list(models.values())) == (
        "Not available, 2 trials failed: no weights: give --weights FILE: net (ImageNet)."
    )


def test_what_starts_from_the_pretext_task_is_never_called_imagenet(models_record):
    models = by_label(models_record([net(0.1, 0.7), trees()]))
    assert list(models) == ["net (pretext)", "trees"]
    assert math.isnan(models["net (pretext)"].published)
    assert models["trees"].published == 0.735


def test_weights_from_a_file_go_by_the_files_name(models_record):
    models = by_label(models_record([net(0.1, 0.7, "/home/me/own.pth"), trees()]))
    assert models["net (own.pth)"].known


def test_best_and_worst_are_models_with_predictions(models_record):
    record = models_record([net(0.1, 0.7), net(0.01, 0.4), trees(0.6)])
    best, worst = best_and_worst_model(record, models_of(record, SPEC))
    assert (best.label, worst.label) == ("net (pretext)", "trees"), "models, not learning rates"
    with pytest.raises(NothingToDraw, match="fewer than two models"):
        best_and_worst_model(record, [best])


def test_a_record_without_these_models_is_told(models_record):
    record = models_record([trees()])
    with pytest.raises(NothingToDraw, match="none of these models"):
        models_of(record, {"models": [{"label": "x", "where": {"model": "other"}}]})
    with pytest.raises(NothingToDraw, match="no setting is called 'mode'"):
        models_of(record, {"models": [{"label": "x", "where": {"mode": "other"}}]})


@pytest.mark.parametrize(
    "error, line",
    [
        ("Traceback\nValueError: too big: 3", "too big: 3"),
        ("plain words: and more", "plain words: and more"),
        (None, "no reason was recorded"),
    ],
)
def test_the_last_line_of_an_error_goes_without_its_kind(error, line):
    assert last_line({"error": error, "reason": None}) == line
