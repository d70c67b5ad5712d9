"""A resumed trainable that builds a model before it reads its state has the same numbers."""

import copy
import json
import pickle
from collections import OrderedDict

import pytest

from sweepbook import Fidelity, Metric, Study
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.tune.worker import course
from sweepbook.tune.worker.run import Assignment, reports
from sweepbook.tune.worker.states.given_state import given_state, plain_state

CODE = """
import random
import numpy as np
import torch

def build():
    torch.nn.Linear(3, 3), np.random.random(5), random.random()

def numbers():
    return float(torch.rand(1)) + np.random.random() + random.random()

def rows(first, state):
    for n in range(first, 7):
        yield {"round": n, "val_acc": numbers(), "state": lambda n=n: state(n)}

def item(config, state=None):
    build()
    at = state["at"] if state is not None else 0
    yield from rows(at + 1, lambda n: {"at": n})

def get(config, state=None):
    at = 0
    build()
    if state:
        at = state.get("at")
    yield from rows(at + 1, lambda n: {"at": n})

def spread(config, state=None):
    build()
    yield from rows(dict(at=0, **(state or {}) and {"own": 1}).get("at") + 1
                    if not state else {**state}["at"] + 1, lambda n: {"at": n})

def module(config, state=None):
    net = torch.nn.Linear(2, 2)
    at = torch.nn.Linear(1, 1)
    if state is not None:
        at.load_state_dict(state)
    first = int(at.bias[0]) + 1 if state is not None else 1
    def kept(n):
        with torch.no_grad():
            at.bias[:] = n
        return at.state_dict()
    yield from rows(first, kept)

def goes_on_with_it(config, state=None):
    build()
    live = state if state is not None else {"at": 0}
    for n in range(live["at"] + 1, 7):
        live["at"] = n
        yield {"round": n, "val_acc": numbers(), "state": lambda: live if n % 2 else {"in": live}}

def nests_it(config, state=None):
    build()
    live = (state.get("in") or state) if state is not None else {"at": 0}
    yield from rows(live["at"] + 1, lambda n: {"at": n, "in": {"at": n}} if n % 2 else {"at": n})

def reads_on(config, state=None):
    build()
    at = state["at"] if state else 0
    for n in range(at + 1, 7):
        yield {"round": n, "val_acc": numbers(), "state": lambda n=n: {"at": n}}
        if state:
            state["at"]
"""


@pytest.fixture
def train(tmp_path, monkeypatch):
    """train(name, stop_after): the values of a trial that is killed and goes on, per replicate."""
    (tmp_path / "own_states.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1.0)

    def run(name, stop_after=None):
        study = Study(
            name="states", question="?", trainable=f"own_states:{name}", replicates=2,
            metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
            fixed={"rounds": 6},
        )  # fmt: skip
        (trial,) = make_plan(study, Options()).trials
        folder = tmp_path / f"{name}-{stop_after}"
        for part in ("checkpoints", "parts"):
            (folder / part).mkdir(parents=True)
        rows = {}
        for stops in (stop_after, None):
            if stops is None or stop_after:
                for report in (made := reports(Assignment(trial, [str(folder)], []))):
                    rows |= {(r["replicate"], r["round"]): r["val_acc"] for r in report["rows"]}
                    if report["fidelity"] == stops:
                        break
                made.close()
        return rows

    yield run
    __import__("sys").modules.pop("own_states", None)


@pytest.mark.parametrize("name", ["item", "get", "spread", "module", "reads_on", "nests_it"])
@pytest.mark.parametrize("stop_after", [1, 4])
def test_a_resumed_training_has_the_numbers_of_an_undisturbed_one(train, name, stop_after):
    calm = train(name)
    assert len(calm) == 12 and len(set(calm.values())) == 12
    assert train(name, stop_after) == calm


def test_a_trainable_may_give_the_state_that_it_was_given(train):
    assert train("goes_on_with_it", 1) == train("goes_on_with_it")


def test_a_given_state_is_kept_as_the_plain_dict_that_it_is():
    given = given_state({"a": 1}, lambda: None)
    given["b"] = 2
    assert plain_state(given) == {"a": 1, "b": 2} and type(plain_state(given)) is dict
    assert type(plain_state({"own": given})["own"]) is dict
    ordered = given_state(OrderedDict(a=1), lambda: None)
    assert type(plain_state(ordered)) is OrderedDict


@pytest.mark.parametrize("state", [{"a": 1, "b": [2]}, OrderedDict(b=1, a=[2])])
def test_a_given_state_is_the_dict_that_it_was(state):
    heard = []
    given = given_state(state, lambda: heard.append(1))
    assert not heard and isinstance(given, type(state)) and given == state
    assert list(given) == list(state) and {**given} == state and len(heard) > 1
    assert json.loads(json.dumps(given)) == json.loads(json.dumps(state))
    for copied in (copy.deepcopy(given), pickle.loads(pickle.dumps(given)), copy.copy(given)):
        assert type(copied) is type(state) and copied == state


@pytest.mark.parametrize("state", [3, "text", None, [1, 2], (1,)])
def test_another_state_is_given_as_it_is(state):
    assert given_state(state, lambda: None) is state
