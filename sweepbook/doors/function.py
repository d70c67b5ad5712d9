"""A function that trains and reports by calls, instead of being a generator."""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sweepbook.doors.handover import pushed
from sweepbook.doors.report import OF_TRIAL, TRIAL
from sweepbook.plan.plan import Plan
from sweepbook.record.planned import Trial
from sweepbook.study.forms.trainable import trainable_name
from sweepbook.study.texts import shortened


def generator_of(
    function: Callable[..., Any], trial: Trial, takes_state: bool
) -> Callable[..., Iterator[Any]]:
    """Returns the generator function that yields what a function reports.

    A function may also return an iterator of its own, such as one that a decorator has wrapped.
    A dict without the unit of fidelity is counted: it is one more than the one before.

    Args:
        takes_state: whether the function can go on from a state. Else what it reports as its
            state is kept as its best model alone.
    """

    def run(config: Any, given: Mapping[str, Any]) -> Any:
        TRIAL.set(trial)
        os.environ[OF_TRIAL] = trial.trial_id
        return function(config, **given)

    def train(config: Any, state: Any = None, done: int = 0) -> Iterator[Any]:
        given = {} if state is None else {"state": state}
        n_reported = done
        made = pushed(lambda: run(config, given))
        while True:
            try:
                metrics = next(made)
            except StopIteration as end:
                returned = end.value
                break
            n_reported += 1
            yield {trial.unit: n_reported, **(metrics if takes_state else _stateless(metrics))}
        if n_reported == done and (returned is not None or state is None):
            yield from _iterator_of(returned, trial)

    return train


def problems(path: str, plan: Plan) -> list[str]:
    """Returns what is wrong with a function or class, as far as it can be seen before it runs."""
    return []


def _stateless(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """What is reported, with its state as the model that is kept."""
    found = dict(metrics)
    state = found.pop("state", None)
    return found if state is None else {"model": state, **found}


def _iterator_of(made: Any, trial: Trial) -> Iterator[Any]:
    """The iterator that a function has returned, which has not reported anything.

    Raises:
        TypeError: it is none: the function returns its metrics, or nothing.
    """
    if isinstance(made, Mapping | str) or not hasattr(made, "__iter__"):
        what = "nothing" if made is None else f"a {type(made).__name__}, {_shown(made)}"
        name = trainable_name(trial.trainable).rpartition(":")[2]
        raise TypeError(
            f"{name} returned {what}: a trainable yields a dict after each {trial.unit}, as in "
            f"`yield {{{trial.unit!r}: n, {trial.metric!r}: value}}` with n = 1, 2, ..., or hands "
            "the same dict to report(...)"
        )
    return iter(made)


def _shown(value: Any) -> str:
    return shortened(repr(value), 60)
