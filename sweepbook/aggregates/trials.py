"""Choosing trials by their settings, and telling them apart: frame -> frame."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.record.load import CONFIG, Record

EQUAL_RELATIVE = 1e-9  # settings that passed through text or float32 arithmetic still match
_NUMBERS = (bool, int, float, np.number, np.bool_)


def config_columns(trials: pd.DataFrame) -> list[str]:
    """The columns config/KEY, in the order of their names."""
    return sorted(str(name) for name in trials if str(name).startswith(CONFIG))


def varying_columns(trials: pd.DataFrame) -> list[str]:
    """The columns config/KEY with more than one value among `trials`; missing is a value."""
    return [name for name in config_columns(trials) if _texts(trials[name]).nunique() > 1]


def telling_columns(record: Record) -> list[str]:
    """Of the columns config/KEY that vary those that the study declares, where they are enough to
    tell its trials apart, or all that vary: a model's other settings follow from which one it is.
    """
    varying, study = varying_columns(record.trials), record.manifest.study
    declared = {*study.grid, *(key for point in study.points for key in point)}
    chosen = [name for name in varying if name.removeprefix(CONFIG) in declared]
    return chosen if _n_groups(record.trials, chosen) == len(record.trials) else varying


def select_trials(trials: pd.DataFrame, where: dict[str, Any]) -> pd.DataFrame:
    """Return the trials that have certain settings.

    Example:
        >>> trials, reports = load_record("records/batch-norm")
        >>> some = select_trials(trials, {"batch_norm": True, "lr": [0.01, 0.1]})

    Args:
        trials: one row per trial, as in a record.
        where: setting -> its value, or a list of values of which any will do. Numbers are equal
            to a relative 1e-9.

    Returns:
        The chosen rows, in their order, with all columns.

    Raises:
        ValueError: the study has no such setting.
    """
    chosen = np.ones(len(trials), dtype=bool)
    for key, wanted in where.items():
        if CONFIG + key not in trials:
            known = [name.removeprefix(CONFIG) for name in config_columns(trials)]
            raise ValueError(f"no setting is called {key!r}; this study has {', '.join(known)}")
        options = wanted if isinstance(wanted, list) else [wanted]
        column = trials[CONFIG + key]
        chosen &= np.array([any(same_value(v, o) for o in options) for v in column], dtype=bool)
    return trials[chosen]


def fitting_trials(trials: pd.DataFrame, settings: Mapping[str, Any]) -> list[dict[Any, Any]]:
    """The rows of a table of trials, recorded or planned, that have all these settings."""
    if any(CONFIG + key not in trials for key in settings):
        return []
    fits = np.ones(len(trials), dtype=bool)
    for key, value in settings.items():
        fits &= _same_values(trials[CONFIG + key], value)
    return trials[fits].to_dict("records")


def _same_values(column: pd.Series[Any], value: Any) -> Any:
    """Whether each cell is equal to a value, as `same_value`; equal cells are compared once."""
    cells = column.to_numpy()
    if cells.dtype.kind in "biuf" and isinstance(value, _NUMBERS) and value == value:
        return _close(cells.astype("float64"), float(value))
    known: dict[str, bool] = {}
    texts = [repr(cell) for cell in column]
    for cell, text in zip(column, texts, strict=True):
        if text not in known:
            known[text] = same_value(cell, value)
    return np.array([known[text] for text in texts], dtype=bool)


def _close(left: Any, right: float) -> Any:
    """Whether numbers, one or an array of them, are equal to another to a relative 1e-9."""
    equal = left == right
    if not math.isfinite(right):
        return equal
    return equal | (abs(left - right) <= EQUAL_RELATIVE * abs(right))


def same_value(left: Any, right: Any) -> bool:
    """Whether two settings are equal: numbers to a relative 1e-9 (True is 1), others exactly.

    Two missing ones (None, NaN, NA) are equal. A table holds what is neither text nor number, and
    settings of several kinds, as JSON texts: such a text is equal to the value that it says.
    """
    missing = [value is None or value is pd.NA or value != value for value in (left, right)]
    if any(missing):
        return all(missing) or "null" in (left, right)
    if isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS):
        return bool(_close(float(left), float(right)))
    return bool(str(left) == str(right) or left == _json(right) or _json(left) == right)


def _json(value: Any) -> str | None:
    """A value as a table holds it beside others of other kinds; None: not so."""
    try:
        return json.dumps(value)
    except TypeError:
        return None


def arm_columns(
    trials: pd.DataFrame, by: Sequence[str], last_resort: Sequence[str] = ()
) -> list[str]:
    """The columns config/KEY that tell `trials` apart: `by`, and more settings where it must.

    A line, a panel or a table row is one trial. Where two trials agree in all of `by`, settings
    that differ between them are added, those that split most first, ties by name; settings in
    `last_resort` only after all others.

    Raises:
        ValueError: a name in `by` is no setting of this study.
    """
    for key in by:
        if CONFIG + key not in trials:
            known = [name.removeprefix(CONFIG) for name in config_columns(trials)]
            raise ValueError(f"no setting is called {key!r}; this study has {', '.join(known)}")
    columns = [CONFIG + key for key in by]
    candidates = [name for name in varying_columns(trials) if name not in columns]
    while candidates and (now := _n_groups(trials, columns)) < len(trials):
        gains = {name: _n_groups(trials, [*columns, name]) for name in candidates}
        late = {CONFIG + key for key in last_resort}
        useful = [name for name in candidates if gains[name] > now]
        if not useful:
            break
        best = max(useful, key=lambda name: (name not in late, gains[name]))
        columns.append(best)
        candidates.remove(best)
    return columns


def _n_groups(trials: pd.DataFrame, columns: list[str]) -> int:
    if not columns:
        return min(1, len(trials))
    return len(trials[columns].apply(_texts).drop_duplicates())


def _texts(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.map(repr, na_action=None)
