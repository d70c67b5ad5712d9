"""What can be seen of a function before it runs: it is refused with what to write instead."""

import dataclasses
import functools

import pytest

from sweepbook import Fidelity, Metric, Study
from sweepbook.doors.checked import door_problems
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan

MODULE = globals()


def problems_of(train, monkeypatch, **rest):
    monkeypatch.setitem(MODULE, "train", train)
    study = Study(
        name="s", question="?", trainable=f"{__name__}:train", metric=Metric("loss", "min"),
        fidelity=Fidelity("round", "rounds"), fixed={"rounds": 3}, grid={"lr": [0.1, 0.2]}, **rest,
    )  # fmt: skip
    return door_problems(make_plan(study, Options()))


class Model:
    def __init__(self, config):
        self.config = config

    def train(self, config):
        yield {"round": 1, "loss": 0.5}


class Rows:
    """An iterator of dicts."""

    def __init__(self, config):
        self.rows = iter([{"round": 1, "loss": 0.5}])

    def __iter__(self):
        return self.rows


class Called:
    def __call__(self, config):
        yield {"round": 1, "loss": 0.5}


class CalledLater:
    async def __call__(self, config):
        return 0.5


@dataclasses.dataclass
class Config:
    lr: float
    rounds: int
    seed: int


def generator(config, state=None):
    yield {"round": 1, "loss": 0.5}


def of_config(config: Config):
    yield {"round": 1, "loss": 0.5}


def two(config, data):
    yield {"round": 1, "loss": 0.5}


def keywords(lr, rounds):
    yield {"round": 1, "loss": 0.5}


def keywords_only(*, lr, seed):
    return lr


def one_setting(lr):
    yield {"round": 1, "loss": lr}


def no_parameters():
    yield {"round": 1, "loss": 0.5}


def all_keywords(**config):
    yield {"round": 1, "loss": config["lr"]}


def state_needed(config, state):
    yield {"round": 1, "loss": 0.5}


async def coroutine(config):
    return 0.5


async def async_generator(config):
    yield {"round": 1, "loss": 0.5}


@pytest.mark.parametrize(
    "train, value, write",
    [
        (Model, "is a class", "write a function that makes one"),
        (Model.train, "is a method", "write a function that makes one"),
        (two, "(config, data)", "make or load data in it"),
        (
            keywords, "(lr, rounds)",
            'yield from train(lr=config["lr"], rounds=config["rounds"])',
        ),
        (keywords_only, "(*, lr, seed)", 'return train(lr=config["lr"], seed=config["seed"])'),
        (one_setting, "the setting lr", "config['lr']"),
        (no_parameters, "takes nothing", "the settings are rounds, lr"),
        (all_keywords, "(**config)", "yield from train(**config)"),
        (state_needed, "without a state", "state=None"),
        (coroutine, "async def", "asyncio.run"),
        (async_generator, "async def", "asyncio.run"),
        (functools.partial(coroutine), "async def", "asyncio.run"),
        (CalledLater(), "async def", "asyncio.run"),
    ],
)  # fmt: skip
def test_what_cannot_be_called_with_a_config_is_refused(train, value, write, monkeypatch):
    (problem,) = problems_of(train, monkeypatch)
    assert value in problem and write in problem, problem


@pytest.mark.parametrize(
    "train",
    [
        generator, of_config, Rows, Called(), Model({}).train,
        functools.partial(two, data=3),
        lambda config: generator(config),
        lambda *arguments: generator(*arguments),
        lambda params, seed=0: generator(params),
    ],
)  # fmt: skip
def test_what_can_be_called_with_a_config_is_not(train, monkeypatch):
    assert problems_of(train, monkeypatch) == []


def test_a_parameter_may_be_called_as_a_setting_that_is_a_dict(monkeypatch):
    def train(model):
        yield {"round": 1, "loss": 0.5}

    fixed = {"rounds": 3, "model": {"depth": 2}}
    monkeypatch.setitem(MODULE, "train", train)
    study = Study(
        name="s", question="?", trainable=f"{__name__}:train", metric=Metric("loss", "min"),
        fidelity=Fidelity("round", "rounds"), fixed=fixed,
    )  # fmt: skip
    assert door_problems(make_plan(study, Options())) == []
