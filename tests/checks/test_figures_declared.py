"""Figures are refused before the training where they could not be drawn as they are meant."""

import numpy as np
import pytest

from sweepbook.plan.options import Options
from sweepbook.study.search import Search

CURVES = {"kind": "curves", "name": "loss", "metrics": ["val_loss"]}
TABLE = {**CURVES, "kind": "table"}
AGAINST = {**CURVES, "kind": "against", "x": "lr"}
MODELS = {"kind": "models_table", "name": "models"}


@pytest.mark.parametrize(
    "figure",
    [
        {**CURVES, "by": ["lr"], "where": {"batch_size": [16, 64]}, "log_x": True, "title": "T"},
        {**CURVES, "by": ("lr",), "units": {"val_loss": "nats"}, "note": "N", "overlay": False},
        {**CURVES, "arms": [{"label": "slow", "where": {"lr": 0.01}}], "log_y": None},
        {**TABLE, "at": [1, 10, 50, "last"]},
        {**AGAINST, "where": {"lr": 0.1}},
        {**CURVES, "kind": "extremes", "select": "val_acc", "mode": "max"},
        {**MODELS, "models": [{"label": "a", "where": {"lr": 0.1}}], "settings": ["batch_size"]},
        {"kind": "ledger", "name": "time"},
        {**CURVES, "where": {"batch_size": np.int64(16), "lr": np.float64(0.1)}},
    ],
)
def test_what_can_be_drawn_is_not_refused(figure, problems):
    assert problems(figures=(figure,)) == ""


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        ({"kind": "curvs", "log_X": True}, ["'curvs'", "mean 'curves'", "module:function"]),
        ({"kind": "curvs", "log_X": True}, ["'log_X'", "mean 'log_x'", "overlay", "metrics"]),
        ({"kind": "curvs", "log_X": True}, ["needs 'metrics'", "needs 'name'"]),
        ({"name": "loss"}, ["'loss'", "kind"]),
        ({**CURVES, "metrics": "val_loss"}, ["metrics", "list", "['val_loss']"]),
        ({**CURVES, "metrics": ["val_los"]}, ["'val_los'", "mean 'val_loss'"]),
        ({**CURVES, "by": "lr"}, ["by", "['lr']"]),
        ({**CURVES, "by": ["learning_rate", "lr"]}, ["'learning_rate'", "batch_size"]),
        ({**CURVES, "where": {"batchsize": 16}}, ["'batchsize'", "mean 'batch_size'"]),
        ({**CURVES, "where": {"batch_size": 32}}, ["where", "{'batch_size': 32}", "no trial"]),
        ({**CURVES, "where": ["lr"]}, ["where", "dict"]),
        ({**CURVES, "arms": [{"lr": 0.1}]}, ["arms", "label"]),
        ({**CURVES, "arms": [{"label": "a", "where": {"lr": 1}}]}, ["'a'", "{'lr': 1}"]),
        ({**CURVES, "log_x": "yes"}, ["log_x", "True or False"]),
        ({**CURVES, "units": ["nats"]}, ["units", "dict"]),
        ({**CURVES, "title": 3}, ["title", "text"]),
        ({**CURVES, "name": 3}, ["name", "text"]),
        ({**AGAINST, "x": "depth"}, ["x", "'depth'", "batch_size"]),
        ({**CURVES, "kind": "against"}, ["needs 'x'", "setting"]),
        ({**TABLE, "at": [100, 200]}, ["at", "[100, 200]", "round 10"]),
        ({**TABLE, "at": ["lst"]}, ["at", "last"]),
        ({**TABLE, "at": 5}, ["at", "list"]),
        ({**CURVES, "kind": "extremes", "select": "test_acc"}, ["select", "'test_acc'"]),
        ({**CURVES, "kind": "extremes", "mode": "lowest"}, ["mode", '"min"']),
        ({**MODELS, "models": [{"where": {}}]}, ["models", "label"]),
        ({**MODELS, "models": [{"label": "a", "where": {"l": 1}}]}, ["'a'", "'l'", "lr"]),
        ({**MODELS, "models": [{"label": "a", "where": {}, "spilt": 1}]}, ["mean 'split'"]),
        ({**MODELS, "models": [{"label": "a", "where": {}, "split": "m"}]}, ["split", "'m'"]),
        ({"kind": "rungs", "name": "r"}, ["'rungs'", "search"]),
        ({"kind": "order", "name": "o"}, ["'order'", "confirmation"]),
        ({**CURVES, "note": "a", "where": {"lr": {1, 2}}}, ["where", "cannot keep"]),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused_with_what_to_write(figure, words, problems):
    said = problems(figures=(figure,))
    assert "study grid, figure" in said and all(word in said for word in words), said


def test_each_line_stands_for_one_fault(problems):
    said = problems(figures=({**CURVES, "metrics": "val_loss", "log_X": True}, {"kind": "pie"}))
    assert len(said.splitlines()) == 4, said


def test_two_figures_have_two_files(problems):
    assert problems(figures=(CURVES, {**TABLE, "name": "other"})) == ""
    assert "'loss'" in problems(figures=(CURVES, TABLE))
    assert "'Loss'" in problems(figures=(CURVES, {**TABLE, "name": "Loss"})), "on some disks"
    assert "'loss!'" in problems(figures=(CURVES, {**TABLE, "name": "loss!"})), "made a file's"


def test_a_kind_of_one_s_own_must_be_a_function_of_spec_and_record(problems, grid, toy_file):
    module = toy_file.stem
    own = {"name": "own", "whatever": 1}
    assert problems(figures=({**own, "kind": f"{module}:draw"},)) == ""
    assert "'drow'" in problems(figures=({**own, "kind": f"{module}:drow"},))
    assert "'nowhere'" in problems(figures=({**own, "kind": "nowhere:draw"},))
    assert "(spec, record)" in problems(figures=({**own, "kind": f"{module}:draw_alone"},))
    assert "needs 'name'" in problems(figures=({"kind": f"{module}:draw"},))
    assert "must name a function" in problems(figures=({**own, "kind": f"{module}:GRID"},))


def test_options_make_no_figure_a_fault_of_the_study(problems):
    figures = ({**CURVES, "where": {"batch_size": 16}}, {**TABLE, "name": "t", "at": [10]})
    assert problems(Options(settings={"batch_size": 99}, epochs=1), figures=figures) == ""
    figures = ({**CURVES, "where": {"batch_size": 99}}, {**TABLE, "name": "t", "at": [100]})
    said = problems(Options(settings={"batch_size": 99}, epochs=100), figures=figures)
    assert "{'batch_size': 99}" in said and "[100]" in said, "nor are its own faults the options'"


def test_a_search_has_its_open_settings_and_its_own_kinds(problems, toy_file):
    search = Search(space=f"{toy_file.stem}:space", n_trials=4)
    figures = ({**CURVES, "by": ["momentum"]}, {"kind": "rungs", "name": "r"})
    assert problems(search=search, figures=figures) == ""
    confirmed = (
        {**CURVES, "by": ["momentum"]},
        {**TABLE, "name": "t", "at": [500]},  # for confirm has a length of its own
        {"kind": "order", "name": "o"},
    )
    assert problems(search=Search(**vars(search) | {"confirm_figures": confirmed})) == ""
    wrong = ({**CURVES, "by": ["momenta"]}, {"kind": "rungs", "name": "r"})
    said = problems(search=Search(**vars(search) | {"confirm_figures": wrong}))
    assert "confirmation 'loss'" in said and "mean 'momentum'" in said and "'rungs'" in said
