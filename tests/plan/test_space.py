import dataclasses
import json

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray import tune

from search_spaces import STUDIES
from sweepbook import Search
from sweepbook.plan.search import draws
from sweepbook.plan.space import check_value, describe_space
from sweepbook.search.cell import distributions
from sweepbook.study.hooks import config_type, load_object

SPACE = {
    "u": tune.uniform(-1.0, 2.0),
    "l": tune.loguniform(1e-5, 1.0),
    "q": tune.quniform(0.5, 2.0, 0.25),
    "i": tune.randint(1, 5),
    "li": tune.lograndint(64, 1025),
    "qi": tune.qrandint(0, 100, 10),
    "c": tune.choice(["a", None, 3, True]),
}


def test_a_space_is_described_by_inclusive_bounds_and_survives_json():
    space = describe_space(SPACE)
    assert space["i"] == {"kind": "int", "low": 1, "high": 4, "log": False, "step": None}
    assert space["li"]["high"] == 1024 and space["li"]["log"]
    assert space["q"] == {"kind": "float", "low": 0.5, "high": 2.0, "log": False, "step": 0.25}
    assert space["qi"]["high"] == 100 and space["qi"]["step"] == 10
    assert space["c"] == {"kind": "choice", "choices": ["a", None, 3, True]}
    assert json.loads(json.dumps(space)) == space


@given(st.integers(0, 2**32))
def test_what_is_drawn_lies_in_the_space_and_in_optunas(seed):
    space = describe_space(SPACE)
    known = distributions(space)
    for settings in draws(space, 3, seed):
        assert settings.keys() == SPACE.keys()
        for key, value in settings.items():
            check_value(space, key, value)
            assert known[key]._contains(known[key].to_internal_repr(value)), (key, value)


@pytest.mark.parametrize(
    "name, domain",
    [
        ("grid_search", tune.grid_search([1, 2])),
        ("sample_from", tune.sample_from(lambda spec: 1)),
        ("randn", tune.randn(0, 1)),
        ("qrandn", tune.qrandn(0, 1, 0.5)),
        ("qloguniform", tune.qloguniform(1e-3, 1, 1e-3)),
        ("qlograndint", tune.qlograndint(1, 100, 5)),
        ("the constant 3", 3),
        ("nested settings", {"inner": tune.uniform(0, 1)}),
        ("the choice", tune.choice([(1, 2), (3, 4)])),
        ("the choice", tune.choice([[64], [64, 64]])),
        ("the choices", tune.choice([1])),
        ("the choices", tune.choice([0.1, 1e-1])),
        ("the choices", tune.choice([1, True, 2])),
        ("the choices", tune.choice([3, 3.0])),
        ("a range with '1'", tune.randint("1", "5")),
        ("a range with 1.5", tune.randint(1.5, 5)),
        ("a range with 2.5", tune.qrandint(0, 10, 2.5)),
        ("the range 1 .. 0", tune.uniform(1, 0)),
        ("the range 0 ..", tune.randint(0, 10**18)),
        ("steps of -0.1", tune.quniform(0, 1, -0.1)),
        ("steps of 4", tune.qrandint(1, 10, 4)),
    ],
)
def test_what_optuna_would_not_sample_as_declared_is_refused_by_name(name, domain):
    with pytest.raises(ValueError, match=f"'lr' from {name}"):
        describe_space({"lr": domain})


@pytest.mark.parametrize(
    "space, message",
    [
        (["lr"], "must return a dict"),
        ({0: tune.uniform(0, 1)}, "name of a setting must be a text"),
        ({"lr": tune.choice([float("nan"), 1.0])}, "a choice of 'lr' is nan"),
        ({"lr": tune.choice([print, 1.0])}, "a choice of 'lr' is .* give its name"),
    ],
)
def test_a_space_that_a_record_cannot_keep_is_refused(space, message):
    with pytest.raises(ValueError, match=message):
        describe_space(space)


def test_numpy_s_bounds_and_choices_become_python_s():
    space = describe_space(
        {
            "u": tune.uniform(np.float32(0.5), np.float64(1)),
            "q": tune.quniform(np.float64(0), 1, np.float64(0.25)),
            "i": tune.randint(np.int64(1), np.int64(5)),
            "c": tune.choice(np.arange(3)),
        }
    )
    assert json.loads(json.dumps(space)) == space
    assert {type(c) for c in space["c"]["choices"]} == {int}


def test_fine_steps_and_large_ranges_are_sampled_as_declared():
    space = describe_space({"x": tune.quniform(0, 1, 1e-7), "n": tune.randint(1, 10**15)})
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=5))
    for _ in range(12):
        trial = study.ask(fixed_distributions=distributions(space))
        for key, value in trial.params.items():
            check_value(space, key, value)
        study.tell(trial, trial.params["x"])


@pytest.mark.parametrize("value", [0.6, 0.5000001, 2.25, "1", None, True])
def test_a_point_between_the_steps_is_refused(value):
    space = describe_space(SPACE)
    check_value(space, "q", 0.75)
    with pytest.raises(ValueError, match="^q must"):
        check_value(space, "q", value)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"n_trials": 0}, "n_trials"),
        ({"n_random": True}, "n_random"),
        ({"space": "nowhere"}, "module:function"),
        ({"seed": -1}, "seed"),
        ({"points": [{}] * 9}, r"points \(9\), got 8"),
        ({"scientific": "lr"}, "list of settings"),
    ],
)
def test_a_search_that_cannot_be_is_refused_at_declaration(changes, message):
    search = Search(space="somewhere:space", n_trials=8)
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(search, **changes)


def test_the_grids_and_the_searches_of_a_trainable_share_their_keys():
    """One vocabulary: a search opens what the grids vary, and nothing a config does not have."""
    searched = {s.name: s for s in STUDIES.values() if s.search}
    assert {"tuned-architecture", "tuned-mlp"} <= searched.keys()
    for study in searched.values():
        space = describe_space(load_object(study.search.space)())
        kind = config_type(load_object(study.trainable))
        cells = {key for cell in study.configs() for key in cell}
        fields = dataclasses.asdict(kind(**study.configs()[0]))
        assert space.keys() <= fields.keys() and not space.keys() & cells
        for key, domain in space.items():
            for value in domain.get("choices", (domain.get("low"),)):
                assert type(value) is type(fields[key]), f"{key} of {study.name}"
    mlp = describe_space(load_object(STUDIES["tuned-mlp"].search.space)())
    varied = set()
    for name in ("learning-rate", "batch-norm", "batch-size", "architecture", "implicit"):
        configs = STUDIES[name].configs()
        varied |= {k for k in configs[0] if len({str(c[k]) for c in configs}) > 1}
    assert varied - {"epochs"} <= mlp.keys()
    pairs = STUDIES["tuned-architecture"]
    published = {(c["depth"], c["width"]) for c in STUDIES["architecture"].configs()}
    assert {(c["depth"], c["width"]) for c in pairs.configs()} == published
    for pair in published:
        for key, value in zip(("depth", "width"), pair, strict=True):
            check_value(mlp, key, value)
