"""From an import path in a study to the thing that it names, and calls of a user's own code."""

import dataclasses
import difflib
import functools
import importlib
import importlib.util
import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from sweepbook.study.configs import resolved
from sweepbook.study.errors import is_own, own_code, told

_importing: list[str] = []  # modules that are being imported for a study


def load_object(path: str) -> Any:
    """Returns what "package.module:name" names, something that can be called.

    Raises:
        ValueError: the module or the name does not exist, or the import fails, saying why.
    """
    module_name, _, name = path.partition(":")
    _check_form(path, module_name, name)
    try:
        module = imported(module_name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever the user's code raises
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{module_name}.".startswith(f"{missing}."):
            hint = _hint(missing.rpartition(".")[2], _modules_beside(missing))
            raise ValueError(f"no module {module_name!r} (named by {path!r}){hint}") from error
        raise ValueError(
            f"module {module_name!r} (named by {path!r}) cannot be imported: {told(error)}"
        ) from error
    try:
        found = getattr(module, name)
    except AttributeError as error:
        hint = _hint(name, [key for key, value in vars(module).items() if callable(value)])
        raise ValueError(f"module {module_name!r} has no {name!r}{hint}") from error
    if not callable(found):
        raise ValueError(
            f"{path!r} must name a function, but names a value of type {type(found).__name__}"
            + _class_of(found)
        )
    return found


def _class_of(found: Any) -> str:
    kind = type(found)
    if kind.__module__ == "builtins":
        return ""
    return f": name the class instead, {f'{kind.__module__}:{kind.__name__}'!r}, if that is meant"


def _check_form(path: str, module: str, name: str) -> None:
    """Refuses what Python could not import under any circumstances.

    Raises:
        ValueError: saying what to write instead.
    """
    if module.endswith(".py") or "/" in module:
        own = f"{Path(module).stem}:{name}"
        raise ValueError(f"{path!r} names a file: write the name of its module, as in {own!r}")
    outer, _, inner = name.rpartition(".")
    if outer:
        raise ValueError(
            f"{path!r} must name a function of the module itself: write `{inner} = {name}` in "
            f"{module}, and {f'{module}:{inner}'!r} here"
        )
    if not name.isidentifier() or not all(part.isidentifier() for part in module.split(".")):
        raise ValueError(
            f"{path!r} must be 'module:function', a module's name and a function's name in it"
        )


def imported(module: str) -> ModuleType:
    """Returns a module; while it is being imported, nothing may be trained: see `is_importing`."""
    _importing.append(module)
    try:
        return importlib.import_module(module)
    finally:
        _importing.pop()


def is_importing() -> bool:
    """Whether the caller runs because a study's module is being imported for it."""
    return bool(_importing)


def call_hook(what: str, path: str, *arguments: Any) -> Any:
    """Returns what a function of the user's own returns.

    Args:
        what: the study and its field, for the sentence about what goes wrong.
        path: import path of the function.

    Raises:
        ValueError: it cannot be imported, or raises something; see `own_code`.
    """
    hook = load_object(path)
    with own_code(f"{what} {path}"):
        return hook(*arguments)


def _modules_beside(missing: str) -> list[str]:
    """The modules of a user's own that lie where a missing one was looked for."""
    parent = missing.rpartition(".")[0]
    folders = getattr(sys.modules.get(parent), "__path__", ()) if parent else sys.path
    own = [Path(folder or ".") for folder in folders if is_own(str(Path(folder or ".") / "x.py"))]
    files = [file for folder in own for file in folder.glob("*.py")]
    packages = [file.parent for folder in own for file in folder.glob("*/__init__.py")]
    return [path.stem for path in (*files, *packages)]


def _hint(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f": did you mean {near[0]!r}?" if near else ""


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
        if _is_dict(str(first.annotation)):
            return None
        raise ValueError(
            f"the annotation {str(first.annotation)!r:.60} of the trainable's parameter "
            f"{first.name} cannot be read ({error}): import what it names outside of "
            "`if TYPE_CHECKING:`, or annotate the parameter with dict"
        ) from error
    for one in (hint, *typing.get_args(hint)):
        if isinstance(one, type) and dataclasses.is_dataclass(one):
            return one
    return None


def _is_dict(annotation: str) -> bool:
    """Whether an annotation whose names are not there means a dict, by its own name."""
    return bool(re.match(r"(\w+\.)*([Dd]ict|(Mutable)?Mapping|Any)\b", annotation))


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
