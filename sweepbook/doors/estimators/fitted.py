"""A fitted estimator as plain values, and back: reading them calls nothing of the user's.

A state is what the attributes of an estimator hold: numbers, texts, arrays, and objects of
scikit-learn's own classes, each as its class and its content. A class is looked up within
scikit-learn alone. Whatever else an estimator holds, it has no state, and a trial begins anew.
"""

import copyreg
import importlib
from collections import OrderedDict
from typing import Any

import numpy as np

from sweepbook.record.storage.packing import packed

_OWN = "sklearn."
_PLAIN = (type(None), bool, int, float, complex, str, bytes)

Seen = dict[int, tuple[int, Any]]  # id -> number, and the object, so that no other gets its id


class _ForeignError(Exception):
    """Something that a state cannot hold."""


def kept(fitted: Any) -> dict[str, Any] | None:
    """Returns what a fitted estimator has learned, as plain values; None where that is not known.

    Its parameters are not among them: it is made again with them.
    """
    parameters = fitted.get_params(deep=False)
    own = {name: value for name, value in vars(fitted).items() if name not in parameters}
    seen: Seen = {}
    try:
        values = {name: _plain(value, seen, []) for name, value in own.items()}
        packed(values)
    except (_ForeignError, TypeError):
        return None
    return values


def put_back(made: Any, values: dict[str, Any]) -> None:
    """Gives an estimator that has just been made what `kept` has returned."""
    known: dict[int, Any] = {}
    vars(made).update({name: _again(value, known) for name, value in values.items()})


def _plain(value: Any, seen: Seen, inside: list[int]) -> Any:
    """A value as plain ones: (what it is, its content, its number); plain ones stay as they are.

    seen: what was met already, which two attributes may share.
    """
    kind = type(value)
    if kind in _PLAIN or isinstance(value, np.generic):
        return value
    if id(value) in inside or kind in (set, frozenset) or isinstance(value, type):
        raise _ForeignError
    if id(value) in seen:
        return ("same", seen[id(value)][0])
    number = len(seen)
    seen[id(value)] = (number, value)
    within = [*inside, id(value)]
    if kind is np.ndarray:
        if not value.dtype.hasobject:
            return ("array", value.copy(), number)
        items = [_plain(one, seen, within) for one in value.ravel()]
        return ("objects", [list(value.shape), items], number)
    if kind in (list, tuple):
        return (kind.__name__, [_plain(one, seen, within) for one in value], number)
    if kind in (dict, OrderedDict):
        items = [[_plain(k, seen, within), _plain(v, seen, within)] for k, v in value.items()]
        return (kind.__name__, items, number)
    if kind is np.random.RandomState:
        return ("random", list(value.get_state()), number)
    return ("object", _content(value, seen, within), number)


def _content(value: Any, seen: Seen, within: list[int]) -> list[Any]:
    """Class, arguments and state of an object of scikit-learn's."""
    kind = type(value)
    if not kind.__module__.startswith(_OWN) or "." in kind.__qualname__:
        raise _ForeignError
    try:
        function, arguments, *rest = value.__reduce_ex__(2)
    except TypeError as error:
        raise _ForeignError from error
    if function is vars(copyreg)["__newobj__"] and arguments[0] is kind:
        way, arguments = "new", arguments[1:]
    elif function is kind:
        way = "call"
    else:
        raise _ForeignError
    if any(one is not None for one in rest[1:]):
        raise _ForeignError
    state = rest[0] if rest else None
    parts = [_plain(list(arguments), seen, within), _plain(state, seen, within)]
    return [way, kind.__module__, kind.__qualname__, *parts]


def _again(value: Any, known: dict[int, Any]) -> Any:
    if type(value) is not tuple:
        return value
    if value[0] == "same":
        return known[value[1]]
    what, content, number = value
    made: Any
    if what == "array":
        made = np.array(content)
    elif what == "objects":
        shape, items = content
        made = np.empty(len(items), dtype=object)
        made[:] = [_again(one, known) for one in items]
        made = made.reshape(shape)
    elif what in ("list", "tuple"):
        items = [_again(one, known) for one in content]
        made = tuple(items) if what == "tuple" else items
    elif what in ("dict", "OrderedDict"):
        pairs = [(_again(k, known), _again(v, known)) for k, v in content]
        made = OrderedDict(pairs) if what == "OrderedDict" else dict(pairs)
    elif what == "random":
        made = np.random.RandomState()
        made.set_state(tuple(content))
    else:
        made = _object(content, known)
    known[number] = made
    return made


def _object(content: list[Any], known: dict[int, Any]) -> Any:
    way, module, name, given, kept_state = content
    if not module.startswith(_OWN):
        raise ValueError(f"{module}.{name} is no class of scikit-learn")
    kind = getattr(importlib.import_module(module), name)
    if not isinstance(kind, type) or not kind.__module__.startswith(_OWN):
        raise ValueError(f"{module}.{name} is no class of scikit-learn")
    arguments, state = _again(given, known), _again(kept_state, known)
    made = kind.__new__(kind, *arguments) if way == "new" else kind(*arguments)
    if state is not None and hasattr(made, "__setstate__"):
        made.__setstate__(state)
    elif state is not None:
        vars(made).update(state)
    return made
