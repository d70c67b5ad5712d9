"""The value of one key of a figure, checked by its form: what it is, and what it names."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sweepbook.aggregates.labels import listing
from sweepbook.aggregates.trials import select_trials
from sweepbook.checks.planned import Planned
from sweepbook.figures.keys import Form, Key
from sweepbook.study.settings import COLUMNS, YIELDED
from sweepbook.study.texts import shortened, visible

MOST = 12  # names in a message
_MODEL_KEYS = ("label", "where", "split", "names")
Columns = frozenset[str] | None  # of the reports; None: any
Check = Callable[[Any, Planned, Columns], str]


def value_problem(key: Key, value: Any, planned: Planned, columns: Columns) -> str:
    """Returns what is wrong with a key's value, as the end of a sentence; "" where nothing is.

    None and empty values are as good as no value.
    """
    if value is None:
        return ""
    return _CHECKS[key.form](value, planned, columns)


def metric_problem(name: Any, columns: Columns, record: str = "") -> str:
    """Returns why no trial can report a metric of this name; "" where one may.

    Args:
        record: the name of the record whose columns these are; "": the trainable yields them.
    """
    if not isinstance(name, str) or not name:
        return f"must be the name of a metric, got {_shown(name)}"
    if columns is None or name in columns.difference(YIELDED):
        return ""
    yielded = sorted(columns.difference(COLUMNS, YIELDED))
    if record:
        return f"is {name!r}, which {record} does not have{_near(name, yielded, 'It has')}"
    return f"is {name!r}, which the trainable never yields{_near(name, yielded, 'It yields')}"


def _text(value: Any, planned: Planned, columns: Columns) -> str:
    return "" if isinstance(value, str) else f"must be a text, got {_shown(value)}"


def _flag(value: Any, planned: Planned, columns: Columns) -> str:
    return "" if isinstance(value, bool) else f"must be True or False, got {_shown(value)}"


def _number(value: Any, planned: Planned, columns: Columns) -> str:
    return "" if _is_count(value) else f"must be a whole number of at least 1, got {_shown(value)}"


def _steps(value: Any, planned: Planned, columns: Columns) -> str:
    if not _is_list(value) or not all(step == "last" or _is_count(step) for step in value):
        return f'must be a list of whole numbers from 1 and "last", got {_shown(value)}'
    steps = [step for step in value if step != "last"]
    longest, unit = planned.longest, planned.study.fidelity.unit
    if steps and min(steps) > longest:
        return (
            f"is {_shown(value)}, but the longest trial ends at {unit} {longest}: ask for earlier "
            f'{unit}s, or for ["last"]'
        )
    return ""


def _metric(value: Any, planned: Planned, columns: Columns) -> str:
    problem = metric_problem(value, columns)
    if not problem and value.startswith("test"):
        return f"is {value!r}: choose by a validation metric, for test data choose nothing"
    return problem


def _metrics(value: Any, planned: Planned, columns: Columns) -> str:
    if not _is_list(value) or not value:
        example = f"[{value!r}]" if isinstance(value, str) else f"[{planned.study.metric.name!r}]"
        return f"must be a list of metrics, got {_shown(value)}: write {example}"
    return next(filter(None, (metric_problem(name, columns) for name in value)), "")


def _column(value: Any, planned: Planned, columns: Columns) -> str:
    return metric_problem(value, columns)


def _mode(value: Any, planned: Planned, columns: Columns) -> str:
    return "" if value in ("min", "max") else f'must be "min" or "max", got {_shown(value)}'


def _units(value: Any, planned: Planned, columns: Columns) -> str:
    is_units = isinstance(value, Mapping) and all(isinstance(u, str) for u in value.values())
    return "" if is_units else f"must be a dict of metric and text, got {_shown(value)}"


def _setting(value: Any, planned: Planned, columns: Columns) -> str:
    if not isinstance(value, str):
        return f"must be the name of one setting, got {_shown(value)}"
    if value in planned.settings:
        return ""
    near = _near(value, planned.settings, "Its settings are")
    return f"names {value!r}, which is no setting of the study{near}"


def _settings(value: Any, planned: Planned, columns: Columns) -> str:
    if not _is_list(value):
        example = f": write [{value!r}]" if isinstance(value, str) else ""
        return f"must be a list of settings, got {_shown(value)}{example}"
    return next(filter(None, (_setting(key, planned, columns) for key in value)), "")


def _where(value: Any, planned: Planned, columns: Columns) -> str:
    problem = _where_settings(value, planned, columns)
    if problem or _has_trial(value, planned):
        return problem
    return f"is {_shown(value)}, and no trial of the study has these settings"


def _where_settings(value: Any, planned: Planned, columns: Columns) -> str:
    if not isinstance(value, Mapping):
        return f"must be a dict of setting and value, got {_shown(value)}"
    return _settings(list(value), planned, columns)


def _has_trial(where: Mapping[str, Any], planned: Planned) -> bool:
    """Whether a trial may have these settings, of a list one of its values."""
    if not planned.are_settled or any(key in planned.space for key in where):
        return True
    lists = {key: list(v) if isinstance(v, tuple) else v for key, v in where.items()}
    return len(select_trials(planned.trials, lists)) > 0


def _arms(value: Any, planned: Planned, columns: Columns) -> str:
    is_list = _is_list(value) and all(isinstance(arm, Mapping) for arm in value)
    if not is_list or not all(arm.keys() == {"label", "where"} for arm in value):
        wanted = 'a list of {"label": TEXT, "where": {SETTING: VALUE}}'
        return f"must be {wanted}, got {_shown(value)}"
    for arm in value:
        if problem := _where(arm["where"], planned, columns):
            return f"has the arm {_shown(arm['label'])}, whose where {problem}"
    return ""


def _models(value: Any, planned: Planned, columns: Columns) -> str:
    is_list = _is_list(value) and all(isinstance(model, Mapping) for model in value)
    if not is_list or not all({"label", "where"} <= model.keys() for model in value):
        wanted = 'a list of {"label": TEXT, "where": {SETTING: VALUE}}'
        return f"must be {wanted}, got {_shown(value)}"
    for model in value:
        which = f"has the model {_shown(model['label'])}"
        for key in model:
            if key not in _MODEL_KEYS:
                near = _near(str(key), _MODEL_KEYS, "A model has")
                return f"{which} with the key {key!r}{near}"
        if problem := _where_settings(model["where"], planned, columns):
            return f"{which}, whose where {problem}"
        if "split" in model and (problem := _setting(model["split"], planned, columns)):
            return f"{which}, whose split {problem}"
    return ""


_CHECKS: Mapping[Form, Check] = {
    "text": _text,
    "flag": _flag,
    "number": _number,
    "steps": _steps,
    "metric": _metric,
    "metrics": _metrics,
    "column": _column,
    "mode": _mode,
    "units": _units,
    "setting": _setting,
    "settings": _settings,
    "where": _where,
    "arms": _arms,
    "models": _models,
}


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _near(name: str, known: Sequence[str], lead: str) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f": {hint}{lead} {listing(list(known), most=MOST)}"


def _shown(value: Any) -> str:
    shown = dict(value) if isinstance(value, Mapping) else value
    return shortened(visible(repr(shown)), 80)
