"""What a study declares, a command sets and a search suggests is in memory as in the record."""

import dataclasses
import datetime
import enum
import json
import math
import types
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray import tune

from sweepbook import Fidelity, Metric, Search, Study
from sweepbook.plan.manifest import new_manifest, recorded_plan
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan, suggested_trial
from sweepbook.plan.values import checked_config, plain_value
from sweepbook.record.manifest import manifest_of
from sweepbook.study.read import study_of


class Opt(enum.Enum):
    SGD = "sgd"


class Word(enum.StrEnum):
    SGD = "sgd"


@dataclasses.dataclass(frozen=True)
class Optim:
    name: str = "adam"
    lr: float = 0.01


@dataclasses.dataclass(frozen=True)
class Config:
    rounds: int = 2
    depth: int = 3
    seed: int = 0
    optim: Optim = dataclasses.field(default_factory=Optim)
    hidden: tuple[int, ...] = (64, 64)


@dataclasses.dataclass(frozen=True)
class WithEnum:
    rounds: int = 2
    opt: Opt = Opt.SGD


def train(config):
    yield {"round": 1, "acc": 1.0}


def train_config(config: Config):
    yield {"round": 1, "acc": config.optim.lr}


def train_with_enum(config: WithEnum):
    yield {"round": 1, "acc": 1.0}


def choices():
    kinds = [None, 3, 5.0, True, "auto"]
    return {"kind": tune.choice(kinds), "n": tune.randint(1, 10**15), "depth": tune.choice([1, 2])}


STUDY = Study(
    name="toy",
    question="?",
    trainable=f"{__name__}:train",
    metric=Metric("acc", "max"),
    fidelity=Fidelity("round", "rounds"),
    fixed={"rounds": 2},
    replicates=1,
)


def of(**changes):
    return dataclasses.replace(STUDY, **changes)


