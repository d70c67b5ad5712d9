"""Spaces of Ray Tune and of Optuna become a study's plain fields, or are refused by name."""

import dataclasses
import itertools
import json
import types

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from ray import tune
from ray.tune.search.variant_generator import generate_variants

from sweepbook import Fidelity, Metric, Search, Study
from sweepbook.plan.search import draws
from sweepbook.plan.space import check_value, plain_space
from sweepbook.plan.values import plain_study
from sweepbook.search.cell import distributions
from sweepbook.study.read import study_of
from sweepbook.study.spaces.names import flat, nested


def study(space=None, n_trials=None, **fields):
    return Study(
        **{
            "name": "s",
            "question": "?",
            "trainable": "m:train",
            "metric": Metric("loss", "min"),
            "fidelity": Fidelity("epoch", "epochs"),
            "space": space,
            "search": Search(n_trials=n_trials) if n_trials else None,
            **fields,
        }
    )


def test_a_param_space_of_ray_becomes_constants_a_grid_and_a_search():
    made = study(
        {
            "optimizer": {
                "name": tune.grid_search(["sgd", "adam"]),
                "lr": tune.loguniform(1e-4, 1e-1),
                "betas": [0.9, 0.99],
            },
            "width": tune.lograndint(8, 129),
            "depth": {"grid_search": [1, 2]},
            "extra": {},
            "epochs": 5,
        },
        n_trials=20,
    )
    assert made.fixed == {"optimizer/betas": [0.9, 0.99], "extra": {}, "epochs": 5}
    assert made.grid == {"optimizer/name": ["sgd", "adam"], "depth": [1, 2]}
    assert [*made.search.domains] == ["optimizer/lr", "width"]
    assert made.search.domains["width"]["high"] == 128, "Ray excludes the end"
    assert made.nested and made.n_trials == 80 and len(made.configs()) == 4


def test_a_pure_grid_needs_no_number_of_trials_and_a_flat_one_is_not_nested():
    made = study({"lr": tune.grid_search([0.1, 0.01]), "epochs": 3})
    assert made == study(grid={"lr": [0.1, 0.01]}, fixed={"epochs": 3})
    assert made.n_trials == 2 and not made.nested and made.search is None


def test_optunas_distributions_become_a_search_whose_sampler_has_the_same_ones():
    asked = {
        "lr": FloatDistribution(1e-5, 1e-1, log=True),
        "n": IntDistribution(1, 8),
        "units": IntDistribution(16, 128, step=16),
        "wide": IntDistribution(1, 1024, log=True),
        "drop": FloatDistribution(0.1, 0.5, step=0.1),
        "act": CategoricalDistribution(["relu", "tanh", None]),
    }
    made = study({**asked, "epochs": 3}, n_trials=5)
    assert made.fixed == {"epochs": 3}
    assert distributions(made.search.domains) == asked


def test_the_search_takes_the_dict_itself():
    ranges = {"lr": tune.uniform(0, 1), "a": {"b": IntDistribution(1, 3)}}
    inside = study(search=Search(n_trials=5, space=ranges, points=[{"lr": 0.5, "a": {"b": 2}}]))
    assert inside.nested and [*inside.search.domains] == ["lr", "a/b"]
    assert inside.search.points == [{"lr": 0.5, "a/b": 2}]
    assert inside.search.domains == study(ranges, n_trials=5).search.domains


def test_a_study_with_a_space_can_be_changed_and_read_back_from_json():
    made = study({"a": {"lr": tune.uniform(0, 1)}, "epochs": 3}, n_trials=5)
    assert dataclasses.replace(made, replicates=2).search == made.search
    content = json.loads(json.dumps(dataclasses.asdict(made)))
    again = study_of(content)
    assert again.search.domains == made.search.domains and again.nested
    assert again.configs() == made.configs() and again.n_trials == made.n_trials


def test_numpys_numbers_in_ranges_and_choices_become_pythons():
    made = study(
        {"lr": tune.uniform(np.float32(0.5), np.float64(1)), "n": tune.choice(np.arange(3))},
        n_trials=5,
    )
    assert json.loads(json.dumps(made.search.domains)) == made.search.domains


