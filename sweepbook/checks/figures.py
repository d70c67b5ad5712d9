"""The figures that a study declares, each checked: kind, keys, values, and its name."""

from __future__ import annotations

import difflib
import inspect
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sweepbook.aggregates.labels import listing
from sweepbook.checks.forms import value_problem
from sweepbook.checks.planned import Planned
from sweepbook.figures.keys import OPTIONAL_OF_ALL, REQUIRED_OF_ALL, Key, Of
from sweepbook.figures.kinds import KEYS, unknown_keys
from sweepbook.pages.names import safe_name
from sweepbook.study.hooks import load_object
from sweepbook.study.texts import shortened, visible

MOST = 40  # kinds or keys in a message


def figure_problems(
    figures: Sequence[Any],
    planned: Planned,
    of: Of,
    columns: frozenset[str] | None,
    what: str = "figure",
) -> list[str]:
    """Sentences about figures that could not be drawn, or not as they are meant; [] for none.

    Args:
        of: what the figures are drawn of: a grid's trials, a search, or its confirmation.
        columns: of the reports, as far as known; None: any.
        what: how a sentence calls one of them.
    """
    found = []
    for number, spec in enumerate(figures, start=1):
        if not isinstance(spec, Mapping):
            problems = [f"it must be a dict, got {_shown(spec)}"]
        else:
            problems = _problems(spec, planned, of, columns)
        name = spec.get("name") if isinstance(spec, Mapping) else None
        which = repr(name) if isinstance(name, str) and name else str(number)
        found += [f"study {planned.study.name}, {what} {which}: {text}" for text in problems]
    return found + _same_names(figures, planned, what)


def _same_names(figures: Sequence[Any], planned: Planned, what: str) -> list[str]:
    """Names that two figures share: each is the name of the figure's files."""
    known: dict[str, str] = {}
    found = []
    for spec in figures:
        name = spec.get("name") if isinstance(spec, Mapping) else None
        if not isinstance(name, str) or not name:
            continue
        file = safe_name(name).lower()
        if file in known:
            found.append(
                f"study {planned.study.name}: the {what}s {known[file]!r} and {name!r} would have "
                f"the same files, figures/{safe_name(name)}.*: give each a name of its own"
            )
        known[file] = name
    return found


def _problems(
    spec: Mapping[str, Any], planned: Planned, of: Of, columns: frozenset[str] | None
) -> list[str]:
    kind = spec.get("kind")
    if isinstance(kind, str) and ":" in kind:
        return [*_of_own_kind(kind), *_of_keys(spec, REQUIRED_OF_ALL, {}, planned, columns)]
    if not isinstance(kind, str) or kind not in KEYS:
        near = difflib.get_close_matches(str(kind), KEYS, n=1, cutoff=0.5)
        meant = _problems({**spec, "kind": near[0]}, planned, of, columns) if near else []
        return [_unknown_kind(kind, near), *meant]
    keys = KEYS[kind]
    if keys.of != "trials" and keys.of != of:
        whose = "a search" if keys.of == "search" else "a confirmation of a search"
        return [
            f"kind {kind!r} shows {whose} alone, whose report has it without being asked: leave "
            "the figure out"
        ]
    required = {**REQUIRED_OF_ALL, **keys.required}
    found = _of_keys(spec, required, keys.optional, planned, columns)
    lacking = [key for key in keys.yields if columns is not None and key not in columns]
    found += [
        f"kind {kind!r} shows {key}, and the trainable never yields that: leave the figure out, "
        f"or yield {key}"
        for key in lacking
    ]
    return [*found, *unknown_keys(spec)]


def _unknown_kind(kind: Any, near: Sequence[str]) -> str:
    hint = f"did you mean {near[0]!r}? " if near else ""
    got = f"there is no kind {_shown(kind)}" if kind is not None else "it has no 'kind'"
    return (
        f"{got}: {hint}The kinds are {listing(list(KEYS), most=MOST)}, and 'module:function' for "
        "one of your own"
    )


def _of_keys(
    spec: Mapping[str, Any],
    required: Mapping[str, Key],
    optional: Mapping[str, Key],
    planned: Planned,
    columns: frozenset[str] | None,
) -> list[str]:
    """What is wrong with the values of a figure's keys, or lacks among them."""
    known = {**required, **optional, **OPTIONAL_OF_ALL}
    found = [
        f"it needs {key!r}: {known[key].says}" for key in required if _is_empty(spec.get(key))
    ]
    if unkept := _not_json(spec):
        return found + unkept
    for key, value in spec.items():
        if key in known and not (key in required and _is_empty(value)):
            problem = value_problem(known[key], value, planned, columns)
            found += [f"{key} {problem}"] if problem else []
    return found


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | tuple | Mapping) and not value)


def _not_json(spec: Mapping[str, Any]) -> list[str]:
    """A value that a record cannot keep."""
    for key, value in spec.items():
        try:
            json.dumps(value, default=_scalar)
        except (TypeError, ValueError) as error:
            return [f"{key} is {_shown(value)}, which a record cannot keep ({error})"]
    return []


def _scalar(value: Any) -> Any:
    """A number of numpy's as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"it is a {type(value).__name__}")


def _of_own_kind(path: str) -> list[str]:
    """What is wrong with a kind that a project draws by itself."""
    if path.count(":") != 1:
        return [f"kind must be 'module:function', got {path!r}"]
    try:
        function = load_object(path)
    except ValueError as error:
        return [f"its kind cannot be used: {error}"]
    try:
        inspect.signature(function).bind({}, None)
    except TypeError as error:
        return [f"{path} must take (spec, record), and it does not: {error}"]
    except ValueError:  # nobody knows its parameters
        pass
    return []


def _shown(value: Any) -> str:
    return shortened(visible(repr(value)), 60)
