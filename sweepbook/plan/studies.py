"""The studies that a command line names."""

import difflib
import importlib
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path

from sweepbook.study.hooks import add_to_path
from sweepbook.study.project import Project, find_project
from sweepbook.study.study import Study

TOOL = "sweepbook"  # installed on every machine


def load_studies(names: list[str], project: Project | None = None) -> list[Study]:
    """Returns the studies named on a command line, each once, in that order.

    A name is a study of the project, "all", or a Python file, my_study.py[:NAME], with Study
    values. "all" is every study of the project but the searches: each has a budget of its own.

    Raises:
        ValueError: for an unknown name (with the nearest), a missing file, one without a study,
            a name without a project, and two different studies of one name.
    """
    found: dict[str, Study] = {}
    for name in names:
        file = name.rpartition(":")[0] if ".py:" in name else name
        if file.endswith(".py"):
            chosen = _studies_of_file(Path(file), name[len(file) + 1 :])
        else:
            chosen = _studies_of_project(name, project)
        for study in chosen:
            if found.setdefault(study.name, study) is not study:
                raise ValueError(
                    f"two studies are named {study.name!r}: give one of them another name"
                )
    return list(found.values())


def _studies_of_project(name: str, project: Project | None) -> list[Study]:
    if project is None:
        raise ValueError(
            f"{name!r} is no study file, and there is no project here that could declare a study "
            "of that name: go to the project's folder, name it by --project DIR, or run a study "
            "file: sweepbook run my_study.py"
        )
    known = project.studies()
    if name == "all":
        return [study for study in known.values() if study.search is None]
    if name not in known:
        near = difflib.get_close_matches(name, known, cutoff=0.4) or list(known)
        raise ValueError(
            f"no study {name!r}: did you mean {', '.join(near)}? (sweepbook list shows all)"
        )
    return [known[name]]


def _studies_of_file(file: Path, wanted: str) -> list[Study]:
    if not file.is_file():
        raise ValueError(f"no study file {str(file)!r}")
    folder, stem = str(file.resolve().parent), file.stem
    known = _origin(stem)
    if known and Path(known).resolve() != file.resolve():
        raise ValueError(f"{file.name} has the name of an installed module: rename it")
    if (project := find_project(folder)) is not None:
        add_to_path(str(project.root))
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
            elif file == str(folder / name / "__init__.py") and name != TOOL:
                found.append(str(folder / name))
    return sorted(found)
