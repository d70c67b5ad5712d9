"""An objective function of Optuna as a trainable is told what to become."""

import optuna
import pytest

from sweepbook import Fidelity, Metric, Study
from sweepbook.doors.checked import door_problems
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan


def objective(trial):
    lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    return lr**2


def asks_within(trial):
    def model():
        return trial.suggest_int("n", 1, 3)

    return model()


def train(config):
    yield {"epoch": 1, "loss": 0.5, "suggestion": "none"}


def tunes_itself(config):
    inner = optuna.create_study()
    inner.optimize(objective, n_trials=1)
    yield {"epoch": 1, "loss": inner.ask().suggest_float("lr", 0, 1)}


def suggest_width(config):
    return 2 * config["epochs"]


def has_a_helper(config):
    yield {"epoch": 1, "loss": suggest_width(config)}


def problems_of(name):
    study = Study(
        name="s", question="?", trainable=f"{__name__}:{name}", metric=Metric("loss", "min"),
        fidelity=Fidelity("epoch", "epochs"), fixed={"epochs": 1},
    )  # fmt: skip
    return door_problems(make_plan(study, Options()))


def test_the_objectives_are_those_that_optuna_runs():
    study = optuna.create_study()
    for one in (objective, asks_within):
        study.optimize(one, n_trials=1)
    assert len(study.trials) == 2


@pytest.mark.parametrize(
    "name, asked", [("objective", "suggest_float"), ("asks_within", "suggest_int")]
)
def test_an_objective_is_told_to_take_its_settings_from_its_config(name, asked):
    (problem,) = problems_of(name)
    assert asked in problem and "FloatDistribution" in problem and 'config["lr"]' in problem


@pytest.mark.parametrize("name", ["train", "tunes_itself", "has_a_helper"])
def test_a_function_that_asks_no_trial_of_ours_has_no_such_problem(name):
    assert problems_of(name) == []
