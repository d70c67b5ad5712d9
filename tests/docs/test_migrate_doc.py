"""docs/migrate.md: the code of other tools runs, and so does what it becomes."""

import contextlib
import itertools
import runpy
import sys
import types
from types import SimpleNamespace

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from ray import tune

from sweepbook import Fidelity, Metric, Search, Study
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan, suggested_trial
from sweepbook.plan.studies import load_studies
from sweepbook.tune.worker.run import Assignment, reports
from tests.docs.pages import TRAIN, files_of, written

FILES = files_of("migrate.md")
HEAVY = [
    pytest.mark.more,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore"),  # the libraries and torch warn of their own code
]
STUDIES = {
    "ray_study.py": ({"lr": 0.03, "width": 8}, 20),
    "class_study.py": ({}, 3),
    "optuna_study.py": ({"lr": 0.03, "width": 8}, 20),
    "study.yaml": ({"lr": 0.03, "width": 8}, 20),
    "lit_study.py": ({}, 3),
    "hf_study.py": ({}, 2),
    "grid_study.py": ({}, 3),
}


def heavy(name):
    return pytest.param(name, marks=HEAVY if name.startswith(("lit", "hf")) else [])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    train = {"train.py": files_of(TRAIN)["train.py"]}
    yield from written(FILES | train, tmp_path, monkeypatch)


@pytest.fixture
def short(folder, monkeypatch):
    """Short trainings: a Tuner is made but does not fit; it is given here."""
    tuners, optimize = [], optuna.Study.optimize

    def fit(tuner):
        tuners.append(tuner)
        return SimpleNamespace(get_best_result=lambda *_: SimpleNamespace(config={}))

    monkeypatch.setattr(tune.Tuner, "fit", fit)
    monkeypatch.setattr(
        optuna.Study, "optimize", lambda study, f, n_trials: optimize(study, f, n_trials=3)
    )
    return tuners


@pytest.fixture
def logged(folder, monkeypatch):
    """What is logged to a stand-in of W&B, whose agent calls its function once."""
    wandb, sweeps, found = types.ModuleType("wandb"), [], []

    @contextlib.contextmanager
    def init():
        parameters = sweeps[-1]["parameters"]
        values = {"lr": parameters["lr"]["max"], "width": parameters["width"]["values"][0]}
        yield SimpleNamespace(config=values | {"epochs": parameters["epochs"]["value"]})

    wandb.init, wandb.log = init, found.append
    wandb.sweep = lambda content, project: sweeps.append(content)
    wandb.agent = lambda sweep, function, count: function()
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    return found


@pytest.mark.parametrize(
    "name",
    [
        heavy(name)
        for name in FILES
        if name.endswith(".py") and name not in STUDIES and name != "wandb_train.py"
    ],
)
def test_the_code_of_another_tool_runs(short, name):
    runpy.run_path(name, run_name="__main__")
    assert len(short) == name.startswith("ray_")


def test_the_sweep_of_wandb_runs(logged):
    runpy.run_path("wandb_train.py", run_name="__main__")
    assert [metrics["epoch"] for metrics in logged] == [*range(1, 10)]


@pytest.mark.parametrize("name", [heavy(name) for name in STUDIES])
def test_what_it_becomes_is_planned_and_trains(folder, name):
    opened, n_trials = STUDIES[name]
    (study,) = load_studies([name])
    is_fit = study.fidelity.unit == "fit"
    n_steps = 1 if is_fit else 2
    plan = make_plan(study, Options() if is_fit else Options(epochs=n_steps, replicates=2))
    assert plan.n_trials == n_trials
    trial = suggested_trial(plan, 0, opened, 0) if opened else plan.trials[0]
    record = folder / "record"
    for part in ("checkpoints", "parts"):
        (record / part).mkdir(parents=True)
    rows = [row for one in reports(Assignment(trial, [str(record)], [])) for row in one["rows"]]
    steps = [(row["replicate"], row[study.fidelity.unit]) for row in rows]
    n_replicates = 5 if is_fit else 2
    assert sorted(steps) == [*itertools.product(range(n_replicates), range(1, n_steps + 1))]
    assert len({row[study.metric.name] for row in rows}) > 1  # seeds, or folds, differ


def studied(space):
    return Study(
        name="any",
        question="?",
        trainable="any:train",
        metric=Metric("val_acc", "max"),
        fidelity=Fidelity("epoch", "epochs"),
        space={"epochs": 9, "open": tune.uniform(0, 1), **space},
        search=Search(n_trials=20),
    )


@pytest.mark.parametrize(
    "value", [tune.sample_from(lambda _: 1), tune.randn(0, 1), tune.qloguniform(2, 8, 2)]
)
def test_what_the_page_calls_refused_is(value):
    with pytest.raises(ValueError, match="lr"):
        studied({"lr": value})


@pytest.mark.parametrize(
    "one, other",
    [
        (FloatDistribution(1e-3, 1.0, log=True), tune.loguniform(1e-3, 1.0)),
        (IntDistribution(1, 8), tune.randint(1, 9)),
        (CategoricalDistribution([8, 32]), tune.choice([8, 32])),
    ],
)
def test_ranges_of_two_tools_mean_the_same(one, other):
    assert studied({"lr": one}) == studied({"lr": other})
    assert studied({"lr": one}) != studied({"lr": tune.choice([1, 2, 3])})


def test_the_yaml_says_what_the_study_in_python_says(folder):
    (written_one,), (python_one,) = load_studies(["study.yaml"]), load_studies(["optuna_study.py"])
    for field in ("metric", "fidelity", "fixed", "search", "scheduler", "replicates"):
        assert getattr(written_one, field) == getattr(python_one, field), field
