"""The dataclass of a trainable's configs, and how it is made again of plain values."""

import dataclasses
import functools
import json
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Optional

import pytest

from sweepbook.study.configs import is_added_default, made_config
from sweepbook.study.hooks import config_type, load_object


@dataclasses.dataclass(frozen=True)
class Optim:
    name: str = "adam"
    lr: float = 0.01


@dataclasses.dataclass(frozen=True)
class Momentum:
    name: str = "sgd"
    momentum: float = 0.9


@dataclasses.dataclass(frozen=True)
class Config:
    rounds: int = 2
    optim: Optim = dataclasses.field(default_factory=Optim)
    other: Optional[Optim] = None  # noqa: UP045  # users write it so
    either: Optim | Momentum | None = None
    layers: list[Optim] = dataclasses.field(default_factory=list)
    by_name: dict[str, Optim] = dataclasses.field(default_factory=dict)
    hidden: tuple[int, ...] = (64, 64)
    pair: tuple[str, Optim] | None = None
    sizes: Sequence[int] = (3, 3)
    free: list[int] | None = None
    csv: Path | None = None
    note: str | None = None
    options: Mapping[str, float] = dataclasses.field(default_factory=dict)
    n_steps: int = dataclasses.field(default=0, init=False)


FULL = Config(
    optim=Optim(lr=0.2),
    other=Optim("x"),
    either=Momentum(),
    layers=[Optim(), Optim("y")],
    by_name={"a": Optim()},
    hidden=(1,),
    pair=("a", Optim()),
    free=[1, 2],
    csv=Path("a") / "b.csv",
    note="n",
    options={"a": 0.5},
)


@pytest.mark.parametrize("config", [Config(), FULL])
def test_a_config_is_made_again_of_what_json_keeps(config):
    content = json.loads(json.dumps(dataclasses.asdict(config), default=str))
    assert made_config(Config, {k: v for k, v in content.items() if k != "n_steps"}) == config


def test_a_union_s_dataclass_is_the_one_that_has_the_settings():
    assert made_config(Config, {"either": {"momentum": 0.5}}).either == Momentum(momentum=0.5)
    with pytest.raises(ValueError, match="settings name .* Optim or Momentum"):
        made_config(Config, {"either": {"name": "adam"}})


@pytest.mark.parametrize(
    "config, message",
    [
        ({"optim": {"lrr": 1}}, "a Optim cannot be made of these settings: .*'lrr'"),
        ({"round": 1}, "a Config cannot be made of these settings: .*'round'"),
    ],
)
def test_a_config_that_cannot_be_is_refused_by_name(config, message):
    with pytest.raises(ValueError, match=message):
        made_config(Config, config)


TRAINABLES = """
    from __future__ import annotations

    import dataclasses
    import functools
    from typing import TYPE_CHECKING, Optional

    if TYPE_CHECKING:
        from collections.abc import Iterator
        from elsewhere import Hidden


    @dataclasses.dataclass
    class Config:
        rounds: int = 1
        hidden: Hidden = 0
        inner: Optional[Config] = None


    def plain(config, state: Config = None) -> Iterator[dict]:
        yield {}

    def as_dict(config: dict, state: Hidden = None) -> Iterator[dict]:
        yield {}

    def typed(config: Config | dict, state: Hidden = None) -> Iterator[dict]:
        yield {}

    def with_noise(noise, config: Config) -> Iterator[dict]:
        yield {}

    def logged(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)
        return wrapper

    def bare(function):
        return lambda *args: function(*args)

    class Trainer:
        def __call__(self, config: Config) -> Iterator[dict]:
            yield {}

    class Run:
        def __init__(self, config: Config) -> None:
            self.config = config

    partial = functools.partial(with_noise, 0.1)
    by_name = functools.partial(as_dict, state=3)
    decorated = logged(typed)
    both = functools.partial(logged(functools.partial(with_noise, 0.1)))
    hidden_away = bare(typed)
    trainer = Trainer()
    nothing = 3

    def unknown(config: Hidden) -> None:
        yield {}
"""


@pytest.fixture
def trainable(tmp_path, monkeypatch):
    """A trainable of TRAINABLES by its name."""
    (tmp_path / "made_for_hints.py").write_text(textwrap.dedent(TRAINABLES))
    monkeypatch.syspath_prepend(tmp_path)
    yield lambda name: load_object(f"made_for_hints:{name}")
    sys.modules.pop("made_for_hints", None)


@pytest.mark.parametrize("name", ["typed", "partial", "decorated", "both", "trainer", "Run"])
def test_the_first_parameter_alone_says_what_a_config_is(trainable, name):
    kind = config_type(trainable(name))
    assert kind is trainable("Config")
    assert made_config(kind, {"inner": {"rounds": 3}, "hidden": 1}).inner.rounds == 3


@pytest.mark.parametrize("name", ["plain", "as_dict", "by_name", "hidden_away"])
def test_without_a_dataclass_there_a_config_is_a_dict(trainable, name):
    assert config_type(trainable(name)) is None


@pytest.mark.parametrize("function", [dict, functools.partial(int)])
def test_what_has_no_signature_takes_a_dict(function):
    assert config_type(function) is None


def test_an_annotation_that_nobody_can_read_is_named(trainable):
    with pytest.raises(ValueError, match="'Hidden' of the trainable's parameter config .*dict"):
        config_type(trainable("unknown"))
    with pytest.raises(ValueError, match="made_for_hints:nothing.* function, .* int"):
        trainable("nothing")


@dataclasses.dataclass(frozen=True)
class Grown:
    first: int = 1
    layers: tuple[int, ...] = dataclasses.field(default=(8, 8), metadata={"added_later": True})
    count: int = dataclasses.field(default=1, metadata={"added_later": True})


@pytest.mark.parametrize(
    ("name", "value", "is_default"),
    [
        *[("layers", [8, 8], True), ("layers", [8], False), ("layers", None, False)],
        *[("count", 1, True), ("count", True, False), ("count", 1.0, False)],
        *[("first", 1, False), ("unknown", 1, False)],
    ],
)
def test_a_field_that_was_added_later_does_not_count_at_its_default(name, value, is_default):
    assert is_added_default(Grown, name, value) == is_default
    assert not is_added_default(None, name, value)
