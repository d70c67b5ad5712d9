"""A study of one's own that the checks look at, and what they say of it."""

import dataclasses
import textwrap

import pytest

from sweepbook import Claim
from sweepbook.checks.declared import problems_of, undecided_of
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies

GRID = """
    from sweepbook import Fidelity, Metric, Study

    def train(config):
        for n in range(1, config["rounds"] + 1):
            yield {"round": n, "val_loss": config["lr"] / n, "val_acc": 0.5}

    def space():
        from ray import tune
        return {"momentum": tune.uniform(0.0, 1.0), "optimizer": tune.choice(["sgd", "adam"])}

    def draw(spec, record):
        pass

    def draw_alone(spec):
        pass

    GRID = Study(
        name="grid", question="?", trainable="MODULE:train", metric=Metric("val_loss", "min"),
        fidelity=Fidelity("round", "rounds"), fixed={"rounds": 10}, replicates=2,
        grid={"lr": (0.1, 0.01), "batch_size": (16, 64, 256)},
    )
"""


@pytest.fixture
def grid(toy_file):
    """A grid of two learning rates and three batch sizes, of 10 rounds each."""
    toy_file.write_text(textwrap.dedent(GRID).replace("MODULE", toy_file.stem))
    return load_studies([str(toy_file)])[0]


@pytest.fixture
def problems(grid):
    """What is said of the study with some changes, as one text."""

    def said(options=None, **changes):
        options = options or Options()
        plan = make_plan(dataclasses.replace(grid, **changes), options)
        return "\n".join(problems_of(plan, options))

    return said


@pytest.fixture
def open_claims(grid):
    """What is said of claims that a run with options leaves undecided, as one text."""

    def said(options, **changes):
        study = dataclasses.replace(grid, **changes)
        return "\n".join(undecided_of(make_plan(study, options)))

    return said


def claim(*arms, **changes):
    """A claim on the validation loss of some arms."""
    kind = "threshold" if len(arms) == 1 else "direction"
    rest = {"target": 0.5} if len(arms) == 1 else {}
    given = {"name": "one", "statement": "", "kind": kind, "metric": "val_loss"} | rest
    return Claim(**given | {"smallest": 0.0, "reason": "any", "arms": arms} | changes)
