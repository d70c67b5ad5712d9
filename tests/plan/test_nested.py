"""Nested settings: flat names in plans and records, nested dicts wherever code gets a config."""

import sys
from dataclasses import dataclass, field

import pytest

from sweepbook import Claim, Fidelity, Metric, Search, Study
from sweepbook.plan.options import Options, setting
from sweepbook.plan.plan import make_plan, suggested_trial
from sweepbook.tune.worker.run import Assignment, reports

HERE = sys.modules[__name__]
SEEN = {}


@dataclass(frozen=True)
class Optimizer:
    lr: float = 0.1
    name: str = "sgd"


@dataclass(frozen=True)
class Config:
    optimizer: Optimizer = field(default_factory=Optimizer)
    epochs: int = 2
    seed: int = 0


def train(config):
    SEEN["train"] = config
    for epoch in range(1, config["epochs"] + 1):
        yield {"epoch": epoch, "loss": config["optimizer"]["lr"] / epoch}


def train_made(config: Config):
    SEEN["train"] = config
    for epoch in range(1, config.epochs + 1):
        yield {"epoch": epoch, "loss": config.optimizer.lr / epoch}


def data(config):
    SEEN["data"] = config
    return {"name": "d", "sha256": None, "rows": {}}


def cost(config, described):
    SEEN["cost"] = config
    return config["optimizer"]["lr"]


def single(config):
    SEEN["single"] = config
    return False


def count(config):
    SEEN["count"] = config
    return config["epochs"]


def claims_of(configs, files):
    SEEN["claims_of"] = configs[0]
    return []


def study(**fields):
    return Study(
        **{
            "name": "s",
            "question": "?",
            "trainable": f"{__name__}:train",
            "metric": Metric("loss", "min"),
            "fidelity": Fidelity("epoch", "epochs"),
            "replicates": 1,
            **fields,
        }
    )


SPACE = {"optimizer": {"lr": {"grid_search": [0.1, 0.2]}, "name": "sgd"}, "epochs": 2}
NESTED = {"optimizer": {"lr": 0.1, "name": "sgd"}, "epochs": 2}


def trained(trial, folder):
    for name in ("checkpoints", "parts"):
        (folder / name).mkdir(exist_ok=True)
    made = reports(Assignment(trial, [str(folder)], []))
    return [row for report in made for row in report["rows"]]


def test_a_trainable_gets_the_nested_config_of_flat_settings(tmp_path):
    trials = make_plan(study(space=SPACE), Options()).trials
    assert [sorted(trial.config) for trial in trials] == [
        ["epochs", "optimizer/lr", "optimizer/name"]
    ] * 2
    (trial,) = (trial for trial in trials if trial.config["optimizer/lr"] == 0.1)
    rows = trained(trial, tmp_path)
    seed = SEEN["train"].pop("seed")
    assert SEEN["train"] == NESTED and isinstance(seed, int)
    assert [row["loss"] for row in rows] == [0.1, 0.05]
    assert trial.config["optimizer/lr"] == 0.1, "the trainable has a copy"


def test_every_function_of_the_study_gets_the_nested_config():
    hooks = {name: f"{__name__}:{name}" for name in ("data", "cost", "single", "claims_of")}
    counted = Fidelity("epoch", "epochs", count=f"{__name__}:count")
    SEEN.clear()
    make_plan(study(space=SPACE, fidelity=counted, **hooks), Options(epochs=2))
    assert SEEN.keys() == {*hooks, "count"}
    for name, config in SEEN.items():
        assert config["optimizer"].keys() == {"lr", "name"}, name


def test_ids_are_those_of_a_study_that_has_the_same_dicts_as_values():
    (nested,) = make_plan(study(space=NESTED), Options()).trials
    (plain,) = make_plan(study(fixed=NESTED), Options()).trials
    (flat,) = make_plan(study(fixed=nested.config), Options()).trials
    assert nested.trial_id == plain.trial_id != flat.trial_id


def test_a_slash_in_a_flat_study_reaches_the_trainable_as_it_is(tmp_path):
    (trial,) = make_plan(
        study(fixed={"a/b": 1, "optimizer": {"lr": 1}, "epochs": 1}), Options()
    ).trials
    trained(trial, tmp_path)
    assert SEEN["train"]["a/b"] == 1


@pytest.mark.parametrize("kind", ["dict", "dataclass"])
def test_the_command_line_sets_a_nested_setting(kind):
    key, value = setting("optimizer/lr=0.3")
    made = {"trainable": f"{__name__}:train_made"} if kind == "dataclass" else {}
    plan = make_plan(study(space=SPACE, **made), Options(settings={key: value}))
    assert [trial.config["optimizer/lr"] for trial in plan.trials] == [0.3]
    with pytest.raises(ValueError, match="optimizer"):
        make_plan(study(space=SPACE, **made), Options(settings={"optimizer": 3}))
    with pytest.raises(ValueError, match="lrr"):
        make_plan(study(space=SPACE, **made), Options(settings={"optimizer/lrr": 3}))


