"""What a trainable yields, checked: what is no good fails the trial, and the message says why."""

import difflib
import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweepbook.record.checkpoints import Rows
from sweepbook.record.columns import check_value
from sweepbook.record.planned import Trial
from sweepbook.study.settings import COLUMNS, YIELDED
from sweepbook.study.texts import shortened


@dataclass(frozen=True)
class Step:
    """What the replicates of a trial have yielded at one fidelity.

    Args:
        rows: one per replicate that yielded something there.
        times: seconds by phase, of all of them; None: the trainable does not say.
    """

    fidelity: int
    rows: Rows
    times: Mapping[str, float] | None = None


def check_form(metrics: Any, trial: Trial) -> None:
    """Checks that a yielded thing is a dict with the unit, and that its names are metrics'.

    Raises:
        TypeError, ValueError: naming what is wrong, and the right form.
    """
    if not isinstance(metrics, Mapping):
        raise TypeError(
            f"the trainable yielded a {type(metrics).__name__}, {_shown(metrics)}: it must yield "
            f"dicts, {_right_form(trial)}"
        )
    if trial.unit not in metrics:
        raise ValueError(
            f"the trainable yielded a dict without {trial.unit!r}, with "
            f"{', '.join(map(repr, metrics)) or 'nothing'}: it must say which {trial.unit} it is, "
            f"{_right_form(trial)}"
        )
    own = {} if metrics.get("replicates") is None else metrics["replicates"]
    if not isinstance(own, Mapping) or (own and not trial.stacked):
        raise TypeError(
            f"the trainable yielded 'replicates' as {_shown(own)}: this key is only for studies "
            "with stacked=True, as a dict of lists with one value per replicate; give your metric "
            "another name"
        )
    for name in (*metrics, *own):
        _check_name(name)
    for name in ("state", "model", "predictions"):
        if metrics.get(name) is not None and not callable(metrics[name]):
            raise TypeError(
                f"the trainable yielded {name!r} as {_shown(metrics[name])}: that key is for a "
                "function without parameters; give your metric another name"
            )
    if not isinstance(metrics.get("times") or {}, Mapping):
        raise TypeError(
            f"the trainable yielded 'times' as {_shown(metrics['times'])}: this key is for a dict "
            "of seconds by phase; give your metric another name"
        )


def check_callable(key: str, give: Any) -> None:
    """Checks that a yielded function can be called without parameters.

    Raises:
        TypeError: naming the key, and what to write instead.
    """
    try:
        parameters = inspect.signature(give).parameters.values()
    except ValueError:  # one of C's, without a signature
        return
    open_ones = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in open_ones]
    if needed:
        raise TypeError(
            f"the trainable yielded {key!r} as a function that needs {', '.join(needed)}, but it "
            "is called without parameters: give them their values, as in "
            f"`lambda {', '.join(f'{name}={name}' for name in needed)}: ...`"
        )


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not name:
        raise TypeError(
            f"the trainable yielded a metric called {name!r}: a name must be a text, such as "
            f'"class_{name}"'
        )
    if name in COLUMNS:
        raise ValueError(
            f"the trainable yielded a metric called {name!r}, but the record has a column of that "
            "name already: give it another name"
        )
    check_value("the name of a metric", name)


def fidelity_of(metrics: Mapping[str, Any], before: int, trial: Trial) -> int:
    """Returns where a yielded dict says that the training stands.

    Args:
        before: where the dict before it stood; 0 before the first.

    Raises:
        ValueError: it is no whole number >= 1, does not rise, or passes the trial's maximum.
    """
    unit, most = trial.unit, trial.max_fidelity
    value = metrics[unit].item() if hasattr(metrics[unit], "item") else metrics[unit]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value != int(value):
        raise ValueError(
            f"{unit} is {_shown(value)}, but must be a whole number: yield once per {unit}, or "
            "count in a smaller unit and name it in the study's Fidelity"
        )
    at = int(value)
    if at < 1:
        raise ValueError(
            f"{unit} is {at}, and counts from 1: where n counts from 0, yield "
            f"{{{unit!r}: n + 1, ...}}"
        )
    if at <= before:
        raise ValueError(
            f"{unit} {at} came after {unit} {before}, and must rise: yield one dict per {unit}, "
            "at its end, with all that belongs to it"
        )
    if at > most:
        raise ValueError(
            f"{unit} is {at}, but the trial was to end at {unit} {most}: the study's Fidelity "
            f"must name a setting that counts {unit}s, or have a count of its own"
        )
    return at


def rows_of(metrics: Mapping[str, Any], n_replicates: int, trial: Trial) -> Rows:
    """Returns one row per replicate of a stacked trainable's dict: own values, or shared ones.

    Raises:
        ValueError: where the dict holds values for another number of replicates.
        TypeError: where one is nothing that a table of metrics can hold.
    """
    own = {} if metrics.get("replicates") is None else metrics["replicates"]
    for name, values in own.items():
        if not hasattr(values, "__len__") or len(values) != n_replicates:
            n = len(values) if hasattr(values, "__len__") else f"{_shown(values)}, no list"
            raise ValueError(
                f"'replicates' must give one {name} per replicate ({n_replicates}), got {n}"
            )
    return [
        row_of(
            trial.first + r,
            {**metrics, **{name: values[r] for name, values in own.items()}},
            trial,
        )
        for r in range(n_replicates)
    ]


def row_of(replicate: int, metrics: Mapping[str, Any], trial: Trial) -> dict[str, Any]:
    """Returns a replicate's row of plain values; a metric of the study that is None is NaN.

    Raises:
        ValueError: the study's metric is missing.
        TypeError: it is no number, or see `check_value`.
    """
    row: dict[str, Any] = {"replicate": replicate}
    row |= {name: check_value(name, v) for name, v in metrics.items() if name not in YIELDED}
    row[trial.unit] = int(row[trial.unit])
    if trial.metric not in row:
        known = [name for name in row if name not in ("replicate", "time_s")]
        others = [name for name in known if name != trial.unit]
        near = difflib.get_close_matches(trial.metric, others, n=1, cutoff=0.4)
        name = (near or others or ["..."])[0]
        raise ValueError(
            f"the study's metric {trial.metric} was not yielded: the trainable yielded "
            f"{', '.join(known)}. Yield {trial.metric!r}, or write Metric({name!r}, ...)"
        )
    value = row[trial.metric]
    if isinstance(value, str | list):
        raise TypeError(
            f"the study's metric {trial.metric} is {_shown(value)}, but must be a number, or None "
            "where there is no value: of an array yield one number, such as its mean"
        )
    if value is None or isinstance(value, bool):  # a column of flags would take no number
        value = math.nan if value is None else int(value)
    row[trial.metric] = value
    return row


def _right_form(trial: Trial) -> str:
    return f"as in `yield {{{trial.unit!r}: n, {trial.metric!r}: value}}` with n = 1, 2, ..."


def _shown(value: Any) -> str:
    return shortened(repr(value), 60)
