"""What a trainable yields is read from its source where that says all, and never guessed."""

import dataclasses
import functools
import textwrap

import pytest

from search_spaces import STUDIES
from sweepbook.checks.yields import columns_yielded
from sweepbook.study.hooks import load_object
from tests.checks.conftest import claim


@pytest.fixture
def function_of(tmp_path, monkeypatch, request):
    """The function `train` of a module with this source."""

    def made(source):
        name = f"yields_{abs(hash((source, request.node.name)))}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        monkeypatch.syspath_prepend(str(tmp_path))
        return load_object(f"{name}:train")

    return made


def test_dicts_that_are_written_out_say_every_column(function_of):
    train = function_of(
        """
        def train(config, state=None):
            def loss(n):
                yield {"inner": n}
            for n in range(3):
                if n:
                    yield {"epoch": n, "val_loss": 1.0, "state": lambda: {"n": n}}
                else:
                    yield {"epoch": n, "val_acc": 0.5, "replicates": {"seen": [1, 2]}}
        """
    )
    known = columns_yielded(train, "epoch")
    added = {"time_s", "trial_id", "replicate", "state", "replicates"}
    assert known == {"epoch", "val_loss", "val_acc", "seen", *added}


@pytest.mark.parametrize(
    "body",
    [
        "yield {'epoch': 1, **metrics(config)}",
        "yield {'epoch': 1} | metrics(config)",
        "yield dict(epoch=1, val_loss=2)",
        "yield {'epoch': 1, name: 2.0}",
        "yield {'epoch': 1, f'{name}_loss': 2.0}",
        "yield {'epoch': 1, 'replicates': metrics(config)}",
        "row = {'epoch': 1}\n    yield row",
        "yield from other(config)",
        "yield {'epoch': 1}\n    yield from other(config)",
        "yield (row := {'epoch': 1})",
        "return other(config)",
        "return (m for m in other(config))",
    ],
)
def test_whatever_is_made_elsewhere_may_be_anything(body, function_of):
    train = function_of(
        "name = 'val'\nmetrics = other = lambda config: {}\n"
        f"def train(config, state=None):\n    {body}\n"
    )
    assert columns_yielded(train, "epoch") is None


@pytest.mark.parametrize(
    "source",
    [
        """
        import functools
        def more(function):
            @functools.wraps(function)
            def changed(config):
                for metrics in function(config):
                    yield {"epoch": 1, "other": 1.0}
            return changed
        @more
        def train(config):
            yield {"epoch": 1}
        """,
        """
        import functools
        def of(config, name):
            yield {"epoch": 1}
        train = functools.partial(of, name="a")
        """,
        """
        class Model:
            def __call__(self, config):
                yield {"epoch": 1}
        train = Model()
        """,
        """
        exec("def train(config):\\n    yield {'epoch': 1}")
        """,
    ],
)
def test_what_is_no_plain_function_is_not_read(source, function_of):
    assert columns_yielded(function_of(source), "epoch") is None


def test_a_method_of_python_s_own_is_not_read():
    assert columns_yielded(map, "epoch") is None
    assert columns_yielded(functools.partial, "epoch") is None


def test_no_metric_of_the_exercise_is_taken_for_unknown():
    for study in STUDIES.values():
        known = columns_yielded(load_object(study.trainable), study.fidelity.unit)
        assert known is None or study.metric.name in known


def test_a_study_s_metric_that_is_never_yielded_is_refused(problems, grid):
    assert problems(metric=dataclasses.replace(grid.metric, name="val_acc")) == ""
    said = problems(metric=dataclasses.replace(grid.metric, name="val_los"))
    assert "metric of study grid" in said and "'val_los'" in said and "mean 'val_loss'" in said


def test_what_needs_more_than_a_trainable_yields_is_refused(problems, toy_file):
    figures = ({"kind": "per_batch", "name": "p"}, {"kind": "class_accuracy", "name": "c"})
    said = problems(figures=figures)
    assert "batch_losses" in said and "predictions" in said
    arms = ({"lr": 0.1, "batch_size": 16}, {"lr": 0.01, "batch_size": 16})
    rows = claim(*arms, metric="test_acc", over="rows", fidelity="last")
    assert 'over="rows"' in problems(claims=(rows,))
