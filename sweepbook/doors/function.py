"""A function that trains and reports by calls, instead of being a generator."""

import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any

from sweepbook.doors.handover import pushed
from sweepbook.doors.ray_tune.names import has_own_folder_as_in_ray, uses_ray
from sweepbook.doors.ray_tune.problems import ray_problems
from sweepbook.doors.ray_tune.session import ENOUGH, Session, is_state
from sweepbook.doors.report import OF_TRIAL, TRIAL
from sweepbook.doors.units import Units
from sweepbook.plan.plan import Plan
from sweepbook.record.planned import Trial
from sweepbook.study.forms.trainable import trainable_name
from sweepbook.study.hooks import load_object
from sweepbook.study.texts import shortened


def generator_of(
    function: Callable[..., Any], trial: Trial, takes_state: bool
) -> Callable[..., Iterator[Any]]:
    """Returns the generator function that yields what a function reports.

    A function may also return an iterator of its own, such as one that a decorator has wrapped,
    or a last dict of metrics. A dict without the unit of fidelity is counted: it is one more than
    the one before.

    Args:
        takes_state: whether the function can go on from a state. Else what it reports as its
            state is kept as its best model alone.
    """
    has_own_folder = has_own_folder_as_in_ray() and uses_ray(function)

    def train(config: Any, units: Units, state: Any = None) -> Iterator[Any]:
        of_ray = is_state(state)
        seed = config.get("seed") if isinstance(config, Mapping) else getattr(config, "seed", None)
        session = Session(trial, seed, state if of_ray else None, units)
        given = {} if state is None or of_ray else {"state": state}

        def run() -> Any:
            TRIAL.set(trial)
            os.environ[OF_TRIAL] = trial.trial_id
            if has_own_folder:
                os.chdir(session.trial_dir)
            return function(config, **given)

        try:
            yield from _reported(run, session, takes_state)
        finally:
            session.close()

    return train


def _reported(run: Callable[[], Any], session: Session, takes_state: bool) -> Iterator[Any]:
    """What a function reports, and what it returns where that counts.

    A resumed one may have nothing left to do.
    """
    trial, done = session.trial, session.units.done
    n_reported = done
    made = pushed(run, session.installed)
    try:
        while True:
            n_before = session.n_reports
            try:
                metrics = next(made)
            except StopIteration as end:
                returned = end.value
                break
            _check_place(session)
            if metrics is ENOUGH:
                return
            n_reported += 1
            if session.n_reports == n_before:  # it was none of Ray's
                metrics = session.units.from_one(metrics if takes_state else _stateless(metrics))
            yield {trial.unit: n_reported, **metrics}
    finally:
        made.close()
    _check_place(session)
    if isinstance(returned, Mapping) and _is_report(returned, session, trial, n_reported):
        yield session.taken(returned)
    elif n_reported == done and (_may_be_dicts(returned) or not done):
        yield from _iterator_of(returned, trial)


def _is_report(
    returned: Mapping[str, Any], session: Session, trial: Trial, n_reported: int
) -> bool:
    """Whether a returned dict is a last report, as Ray has it."""
    if session.n_reports:
        return bool(returned) and not session.is_over
    return not n_reported and returned.get(trial.unit, 1) == trial.max_fidelity


def _check_place(session: Session) -> None:
    if session.refused:
        raise RuntimeError(session.refused)


def problems(path: str, plan: Plan) -> list[str]:
    """Returns what is wrong with a function or class, as far as it can be seen before it runs."""
    return ray_problems(load_object(path), path, plan)


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
    if _may_be_dicts(made):
        return iter(made)
    name = trainable_name(trial.trainable).rpartition(":")[2]
    if inspect.iscoroutine(made):
        made.close()  # or Python warns that nobody has awaited it
    raise TypeError(
        f"{name} returned {_described(made)}: a trainable yields a dict after each {trial.unit}, "
        f"as in `yield {{{trial.unit!r}: n, {trial.metric!r}: value}}` with n = 1, 2, ..., or "
        f"hands the same dict to report(...){_callback_hint(made)}"
    )


def _callback_hint(made: Any) -> str:
    """Which callback a training that has reported nothing may lack."""
    callbacks = {
        "lightning": "LightningReport",
        "pytorch_lightning": "LightningReport",
        "transformers": "TransformersReport",
    }
    named = [name for library, name in callbacks.items() if library in sys.modules]
    if made is not None or not named:
        return ""
    return f"; a Trainer reports through {' or '.join(dict.fromkeys(named))}(trainer, state)"


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