def test_a_config_class_gets_its_nested_dataclass_with_its_defaults(tmp_path):
    made = study(
        trainable=f"{__name__}:train_made", nested=True, grid={"optimizer/lr": [0.1, 0.2]}
    )
    trials = make_plan(made, Options()).trials
    assert {trial.config["optimizer/name"] for trial in trials} == {"sgd"}
    trained(trials[0], tmp_path)
    assert SEEN["train"].optimizer == Optimizer(trials[0].config["optimizer/lr"])
    with pytest.raises(ValueError, match="momentum"):
        make_plan(
            study(
                trainable=f"{__name__}:train_made", nested=True, fixed={"optimizer/momentum": 1}
            ),
            Options(),
        )


def test_a_grid_of_whole_dicts_keeps_them_as_values(tmp_path):
    optimizers = [{"lr": 0.1, "name": "sgd"}, {"lr": 0.2, "name": "adam"}]
    space = {"optimizer": {"grid_search": optimizers}, "epochs": 1, "other": {"a": 1}}
    trials = make_plan(study(space=space), Options()).trials
    assert sorted(t.config["optimizer"]["lr"] for t in trials) == [0.1, 0.2]
    trained(trials[0], tmp_path)
    assert SEEN["train"]["optimizer"] in optimizers and SEEN["train"]["other"] == {"a": 1}


@pytest.mark.parametrize("kind", ["dict", "dataclass"])
def test_a_search_suggests_nested_settings(tmp_path, kind):
    from ray import tune

    made = {"trainable": f"{__name__}:train_made"} if kind == "dataclass" else {}
    space = {"optimizer": {"lr": tune.uniform(0.1, 0.2)}, "epochs": 1}
    searched = study(
        space=space, search=Search(n_trials=3, points=[{"optimizer": {"lr": 0.15}}]), **made
    )
    plan = make_plan(searched, Options())
    assert plan.search.points == [{"optimizer/lr": 0.15}]
    trial = suggested_trial(plan, 0, {"optimizer/lr": 0.12})
    trained(trial, tmp_path)
    config = SEEN["train"]
    lr = config.optimizer.lr if kind == "dataclass" else config["optimizer"]["lr"]
    assert lr == 0.12


def test_a_function_may_return_the_space_of_a_nested_study():
    searched = Search(space=f"{__name__}:space", n_trials=3)
    made = study(nested=True, fixed={"epochs": 1}, search=searched)
    assert [*make_plan(made, Options()).search.space] == ["optimizer/lr"]
    with pytest.raises(ValueError, match="nested=True"):
        make_plan(study(fixed={"epochs": 1}, search=searched), Options())


def space():
    from ray import tune

    return {"optimizer": {"lr": tune.uniform(0, 1)}}


@pytest.mark.parametrize("declared", ["dict", "function"])
def test_the_command_line_fixes_a_searched_setting_of_a_trainable_that_takes_any_dict(declared):
    from ray import tune

    ranges = {**space(), "n": tune.randint(1, 9)}
    HERE.ranges = lambda: ranges
    given = ranges if declared == "dict" else f"{__name__}:ranges"
    made = study(nested=True, fixed={"epochs": 1}, search=Search(space=given, n_trials=3))
    plan = make_plan(made, Options(settings={"n": 5}))
    assert [*plan.search.space] == ["optimizer/lr"]
    assert plan.search.configs[0]["n"] == 5
    with pytest.raises(ValueError, match="optimizer/lr"):
        make_plan(made, Options(settings={"optimizer/lrr": 5}))


def test_a_claim_names_a_nested_setting_by_its_flat_name():
    from sweepbook.checks.declared import problems_of

    def claimed(key):
        arms = ({key: 0.1}, {key: 0.2})
        claim = Claim(
            name="c", statement="", kind="direction", metric="loss", direction="lower",
            smallest=0.0, reason="any", arms=arms,
        )  # fmt: skip
        return problems_of(make_plan(study(space=SPACE, claims=[claim]), Options()), Options())

    assert claimed("optimizer/lr") == []
    assert "optimizer/lr" in " ".join(claimed("lr"))


def test_a_list_constant_and_a_nested_one_are_shown_for_what_they_are(console_lines):
    from ray import tune

    ranged = {"layers": [64, 32], "optimizer": {"lr": tune.loguniform(1e-4, 1e-1)}, "epochs": 1}
    shown = console_lines(study(space=ranged, search=Search(n_trials=20)))
    assert "epochs 1" in shown and "layers [64, 32]" in shown
    assert "layers is a list and one value" in shown
    assert "optimizer/lr" in shown and "0.0001 .. 0.1, logarithmic" in shown


@pytest.fixture
def console_lines():
    """What `sweepbook show` prints of a study."""
    import io

    from rich.console import Console

    from sweepbook.commands.show import show_plan

    def shown(study):
        console = Console(file=io.StringIO(), width=200)
        show_plan(make_plan(study, Options()), console)
        return console.file.getvalue()

    return shown
