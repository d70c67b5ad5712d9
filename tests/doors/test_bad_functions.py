"""What plain functions and generators get wrong: the trial fails alone, by the value's name."""

import bdb
import re

import numpy as np
import pandas as pd
import pytest
import torch

from sweepbook.tune.worker.failure import TrainableFailed, told
from sweepbook.tune.worker.run import _next, reports
from tests.tune.test_contract import at, job


@pytest.fixture
def train_once(monkeypatch, tmp_path):
    """Trains a function to its end: the rows that a record would have."""

    def run(train, **options):
        made = reports(job(monkeypatch, tmp_path, train, rounds=1, **options))
        return [row for report in made for row in report["rows"]]

    return run


def returns(value):
    return lambda config: value


async def coroutine():
    return 0.5


@pytest.mark.parametrize(
    "value, said",
    [
        ([0.5, 0.6], "a list, [0.5, 0.6]"),
        ((0.5, 0.6), "a tuple, (0.5, 0.6)"),
        ([], "a list, []"),
        ({0.5}, "a set, {0.5}"),
        (np.ones(2), "a ndarray, array([1., 1.])"),
        (pd.DataFrame({"loss": [0.5]}), "a DataFrame, loss 0 0.5"),
        (coroutine, "a function, <function coroutine>"),
        (b"0.5", "a bytes"),
    ],
)
def test_what_a_function_returns_is_named(value, said, train_once):
    with pytest.raises(TypeError, match=re.escape(f"returned {said}")) as refused:
        train_once(returns(value))
    assert "yield {'round': n, 'loss': value}" in str(refused.value)


def test_a_coroutine_that_is_returned_is_ended_in_silence(train_once):
    with pytest.raises(TypeError, match="returned a coroutine, <coroutine object coroutine>"):
        train_once(lambda config: coroutine())


def test_a_list_of_dicts_may_be_returned(train_once):
    assert [row["loss"] for row in train_once(returns(at(1)))] == [0.5]


@pytest.mark.parametrize("one", [np.array([0.5]), torch.tensor([0.5]), [0.5, 0.6]])
def test_a_metric_that_is_an_array_is_told_what_to_be(one, train_once):
    with pytest.raises(TypeError, match=r"loss is \[0.5.*yield one number, such as its mean"):
        train_once(returns([{"round": 1, "loss": one}]))


@pytest.mark.parametrize(
    "name, hint",
    [("val_loss", "Metric('val_loss', ...)"), ("Loss", "Metric('Loss', ...)")],
)
def test_a_metric_of_another_name_is_named_with_it(name, hint, train_once):
    with pytest.raises(ValueError, match=re.escape(hint)):
        train_once(returns([{"round": 1, name: 0.5, "zzz": 1}]))


def test_a_state_function_with_parameters_is_told_what_to_be(train_once):
    with pytest.raises(TypeError, match=r"'state' as a function that needs n.*`lambda n=n: "):
        train_once(returns(at(1, state=lambda n, m=1: {"n": n})))


GOOD = {"split": "test", "row_id": [0, 1], "label": [0, 1], "predicted": [0, 1]}
GOOD |= {"probability": [0.5, 0.5]}


@pytest.mark.parametrize(
    "changed, said",
    [
        ({"label": None}, "without 'label'"),
        ({"predicted": [0]}, "'predicted' of shape (1,)"),
        ({"row_id": [[0], [1]]}, "'row_id' of shape (2, 1)"),
        ({"label": ["cat", "dog"]}, "'label' with 'cat'"),
        ({"predicted": [0.5, 1.0]}, "'predicted' with 0.5"),
        ({"predicted": [0, 2**15]}, "'predicted' with 32768"),
        ({"probability": ["high", "low"]}, "'probability' that is no array of numbers"),
        ({"label": [[0], [1, 2]]}, "'label' that is no array"),
    ],
)
def test_predictions_that_are_no_good_are_named(changed, said, train_once):
    wrong = {key: value for key, value in (GOOD | changed).items() if value is not None}
    with pytest.raises((TypeError, ValueError), match=re.escape(said)):
        train_once(returns(at(1, predictions=lambda: wrong)))
    for other in ([1, 2], None):
        with pytest.raises(TypeError, match="without 'split', 'row_id', 'label'"):
            train_once(returns(at(1, predictions=lambda given=other: given)))


def test_predictions_may_be_tensors_and_whole_floats(train_once, tmp_path):
    scores = torch.tensor([0.5, 0.5], requires_grad=True)
    good = GOOD | {"predicted": torch.tensor([0.0, 1.0]), "probability": scores}
    train_once(returns(at(1, predictions=lambda: good)), replicates=2)
    (file,) = (tmp_path / "parts").glob("predictions-*.parquet")
    assert pd.read_parquet(file)["predicted"].tolist() == [0, 1, 0, 1]


def quits_its_debugger(config):
    raise bdb.BdbQuit  # as breakpoint() does where nobody can type
    yield


def asks(config):
    input("how good? ")
    yield from at(1)


def stops(config):
    yield from at(1)
    raise StopIteration


@pytest.mark.parametrize(
    "train, said",
    [
        (asks, "a trial has no keyboard"),
        (quits_its_debugger, "use sweepbook try"),
        (stops, "StopIteration"),
    ],
)
def test_what_works_elsewhere_is_told_with_its_place(train, said, monkeypatch, tmp_path):
    with (tmp_path / "nothing").open("w+") as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        made = reports(job(monkeypatch, tmp_path, train, rounds=1))
        with pytest.raises(TrainableFailed) as failed:
            while _next(made):
                pass
    last = str(failed.value).splitlines()[-1]
    assert said in last and "test_bad_functions.py, line " in last, last


def test_advice_is_given_where_it_fits_alone():
    assert "keyboard" not in told(EOFError("a file has ended"))
