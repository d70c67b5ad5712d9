"""Metrics reported by a call, from within a training function or a callback of a library."""

import os
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from sweepbook.doors.handover import hand_over, has_code, is_pushing
from sweepbook.record.planned import Trial
from sweepbook.study.texts import shortened

OF_TRIAL = "SWEEPBOOK_TRIAL"  # in the environment of a function that reports, and of its children
TRIAL: ContextVar[Trial | None] = ContextVar("trial", default=None)  # that the caller trains
_KEPT = ("state", "model", "predictions")
_WORKER = "sweepbook.tune.worker.generator"


def report(
    metrics: Mapping[str, Any],
    *,
    state: Callable[[], Any] | None = None,
    model: Callable[[], Any] | None = None,
    predictions: Callable[[], Mapping[str, Any]] | None = None,
) -> None:
    """Reports the metrics of a step from within a training function, as a `yield` would.

    The function goes on when it may; where the trial is stopped, the call raises SystemExit.
    Outside a study, where you run the script by itself, it prints the metrics on one line.

    Example:
        >>> report({"epoch": 1, "val_loss": 0.5})
        epoch=1 val_loss=0.5

    Args:
        metrics: name -> value. Where the study's unit of fidelity is missing, reports are counted.
        state: a function that returns what a checkpoint keeps; the training function then takes
            a parameter `state`.
        model: a function that returns what the best model is kept as, instead of the state.
        predictions: a function that returns the predictions; see docs/trainable.md.

    Raises:
        TypeError: the metrics are no dict, or one of the others is no function.
        RuntimeError: a thread or a process of its own calls, or a generator that yields.
    """
    given = {"state": state, "model": model, "predictions": predictions}
    _check(metrics, given)
    whole = {**metrics, **{key: value for key, value in given.items() if value is not None}}
    if is_pushing():
        hand_over(whole)
    elif has_code() or OF_TRIAL in os.environ:
        raise RuntimeError(
            "report(...) was called from a thread or a process that the training function has "
            "started: call it from the thread in which Sweepbook called the function"
        )
    elif _is_in_worker():
        raise RuntimeError(
            "report(...) was called by a trainable that is a generator: yield the same dict "
            "instead, or leave out every yield"
        )
    else:
        own = {name: value for name, value in whole.items() if name not in (*_KEPT, "times")}
        print(" ".join(f"{name}={_plain(value)}" for name, value in own.items()), flush=True)


def _check(metrics: Any, given: Mapping[str, Any]) -> None:
    if not isinstance(metrics, Mapping):
        raise TypeError(
            f"report(...) was given a {type(metrics).__name__}, {_shown(metrics)}: give it a dict "
            'of metrics, as in report({"epoch": 1, "val_loss": 0.5})'
        )
    for key, value in given.items():
        if value is not None and key in metrics:
            raise TypeError(f"report(...) was given {key} twice, in its dict and as {key}=...")
        value = metrics.get(key) if value is None else value
        if value is not None and not callable(value):
            raise TypeError(
                f"report(...) was given {key}={_shown(value)}: {key} is a function without "
                f"parameters, as in {key}=lambda: ..."
            )


def _is_in_worker() -> bool:
    """Whether a trial's own code calls."""
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_globals.get("__name__") == _WORKER:
            return True
    return False


def _plain(value: Any) -> Any:
    """The number of an array or a tensor that holds one; else the value."""
    size = getattr(value, "numel", None) or getattr(value, "size", None)
    return value.item() if (size() if callable(size) else size) == 1 else value


def _shown(value: Any) -> str:
    return shortened(repr(value), 60)