def same(left, right):
    """Equal, and of the same types all the way down: True is not 1, a tuple is no list."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right and (left != 0 or math.copysign(1, left) == math.copysign(1, right))


def read_back(study, options=Options()):  # noqa: B008  # frozen
    """The plan of a study, and the one that a resume reads."""
    plan = make_plan(study, options)
    content = new_manifest(plan, options, ["sweepbook"], []).as_json()
    return plan, recorded_plan(manifest_of(json.loads(json.dumps(content))))


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(), max_size=5),
    st.floats(width=32).map(np.float32), st.integers(0, 255).map(np.uint8), st.complex_numbers(),
    st.booleans().map(np.bool_), st.text(max_size=3).map(np.str_), st.binary(max_size=3),
    st.dates(), st.sampled_from([Opt.SGD, Word.SGD, Path("a") / "b", len, int, Optim()]),
    st.lists(st.integers(-9, 9), max_size=3).map(np.array), st.integers(0, 4).map(range),
)  # fmt: skip
keys = st.one_of(st.text(max_size=3), st.sampled_from([0, 1.5, None, True, np.str_("k")]))
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=3)
        | st.dictionaries(st.text(max_size=2), inner, max_size=2).map(types.MappingProxyType)
        | st.frozensets(st.integers(), max_size=2)
    ),
    max_leaves=8,
)


@given(values)
def test_a_value_is_refused_or_json_gives_it_back(value):
    try:
        found = plain_value(value, "study s: setting x")
    except ValueError as error:
        assert str(error).startswith("study s: setting x") and "\n" not in str(error)
        return
    assert same(json.loads(json.dumps(found)), found)


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=4)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)  # fmt: skip


@given(plain)
def test_what_is_plain_already_stays_as_it_is(value):
    assert same(plain_value(value, "x"), value)


@pytest.mark.parametrize(
    "value, expected",
    [
        (np.int64(3), 3),
        (np.float64(0.5), 0.5),
        (np.bool_(True), True),
        (np.arange(4).reshape(2, 2), [[0, 1], [2, 3]]),
        (range(2), [0, 1]),
        (((64, 64), (128,)), [[64, 64], [128]]),
        (Path("a") / "b.csv", "a/b.csv"),
        (OrderedDict(b=(1,), a=np.float32(0.5)), {"b": [1], "a": 0.5}),
    ],
)
def test_numpy_s_values_tuples_and_paths_become_plain(value, expected):
    assert same(plain_value(value, "x"), expected)


@pytest.mark.parametrize(
    "fixed, said",
    [
        ({"opt": {"by_layer": {0: 0.1}}}, ["opt.by_layer", "{0: 0.1}", "must be a text"]),
        ({"opt": [{"act": math.tanh}]}, ["opt[0].act", "tanh", "give its name as a text"]),
        ({"act": lambda x: x}, ["setting act", "lambda", "give its name as a text"]),
        ({"act": Optim}, ["setting act", "Optim", "give its name as a text"]),
        ({"opt": Opt.SGD}, ["setting opt", "Opt.SGD", "give its name as a text"]),
        ({"opt": Word.SGD}, ["setting opt", "Word.SGD", "give its name as a text"]),
        ({"opt": Optim()}, ["setting opt", "Optim(", "give it as a dict"]),
        ({"c": 1j}, ["setting c", "1j", "real"]),
        ({"b": b"raw"}, ["setting b", "b'raw'", "text"]),
        ({"lr": math.nan}, ["setting lr", "nan", "None"]),
        ({"n": 2**63}, ["setting n", str(2**63), "2**63 - 1"]),
        ({"text": "half \ud800"}, ["setting text", r"\ud800", "surrogate"]),
        ({"tags": {"a"}}, ["setting tags", "{'a'}", "sorted(...)"]),
        ({"day": datetime.date(2024, 1, 1)}, ["setting day", "2024", "isoformat"]),
        ({"any": object()}, ["setting any", "<object object", "give texts, numbers"]),
        ({"long": {1: "x" * 999}}, ["setting long", "...", "must be a text"]),
        ({3: 1}, ["3", "must be a text"]),
    ],
)
def test_what_a_record_cannot_keep_is_refused_by_name(fixed, said):
    studies = [of(fixed={"rounds": 2} | fixed), of(points=[fixed])]
    studies += [of(grid={key: [value] for key, value in fixed.items()})]
    for study in studies:
        with pytest.raises(ValueError) as refused:
            make_plan(study, Options())
        message = str(refused.value)
        assert all(part in message for part in ["study toy", *said]), message
        assert "\n" not in message and len(message) < 300


def test_what_holds_itself_is_refused():
    ring = []
    ring.append(ring)
    with pytest.raises(ValueError, match="setting ring"):
        make_plan(of(fixed={"rounds": 2, "ring": ring}), Options())


@pytest.mark.parametrize(
    "grid",
    [
        {"depth": list(np.arange(2, 4))},
        {"depth": np.arange(2, 4)},
        {"depth": range(2, 4)},
        {"depth": (n for n in (2, 3))},
        {"depth": {2: "two", 3: "three"}.keys()},
    ],
)
def test_a_grid_is_read_once_whatever_it_is(grid):
    study = of(grid=grid)
    for _ in range(2):  # show, then run
        plan, resumed = read_back(study)
        assert sorted(t.config["depth"] for t in plan.trials) == [2, 3]
        assert all(
            same(a.config, b.config) for a, b in zip(plan.trials, resumed.trials, strict=True)
        )


def test_a_record_of_the_version_before_may_name_a_range_as_a_text():
    content = json.loads(json.dumps(dataclasses.asdict(of(grid={"depth": [2, 3]}))))
    assert study_of(content | {"grid": {"depth": "range(2, 4)"}}).name == "toy"


def test_points_may_be_a_generator():
    study = of(points=({"depth": np.int64(n)} for n in (2, 3)))
    assert study.n_trials == len(make_plan(study, Options()).trials) == 2


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"grid": {"opt": {"adam", "sgd"}}}, "opt is a set, .* sorted"),
        ({"grid": {"opt": frozenset("ab")}}, "opt is a set"),
        ({"grid": {"opt": "adam"}}, "opt must be a list, got 'adam'"),
        ({"grid": {"opt": {"lr": 1}}}, "opt must be a list"),
        ({"grid": {"lr": 0.1}}, "lr must be a list, got 0.1"),
        ({"grid": {"lr": np.array(0.1)}}, "lr must be a list"),
        ({"grid": {"lr": iter(())}}, "toy .*no values for lr"),
        ({"points": {"lr": 1}}, "points of toy must be a list"),
        ({"points": [3]}, "points of toy must be dicts"),
    ],
)
def test_what_is_no_list_of_values_is_refused_at_declaration(changes, message):
    with pytest.raises(ValueError, match=message):
        of(**changes)


def test_a_trial_is_the_same_before_and_after_its_record():
    fixed = {"rounds": 2, "opt": {"betas": (0.9, np.float32(0.5))}, "csv": Path("a.csv")}
    grid = {"hidden": ((64, 64), (128,)), "kind": [None, 3, 5.0, True, 1, 3.0, "auto"]}
    plan, resumed = read_back(of(fixed=fixed, grid=grid))
    assert len({t.trial_id for t in plan.trials}) == 14
    assert all(same(a.config, b.config) for a, b in zip(plan.trials, resumed.trials, strict=True))
    kinds = [t.config["kind"] for t in plan.trials if t.config["hidden"] == [128]]
    assert sorted(map(repr, kinds)) == sorted(map(repr, grid["kind"]))


def test_a_command_s_settings_are_plain_and_refused_as_a_study_s():
    study = of(grid={"lr": [0.1]})
    plan, resumed = read_back(study, Options(settings={"lr": np.float32(0.5)}))
    assert same(plan.trials[0].config, {"rounds": 2, "lr": 0.5})
    assert same(resumed.trials[0].config, {"rounds": 2, "lr": 0.5})
    with pytest.raises(ValueError, match="--set lr is nan"):
        Options(settings={"lr": math.nan})


def test_a_suggestion_is_plain_and_of_the_kind_that_was_declared():
    search = Search(space=f"{__name__}:choices", n_trials=4)
    plan, resumed = read_back(of(search=search))
    assert plan.search.space == resumed.search.space
    for kind in (None, 3, 5.0, True, "auto"):
        settings = {"kind": kind, "n": np.int64(10**15 - 1), "depth": np.int32(1)}
        first, again = (suggested_trial(p, 0, settings, 0) for p in (plan, resumed))
        assert first.trial_id == again.trial_id
        assert same(first.config, {"rounds": 2, "kind": kind, "n": 10**15 - 1, "depth": 1})


def test_a_cell_is_found_by_the_very_value():
    search = Search(space=f"{__name__}:choices", n_trials=4)
    cells = [1, True, 1.0, [1], None]
    plan = make_plan(of(grid={"cell": cells}, search=search), Options())
    for index, config in enumerate(plan.search.configs):
        assert plan.search.cell_of(config) == index


def test_a_config_s_dataclass_may_hold_others():
    study = of(
        trainable=f"{__name__}:train_config",
        grid={"depth": np.arange(2, 4), "optim": (Optim(lr=0.2), {"name": "sgd"})},
        fixed={},
    )
    plan, resumed = read_back(study)
    configs = [trial.config for trial in plan.trials]
    assert {c["optim"]["lr"] for c in configs} == {0.2, 0.01}
    assert all(c["hidden"] == [64, 64] for c in configs)
    assert all(same(a.config, b.config) for a, b in zip(plan.trials, resumed.trials, strict=True))


def test_a_default_that_a_record_cannot_keep_is_refused_by_name():
    study = of(trainable=f"{__name__}:train_with_enum", fixed={})
    with pytest.raises(ValueError, match="study toy: setting opt is <Opt.SGD"):
        make_plan(study, Options())


@dataclasses.dataclass(frozen=True)
class Scaled:
    """Its rule changes a value each time that it is made."""

    rounds: int = 3
    lr: float = 0.1

    def __post_init__(self):
        object.__setattr__(self, "lr", self.lr * 2)


def test_a_dataclass_that_changes_its_own_values_is_refused():
    with pytest.raises(ValueError, match="Scaled .*lr from 0.2"):
        checked_config("s", {"rounds": 3}, Scaled)
    assert checked_config("s", {"C": math.inf}, None) == {"C": math.inf}
