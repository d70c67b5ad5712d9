"""What people yield beside plain numbers (README.md here says who reported it)."""

import decimal
import fractions
import sys

import numpy as np
import pytest
import torch

from sweepbook import Fidelity, Metric, Study
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.record.columns import Columns
from sweepbook.tune.worker.run import Assignment, reports

HERE = sys.modules[__name__]


@pytest.fixture
def rows_of(monkeypatch, tmp_path):
    """Trains a function for three rounds and returns the rows that its record would have."""

    def run(train, replicates=1, seed=0):
        monkeypatch.setattr(HERE, "train", train, raising=False)
        study = Study(
            name="s", question="?", trainable=f"{__name__}:train", metric=Metric("loss", "min"),
            fidelity=Fidelity("round", "rounds"), fixed={"rounds": 3}, replicates=replicates,
            seed=seed,
        )  # fmt: skip
        for name in ("checkpoints", "parts"):
            (tmp_path / name).mkdir(exist_ok=True)
        (trial,) = make_plan(study, Options()).trials
        made = reports(Assignment(trial, [str(tmp_path)], []))
        return [row for report in made for row in report["rows"]]

    return run


def yielding(**metrics):
    def train(config):
        for n in range(1, config["rounds"] + 1):
            yield {"round": n, "loss": 0.5, **metrics}

    return train


HALF = {
    "with a graph": torch.tensor(0.5, requires_grad=True),
    "bfloat16": torch.tensor(0.5, dtype=torch.bfloat16),
    "float32": np.float32(0.5),
    "no dimension": np.array(0.5),
}


@pytest.mark.parametrize("kind", HALF)
@pytest.mark.parametrize("name", ["loss", "other"])
def test_a_number_of_numpy_or_torch_is_a_number(rows_of, kind, name):
    rows = rows_of(yielding(**{name: HALF[kind]}))
    assert [(type(row[name]), row[name]) for row in rows] == [(float, 0.5)] * 3


@pytest.mark.parametrize(
    "value, said",
    [
        (torch.tensor([0.5]), r"metric loss is \[0.5\].* must be a number"),
        (decimal.Decimal("0.5"), "loss is a Decimal"),
        (fractions.Fraction(1, 2), "loss is a Fraction"),
        (0.5j, "loss is a complex"),
    ],
)
def test_what_is_no_number_of_a_column_is_refused_by_name(rows_of, value, said):
    with pytest.raises(TypeError, match=said):
        rows_of(yielding(loss=value))


@pytest.mark.parametrize("first, second", [(True, 0.5), (0.5, np.bool_(False)), (None, True)])
def test_a_study_s_metric_may_be_true_or_false_whichever_trial_comes_first(rows_of, first, second):
    columns = Columns()
    for value in (first, second):
        assert columns.misfit(rows_of(yielding(loss=value))) is None


def test_a_list_may_grow_from_nothing(rows_of):
    def train(config):
        for n in range(1, config["rounds"] + 1):
            yield {"round": n, "loss": 0.5, "by_class": [0.5] * (n - 1)}

    assert [row["by_class"] for row in rows_of(train)] == [[], [0.5], [0.5, 0.5]]


def test_an_asynchronous_trainable_is_told_what_a_trainable_is(rows_of):
    async def train(config):
        yield {"round": 1, "loss": 0.5}

    with pytest.raises(TypeError, match="train returned an async_generator.*yields a dict"):
        rows_of(train)


@pytest.mark.parametrize("seed", [0, 2**32, 2**63 - 1])
def test_every_seed_is_one_that_numpy_and_torch_take(rows_of, seed):
    def train(config):
        np.random.seed(config["seed"])  # noqa: NPY002
        torch.manual_seed(config["seed"])
        for n in range(1, config["rounds"] + 1):
            yield {"round": n, "loss": np.random.rand()}  # noqa: NPY002

    rows = rows_of(train, replicates=20, seed=seed)
    assert len({row["loss"] for row in rows}) == 60
