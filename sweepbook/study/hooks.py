"""From an import path in a study to the thing that it names."""

import dataclasses
import importlib
import importlib.util
import sys
import typing
from collections.abc import Callable
from typing import Any


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
    """Returns the dataclass that annotates the trainable's first parameter, or None."""
    hints = typing.get_type_hints(trainable)
    parameters = [hint for name, hint in hints.items() if name != "return"]
    if not parameters:
        return None
    for hint in (parameters[0], *typing.get_args(parameters[0])):
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            return hint
    return None


def add_to_path(*folders: str) -> None:
    """Puts folders first on this process's sys.path, in this order, wherever they stood in it."""
    sys.path[:] = [*folders, *(path for path in sys.path if path not in folders)]
