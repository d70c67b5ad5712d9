"""From the names in a study to the things that they name."""

import dataclasses
import importlib
import importlib.util
import sys
import typing
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from search_spaces import STUDIES, Study

OURS = ("analysis", "search_spaces", "sweepbook", "trainables")  # installed on every machine


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


def load_studies(names: list[str]) -> list[Study]:
    """Returns the studies named on a command line, each once, in that order.

    A name is a built-in study, "all", or a Python file, my_study.py[:NAME], with Study values.
    "all" is every built-in study but the searches: each of those has a budget of its own.

    Raises:
        ValueError: for an unknown name (with the nearest), a missing file, one without a study.
    """
    found: dict[str, Study] = {}
    for name in names:
        file = name.rpartition(":")[0] if ".py:" in name else name
        if file.endswith(".py"):
            found |= {s.name: s for s in _studies_of_file(Path(file), name[len(file) + 1 :])}
        elif name == "all":
            found |= {n: study for n, study in STUDIES.items() if study.search is None}
        elif name in STUDIES:
            found[name] = STUDIES[name]
        else:
            raise ValueError(_unknown_study(name))
    return list(found.values())


def _unknown_study(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, STUDIES, cutoff=0.4) or list(STUDIES)
    return f"no study {name!r}: did you mean {', '.join(near)}? (sweepbook list shows all)"


def _studies_of_file(file: Path, wanted: str) -> list[Study]:
    if not file.is_file():
        raise ValueError(f"no study file {str(file)!r}")
    folder, stem = str(file.resolve().parent), file.stem
    known = _origin(stem)
    if known and Path(known).resolve() != file.resolve():
        raise ValueError(f"{file.name} has the name of an installed module: rename it")
    add_to_path(folder)
    try:
        module = importlib.import_module(stem)
    except Exception as error:  # whatever the user's code raises
        where = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise ValueError(
            f"{file}{where} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    studies = {k: v for k, v in vars(module).items() if isinstance(v, Study)}
    if wanted and wanted not in studies:
        raise ValueError(f"{file} has no study {wanted!r}: it has {', '.join(studies) or 'none'}")
    if not studies:
        raise ValueError(f"{file} has no Study value: see examples/ for one")
    return [studies[wanted]] if wanted else list(studies.values())


def _origin(module: str) -> str | None:
    """The file of a module, or "built-in"; None where there is no such module."""
    if module in sys.modules:
        return getattr(sys.modules[module], "__file__", None) or "built-in"
    found = importlib.util.find_spec(module)
    return found.origin if found else None


def modules_of(folders: Iterable[str]) -> list[str]:
    """Returns the files and packages that were imported from these folders, without our own.

    They are what a worker on another machine lacks.
    """
    found = []
    for folder in map(Path, folders):
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file == str(folder / f"{name}.py"):
                found.append(file)
            elif file == str(folder / name / "__init__.py") and name not in OURS:
                found.append(str(folder / name))
    return sorted(found)


def add_to_path(folder: str) -> None:
    """Makes the modules of a folder importable, in this process."""
    if folder not in sys.path:
        sys.path.insert(0, folder)
