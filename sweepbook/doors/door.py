"""The door that a trainable comes through: what kind of code it is, seen by looking at it."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sweepbook.doors import estimator, function, program
from sweepbook.doors.ray_tune import by_class
from sweepbook.doors.ray_tune.names import is_ray_class
from sweepbook.record.planned import Trial
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.program import Program
from sweepbook.study.hooks import config_type, load_object


@dataclass(frozen=True)
class Door:
    """A trainable as a generator function.

    Args:
        train: (config, state=None) -> an iterator of dicts, as docs/trainable.md has them.
        kind: the dataclass that it takes its settings as; None: it takes a dict.
        takes_state: whether it can go on from a state; None: what it yields shows that.
        takes_units: whether it also takes `units`, since what it adapts may count as it likes.
    """

    train: Callable[..., Iterator[Any]]
    kind: type | None
    takes_state: bool | None
    takes_units: bool = False


def open_door(trial: Trial) -> Door:
    """Returns a trial's trainable as a generator function.

    Raises:
        ValueError: it cannot be imported.
    """
    if isinstance(trial.trainable, Program):
        takes_state = trial.trainable.takes_checkpoints
        return Door(program.generator_of(trial.trainable, trial), None, takes_state)
    if isinstance(trial.trainable, Estimator):
        return Door(estimator.generator_of(trial.trainable, trial), None, takes_state=True)
    code = load_object(trial.trainable)
    if is_ray_class(code):
        train = by_class.generator_of(code, trial)
        return Door(train, None, by_class.takes_state(code), takes_units=True)
    kind, takes_state = config_type(code), _takes_state(code)
    if inspect.isgeneratorfunction(code):
        return Door(code, kind, takes_state)
    train = function.generator_of(code, trial, takes_state)
    return Door(train, kind, takes_state or None, takes_units=True)


def _takes_state(code: Callable[..., Any]) -> bool:
    try:
        inspect.signature(code).bind({}, state=None)
    except TypeError:
        return False
    except ValueError:  # one of C's, without a signature
        pass
    return True
