"""A class of Ray Tune's, a subclass of its Trainable, as a generator."""

import contextlib
import copy
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sweepbook.doors.folders import pack, temporary_place, unpack
from sweepbook.doors.ray_tune.names import has_own_folder_as_in_ray, has_own_method
from sweepbook.doors.ray_tune.rows import is_last, row_of
from sweepbook.doors.ray_tune.session import Session
from sweepbook.doors.units import Units
from sweepbook.record.planned import Trial

_DICT, _FILES, _AT, _DONE = "ray_dict", "ray_checkpoint", "iteration", "done"  # of a state


def takes_state(code: type) -> bool:
    """Whether a class goes on from what it saves."""
    return all(has_own_method(code, name) for name in ("save_checkpoint", "load_checkpoint"))


def generator_of(code: type, trial: Trial) -> Callable[..., Iterator[Any]]:
    """Returns the generator function that yields what the steps of a class return."""

    def train(config: Mapping[str, Any], units: Units, state: Any = None) -> Iterator[Any]:
        session = Session(trial, config.get("seed"), None, units)
        try:
            yield from _steps(code, dict(config), state, session)
        finally:
            session.close()

    return train


def _steps(code: type, config: dict[str, Any], state: Any, session: Session) -> Iterator[Any]:
    trial = session.trial
    made = _made(code, config, session)
    try:
        if state is not None:
            _load(made, state)
        is_over = state is not None and state[_DONE]
        while not is_over:
            result = _step(made)
            row = {trial.unit: made._iteration, **session.units.from_one(row_of(result))}
            is_over = is_last(result, row, trial)
            yield {**row, **_given(made)}
    except BaseException:
        with contextlib.suppress(Exception):  # the first error is the one that counts
            made.cleanup()
        raise
    made.cleanup()


def _made(code: Any, config: dict[str, Any], session: Session) -> Any:
    """An object of the class, as Ray makes it, but with a folder of ours, and without loggers.

    Raises:
        ValueError: Ray makes it otherwise.
    """
    from ray.tune.result import TRIAL_INFO

    made: Any = code.__new__(code)
    _check_ray(made, ["_setup_logdir"])
    folder = session.trial_dir
    if has_own_folder_as_in_ray():
        os.chdir(folder)
    made._setup_logdir = lambda: setattr(made, "_logdir", folder)
    about = SimpleNamespace(
        trial_name=session.trial_name,
        trial_id=session.trial_id,
        trial_resources=session.trial_resources,
        experiment_name=session.experiment_name,
    )
    made.__init__({**copy.deepcopy(config), TRIAL_INFO: about})
    _check_ray(made, ["_iteration", "_iterations_since_restore", "_time_total", "_last_result"])
    return made


def _check_ray(made: Any, names: list[str]) -> None:
    if missing := [name for name in names if not hasattr(made, name)]:
        import ray

        raise ValueError(
            f"{type(made).__name__} has no {missing[0]}, which Ray 2.60 gives to each Trainable: "
            f"call super().__init__ in its __init__, or, where Ray {ray.__version__} has none, "
            "install ray==2.60"
        )


def _step(made: Any) -> dict[str, Any]:
    """What the next step returns; the counts of the object are as Ray keeps them.

    Raises:
        TypeError: it is no dict.
    """
    start = time.time()
    result = made.step()
    if not isinstance(result, Mapping):
        raise TypeError(
            f"{type(made).__name__}.step returned a {type(result).__name__}: it must return a "
            "dict of metrics after each step"
        )
    seconds = time.time() - start
    made._iteration += 1
    made._iterations_since_restore += 1
    made._time_total += seconds
    made._time_since_restore += seconds
    made._last_result = {"done": False, "training_iteration": made._iteration, **result}
    made.log_result(dict(made._last_result))
    return dict(result)


def _given(made: Any) -> dict[str, Any]:
    """What a step yields for a checkpoint: a state, or a model alone where none can go on."""
    if not has_own_method(type(made), "save_checkpoint"):
        return {}
    return {"state" if takes_state(type(made)) else "model": lambda: _saved(made)}


def _saved(made: Any) -> dict[str, Any]:
    """What an object saves, as plain values.

    Raises:
        ValueError: it has saved it in another folder than it was given.
    """
    with tempfile.TemporaryDirectory(dir=temporary_place()) as folder:
        given = made.save_checkpoint(folder)
        if not (given is None or isinstance(given, Mapping) or given == folder):
            raise ValueError(
                f"{type(made).__name__}.save_checkpoint returned {given!r:.80}: it must return a "
                "dict, or None after it has written files into the folder that it was given"
            )
        files = pack(Path(folder))
    found = dict(given) if isinstance(given, Mapping) else None
    is_done = bool(made._last_result.get("done"))
    told = {_AT: made._iteration, _DONE: is_done, "time_s": made._time_total}
    return {_DICT: found, _FILES: files, **told}


def _load(made: Any, state: Mapping[str, Any]) -> None:
    """Has an object go on from what it has saved; its random numbers are then put back."""
    if state[_DICT] is not None:
        made.load_checkpoint(state[_DICT])
    else:
        with tempfile.TemporaryDirectory(dir=temporary_place()) as folder:
            unpack(state[_FILES], Path(folder))
            made.load_checkpoint(folder)
    made._iteration, made._time_total = state[_AT], state["time_s"]
    made._restored = True
