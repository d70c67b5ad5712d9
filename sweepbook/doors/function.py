"""A function that trains and reports by calls, instead of being a generator."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any

from sweepbook.doors.handover import pushed
from sweepbook.plan.plan import Plan
from sweepbook.record.planned import Trial
from sweepbook.study.forms.trainable import trainable_name
from sweepbook.study.texts import shortened


def generator_of(function: Callable[..., Any], trial: Trial) -> Callable[..., Iterator[Any]]:
    """Returns the generator function that yields what a function reports.

    A function may also return an iterator of its own, such as one that a decorator has wrapped.
    A dict without the unit of fidelity is counted: it is one more than the one before.
    """

    def train(config: Any, state: Any = None) -> Iterator[Any]:
        given = {} if state is None else {"state": state}
        n_reported = 0
        made = pushed(lambda: function(config, **given))
        while True:
            try:
                metrics = next(made)
            except StopIteration as end:
                returned = end.value
                break
            n_reported += 1
            yield {trial.unit: n_reported, **metrics}
        if not n_reported:
            yield from _iterator_of(returned, trial)

    return train


def problems(path: str, plan: Plan) -> list[str]:
    """Returns what is wrong with a function or class, as far as it can be seen before it runs."""
    return []


def _iterator_of(made: Any, trial: Trial) -> Iterator[Any]:
    """The iterator that a function has returned, which has not reported anything.

    Raises:
        TypeError: it is none: the function returns its metrics, or nothing.
    """
    if _may_be_dicts(made):
        return iter(made)
    name = trainable_name(trial.trainable).rpartition(":")[2]
    if inspect.iscoroutine(made):
        made.close()  # or Python warns that nobody has awaited it
    raise TypeError(
        f"{name} returned {_described(made)}: a trainable yields a dict after each {trial.unit}, "
        f"as in `yield {{{trial.unit!r}: n, {trial.metric!r}: value}}` with n = 1, 2, ..., or "
        "hands the same dict to report(...)"
    )


def _may_be_dicts(made: Any) -> bool:
    """Whether it is an iterator, or a list of dicts, and not a result of numbers or texts."""
    if isinstance(made, Sequence) and not isinstance(made, str | bytes):
        return bool(made) and all(isinstance(one, Mapping) for one in made)
    if isinstance(made, Mapping | str | bytes | Set) or hasattr(made, "shape"):
        return False
    return hasattr(made, "__iter__")


def _described(value: Any) -> str:
    """ "nothing", "a dict, {'loss': 0.5}", "an int, 3"; an address in memory says nothing."""
    if value is None:
        return "nothing"
    kind = type(value).__name__
    article = "an" if kind[0].lower() in "aeiou" else "a"
    shown = re.sub(" at 0x[0-9a-f]+", "", " ".join(repr(value).split()))
    return f"{article} {kind}, {shortened(shown, 60)}"
