"""From an import path in a study to the thing that it names."""

import dataclasses
import functools
import importlib
import importlib.util
import inspect
import sys
import typing
from collections.abc import Callable, Mapping
from typing import Any

from sweepbook.study.configs import resolved


def load_object(path: str) -> Any:
    """Returns what "package.module:name" names.

    Raises:
        ValueError: where the module or the name does not exist, saying which.
    """
    module_name, _, name = path.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name.split(".")[0] and error.name != module_name:
            raise
        raise ValueError(f"no module {module_name!r} (named by {path!r})") from error
    try:
        return getattr(module, name)
    except AttributeError as error:
        raise ValueError(f"module {module_name!r} has no {name!r}") from error


def config_type(trainable: Callable[..., Any]) -> type | None:
    """Returns the dataclass that annotates the trainable's first parameter, or None.

    The trainable may be partial, decorated or an object that can be called. What annotates its
    other parameters does not matter.

    Raises:
        ValueError: it cannot be called, or nobody can say what annotates its first parameter.
    """
    try:
        parameters = list(inspect.signature(trainable).parameters.values())
    except TypeError as error:
        raise ValueError(f"the trainable must be a function, got {trainable!r:.60}") from error
    except ValueError:  # one of C's, without a signature
        return None
    if not parameters or parameters[0].annotation is inspect.Parameter.empty:
        return None
    first = parameters[0]
    try:
        hint = resolved(first.annotation, _names_of(trainable), {})
    except Exception as error:  # whatever a name raises that is not there
        raise ValueError(
            f"the annotation {str(first.annotation)!r:.60} of the trainable's parameter "
            f"{first.name} cannot be read ({error}): import what it names outside of "
            "`if TYPE_CHECKING:`, or annotate the parameter with dict"
        ) from error
    for one in (hint, *typing.get_args(hint)):
        if isinstance(one, type) and dataclasses.is_dataclass(one):
            return one
    return None


def _names_of(trainable: Any) -> Mapping[str, Any]:
    """The names of the module in which a trainable's own signature stands."""
    while True:
        inner = inspect.unwrap(trainable)
        inner = inner.func if isinstance(inner, functools.partial) else inner
        if inner is trainable:
            break
        trainable = inner
    if not inspect.isroutine(trainable):  # a class, or an object that can be called
        made = trainable.__init__ if inspect.isclass(trainable) else type(trainable).__call__
        return _names_of(made)
    return getattr(trainable, "__globals__", {})


def add_to_path(*folders: str) -> None:
    """Puts folders first on this process's sys.path, in this order, wherever they stood in it."""
    sys.path[:] = [*folders, *(path for path in sys.path if path not in folders)]