class Foreign:
    """Stands for an object of another library."""


def of_library(module):
    return type("Real", (Foreign,), {"__module__": f"{module}.space"})()


@pytest.mark.parametrize(
    "space, words",
    [
        ({"lr": tune.sample_from(lambda spec: 1)}, ["'lr'", "sample_from", "range"]),
        ({"lr": tune.randn(0, 1)}, ["'lr'", "randn", "uniform"]),
        ({"lr": tune.qloguniform(1e-3, 1, 1e-3)}, ["'lr'", "qloguniform", "loguniform"]),
        ({"lr": lambda spec: 1}, ["'lr'", "function", "trainable"]),
        ({"lr": {"values": [1, 2]}}, ["'lr'", "W&B", "grid_search", "fixed"]),
        ({"lr": {"min": 0, "max": 1}}, ["'lr'", "W&B", "loguniform"]),
        ({"lr": {"distribution": "log_uniform_values", "min": 1, "max": 2}}, ["'lr'", "W&B"]),
        ({"lr": {"value": 1}}, ["'lr'", "W&B", "value alone"]),
        ({"lr": [tune.uniform(0, 1), 1]}, ["'lr'", "inside a list"]),
        ({"lr": [{"grid_search": [1]}]}, ["'lr'", "grid_search inside a list"]),
        ({"lr": tune.choice([tune.uniform(0, 1), 1])}, ["'lr'", "inside choice"]),
        ({"lr": tune.choice([tune.grid_search([1, 2]), 1])}, ["'lr'", "inside choice"]),
        ({"lr": tune.choice([{"a": tune.grid_search([1])}, {"a": 1}])}, ["'lr'", "grid_search"]),
        ({"lr": tune.grid_search([tune.uniform(0, 1)])}, ["'lr'", "inside grid_search"]),
        ({"lr": {"grid_search": 3}}, ["'lr'", "must be a list"]),
        ({"lr": {"grid_search": {1, 2}}}, ["'lr'", "set", "sorted"]),
        ({"lr": {"grid_search": [1], "other": 2}}, ["'lr'", "'other'"]),
        ({"a/b": 1}, ["'a/b'", "slash", "{'a': {'b'"]),
        ({"": 1}, ["name of a setting"]),
        ({"a": {3: 1}}, ["name of a setting", "3", "'a'"]),
        (["lr"], ["must be a dict", "['lr']"]),
        (lambda trial: trial.suggest_float("lr", 0, 1), ["suggest_float", "FloatDistribution"]),
        ({"lr": FloatDistribution(0.1, 0.1)}, ["'lr'", "one value"]),
        ({"lr": tune.choice([{"a": 1}, {"a": 2}])}, ["'lr'", "grid_search", "text"]),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_named_with_what_to_write(space, words):
    with pytest.raises(ValueError) as caught:
        study(space, n_trials=5)
    text = str(caught.value)
    assert all(word in text for word in words) and "\n" not in text, text


@pytest.mark.parametrize("module", ["hyperopt", "skopt", "ConfigSpace", "scipy.stats", "wandb"])
def test_objects_of_other_libraries_are_named(module, monkeypatch):
    top = module.partition(".")[0]
    monkeypatch.setitem(__import__("sys").modules, top, types.ModuleType(top))
    with pytest.raises(ValueError, match=r"'opt/lr'.*loguniform"):
        study({"opt": {"lr": of_library(module)}}, n_trials=5)


def test_ranges_and_the_number_of_trials_need_each_other():
    with pytest.raises(ValueError, match=r"lr.*Search\(n_trials"):
        study({"lr": tune.uniform(0, 1)})
    with pytest.raises(ValueError, match=r"n_trials=5.*no range"):
        study({"lr": tune.grid_search([1, 2])}, n_trials=5)
    with pytest.raises(ValueError, match=r"n_trials=5.*no space"):
        study(n_trials=5)
    with pytest.raises(ValueError, match="its space and in that of its search"):
        study({"lr": tune.uniform(0, 1)}, search=Search(n_trials=5, space="m:space"))
    with pytest.raises(ValueError, match="no described range"):
        Search(n_trials=5, domains={"lr": "uniform"})


def test_a_study_that_was_made_from_a_space_can_be_replaced():
    space = {"opt": {"lr": tune.uniform(0, 1), "name": tune.grid_search(["a", "b"])}, "epochs": 3}
    made = study(space, n_trials=5)
    assert dataclasses.replace(made, seed=7) == study(space, n_trials=5, seed=7)
    for other in ({"epochs": 4}, {"opt": {"momentum": tune.uniform(0, 1)}}):
        with pytest.raises(ValueError, match=r"replace\(study, space=.*search=Search\("):
            dataclasses.replace(made, space=other)
    other = {"lr": tune.uniform(0, 2), "epochs": 4}
    anew = {"fixed": {}, "grid": {}, "search": Search(n_trials=5), "nested": False}
    assert dataclasses.replace(made, space=other, **anew) == study(other, n_trials=5)


def test_a_range_or_a_grid_search_outside_of_the_space_is_told_where_to_stand():
    for fields in ({"fixed": {"lr": tune.grid_search([1])}}, {"points": [tune_point()]}):
        with pytest.raises(ValueError, match=r"'lr' as a grid_search.*space"):
            study(**fields)
    for domain in (tune.uniform(0, 1), tune.sample_from(lambda spec: 1), IntDistribution(1, 2)):
        with pytest.raises(ValueError, match=r"lr.* a range stands in the space"):
            plain_study(study(grid={"lr": [domain, 1]}), None)


def tune_point():
    return {"lr": tune.grid_search([1, 2])}


@pytest.mark.parametrize(
    "fields",
    [{"grid": {"lr": [1]}}, {"fixed": {"lr": 1}}, {"points": [{"lr": 1}]}],
)
def test_a_setting_is_said_once(fields):
    with pytest.raises(ValueError, match="'lr' in its space and in another field"):
        study({"lr": 3}, **fields)


@pytest.mark.parametrize(
    "space, fields",
    [
        ({"a": {"b": 1}}, {"fixed": {"a": 2}}),
        ({"a": {"b": 1}}, {"grid": {"a": [2]}}),
        (None, {"grid": {"a/b": [1]}, "fixed": {"a": {"c": 1}}, "nested": True}),
        (None, {"grid": {"a//b": [1]}, "nested": True}),
    ],
)
def test_a_setting_is_not_both_a_value_and_a_dict(space, fields):
    with pytest.raises(ValueError, match=r"'a' has a value of its own|'a//b'.*empty part"):
        study(space, **fields)


def test_a_slash_in_a_study_that_is_not_nested_is_a_letter_like_others():
    made = study(grid={"a/b": [1, 2]}, fixed={"a": 3})
    assert not made.nested and made.configs()[0] == {"a/b": 1, "a": 3}


KEYS = st.sampled_from(["a", "b", "lr", "deep.er", "n"])
CONSTANTS = st.one_of(
    st.integers(-5, 5), st.text("xy", max_size=2), st.none(), st.booleans(),
    st.lists(st.integers(0, 3), max_size=3), st.just({}),
)  # fmt: skip
GRIDS = st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True).map(tune.grid_search)
OPEN = st.one_of(
    st.tuples(st.integers(-5, 0), st.integers(1, 5)).map(lambda b: tune.uniform(*b)),
    st.tuples(st.floats(1e-6, 1e-2), st.floats(0.1, 9)).map(lambda b: tune.loguniform(*b)),
    st.tuples(st.integers(-5, 0), st.integers(2, 5)).map(lambda b: tune.randint(*b)),
    st.tuples(st.integers(1, 5), st.integers(8, 99)).map(lambda b: tune.lograndint(*b)),
    st.tuples(st.integers(-5, 0), st.integers(1, 5)).map(
        lambda b: tune.qrandint(3 * b[0], 3 * b[1], 3)
    ),
    st.tuples(st.integers(-5, 0), st.integers(1, 5)).map(
        lambda b: tune.quniform(b[0] / 4, b[1] / 4, 0.25)
    ),
    st.lists(st.integers(0, 9), min_size=2, max_size=4, unique=True).map(tune.choice),
)


def spaces(leaves):
    return st.recursive(
        st.dictionaries(KEYS, leaves, min_size=1, max_size=3),
        lambda inner: st.dictionaries(KEYS, st.one_of(leaves, inner), min_size=1, max_size=3),
        max_leaves=6,
    )


@given(spaces(st.one_of(CONSTANTS, GRIDS)))
def test_the_configs_of_a_grid_are_rays_variants(space):
    made = study(space)
    ours = [nested(config) for config in made.configs()]
    rays = [variant for _, variant in generate_variants(space)]
    assert sorted(map(repr, map(_in_order, ours))) == sorted(map(repr, map(_in_order, rays)))
    assert study_of(json.loads(json.dumps(dataclasses.asdict(made)))).configs() == made.configs()


def _in_order(value):
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return value


@given(spaces(st.one_of(CONSTANTS, GRIDS, OPEN)), st.integers(0, 2**16))
def test_what_is_drawn_lies_in_rays_domain_and_in_ours(space, seed):
    leaves = flat(space, whole=_grids(space))
    is_open = {k for k, v in leaves.items() if isinstance(v, tune.search.sample.Domain)}
    if not is_open:
        return
    made = study(space, n_trials=3)
    assert made.search.domains.keys() == is_open
    described = plain_space(made.search.domains)
    for settings in draws(described, 2, seed):
        for key, value in settings.items():
            check_value(described, key, value)
            assert leaves[key].is_valid(value), (key, value)
    for key in itertools.islice(is_open, 2):
        value = leaves[key].sample(random_state=seed)
        check_value(described, key, value.item() if isinstance(value, np.generic) else value)
    content = json.loads(json.dumps(dataclasses.asdict(made)))
    assert study_of(content).search.domains == made.search.domains


def _grids(space, prefix=""):
    """The flat names of the grids of a space."""
    found = []
    for key, value in space.items():
        if isinstance(value, dict):
            name = f"{prefix}{key}"
            found += [name] if "grid_search" in value else _grids(value, f"{name}/")
    return found


FLOATS = st.tuples(st.floats(1e-6, 1), st.floats(2, 99), st.booleans()).map(
    lambda t: FloatDistribution(t[0], t[1], log=t[2])
)
INTS = st.tuples(st.integers(1, 5), st.integers(6, 99), st.booleans()).map(
    lambda t: IntDistribution(t[0], t[1], log=t[2])
)
STEPS = st.tuples(st.integers(-9, 5), st.integers(1, 9), st.integers(1, 9)).map(
    lambda t: IntDistribution(t[0], t[0] + t[1] * t[2], step=t[2])
)
CATEGORIES = st.lists(st.sampled_from(["a", "b", None, 2, 0.5]), min_size=2, unique=True).map(
    CategoricalDistribution
)


@given(st.dictionaries(KEYS, st.one_of(FLOATS, INTS, STEPS, CATEGORIES), min_size=1))
def test_optunas_distributions_come_back_as_they_were(asked):
    described = plain_space(study(asked, n_trials=3).search.domains)
    assert distributions(json.loads(json.dumps(described))) == asked


def test_the_older_distributions_of_optuna_are_read_as_what_they_are():
    with pytest.warns(FutureWarning):
        old = optuna.distributions.LogUniformDistribution(1e-3, 1.0)
    made = study({"lr": old}, n_trials=3)
    assert made.search.domains["lr"]["log"] is True


@given(spaces(CONSTANTS))
def test_a_flat_config_means_the_dicts_that_it_was_made_of(config):
    assert nested(flat(config)) == config
    assert flat(nested(flat(config))) == flat(config)
