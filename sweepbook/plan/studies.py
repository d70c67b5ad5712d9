"""The studies that a command line names."""

import difflib
import importlib
import importlib.util
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from sweepbook.plan.modules.own_names import check_own_names
from sweepbook.plan.modules.shipping import check_one_of_each_name, modules_needed
from sweepbook.plan.written.study import studies_of_yaml
from sweepbook.study.errors import shown_path, told
from sweepbook.study.hooks import add_to_path, imported
from sweepbook.study.project import Project, find_project
from sweepbook.study.study import Study


def load_studies(names: list[str], project: Project | None = None) -> list[Study]:
    """Returns the studies named on a command line, each once, in that order.

    A name is a study of the project, "all", a Python file, my_study.py[:NAME], with Study
    values, or a YAML file, my_study.yaml[:NAME], with a study in each document. "all" is every
    study of the project but the searches: each has a budget of its own. The project's root, or a
    study file's folder and the root of the file's own project, come first on sys.path.

    Raises:
        ValueError: for an unknown name (with the nearest), a missing file, one without a study,
            a name without a project, two different studies of one name, and modules of which
            another one of the same name would be imported.
    """
    roots = [_roots(name, project) for name in names]
    mixed = len(set(roots)) > 1
    of_all = () if project is None else (str(project.root),)  # files elsewhere may use it
    others = [folder for own in roots for folder in own if folder not in of_all]
    # before one of them is imported in the place of another
    declaring = [_declaring_modules(name, project if mixed else None) for name in names]
    _check_names(declaring, roots, others)
    found: dict[str, Study] = {}
    named_by: dict[str, str] = {}
    hooks = []
    for name, own_roots in zip(names, roots, strict=True):
        file, wanted = _file_of(name)
        if file is None:
            chosen = _studies_of_project(name, project)
        else:
            chosen = _studies_of_file(file, wanted, own_roots)
        hooks.append([path for study in chosen for path in study.hooks().values()])
        for study in chosen:
            if found.setdefault(study.name, study) is not study:
                raise ValueError(
                    f"two studies are named {study.name!r}, one in {named_by[study.name]} and one "
                    f"in {name}: give one of them another name"
                )
            named_by.setdefault(study.name, name)
    _check_names(hooks, roots, others)
    return list(found.values())


def _check_names(
    modules: Sequence[Sequence[str]], roots: Sequence[tuple[str, ...]], others: Sequence[str]
) -> None:
    """Checks that nobody gets another's module, of those that each named study is made of."""
    distinct = {(tuple(names), own): None for names, own in zip(modules, roots, strict=True)}
    needs = [modules_needed(names, own) for names, own in distinct]
    check_one_of_each_name(needs)
    for (_, own), need in zip(distinct, needs, strict=True):
        check_own_names(need, own, others)


def _file_of(name: str) -> tuple[Path | None, str]:
    """The file that a name means, if it means one, and which study of it: "" for all."""
    found = re.fullmatch(r"(.*\.(?:py|ya?ml))(?::(.*))?", name, re.DOTALL)
    return (Path(found[1]), found[2] or "") if found else (None, "")


def _roots(name: str, project: Project | None) -> tuple[str, ...]:
    """The folders that the code of a named study is looked for in first."""
    file, _ = _file_of(name)
    if file is None:
        return () if project is None else (str(project.root),)
    folder = file.resolve().parent
    own = find_project(folder)
    return tuple(dict.fromkeys([str(folder)] + ([str(own.root)] if own else [])))


def _declaring_modules(name: str, project: Project | None) -> list[str]:
    file, _ = _file_of(name)
    if file is None:
        return [] if project is None else list(project.packages)
    return [file.stem] if file.suffix == ".py" else []


def _studies_of_project(name: str, project: Project | None) -> list[Study]:
    if project is None:
        raise ValueError(
            f"{name!r} is not a study file (its name does not end with .py or .yaml), and the "
            "current folder is not in a project that could declare a study of that name: change "
            "to the project's folder, give it by --project DIR, or name a file such as my_study.py"
        )
    known = project.studies()
    if not known:
        raise ValueError(
            f"project {project.root} declares no studies: see its pyproject.toml or search_spaces"
        )
    if name == "all":
        return [study for study in known.values() if study.search is None]
    if name not in known:
        near = difflib.get_close_matches(name, known, cutoff=0.4) or list(known)
        raise ValueError(
            f"no study {name!r}: did you mean {', '.join(near)}? (sweepbook list shows all)"
        )
    return [known[name]]


def _studies_of_file(file: Path, wanted: str, roots: Sequence[str]) -> list[Study]:
    if not file.is_file():
        raise ValueError(f"there is no study file {str(file)!r}")
    if file.suffix != ".py":
        add_to_path(*roots)
        return _chosen_of_yaml(file, wanted)
    if "." in file.stem:
        raise ValueError(
            f"{file.name} cannot be imported, because its name has a dot before .py: rename it, "
            f"for example to {file.stem.replace('.', '_')}.py"
        )
    known = _origin(file.stem)
    if known and Path(known).resolve() != file.resolve():
        raise ValueError(f"{file.name} has the name of another module, {known}: rename your file")
    add_to_path(*roots)
    importlib.invalidate_caches()  # a file may be a moment old
    try:
        module = imported(file.stem)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever the user's code raises
        shown = shown_path(str(file))
        raise ValueError(f"{shown} cannot be imported: {told(error)}") from error
    studies = {k: v for k, v in vars(module).items() if isinstance(v, Study)}
    if wanted and wanted not in studies:
        raise ValueError(f"{file} has no study {wanted!r}: it has {', '.join(studies) or 'none'}")
    if not studies:
        raise ValueError(
            f"{file} defines no study: assign one to a variable, as in STUDY = Study(...)"
        )
    if wanted:
        return [studies[wanted]]
    by_name: dict[str, str] = {}
    for variable, study in studies.items():
        first = by_name.setdefault(study.name, variable)
        if studies[first] is not study:
            raise ValueError(
                f"{file} has two studies named {study.name!r}, {first} and {variable}: give one "
                f"of them another name, or choose one, as in {file}:{first}"
            )
    return list(studies.values())


def _chosen_of_yaml(file: Path, wanted: str) -> list[Study]:
    studies = studies_of_yaml(file)
    names = [study.name for study in studies]
    if not studies:
        raise ValueError(f"{file} defines no study: it is empty")
    if wanted and wanted not in names:
        raise ValueError(f"{file} has no study {wanted!r}: it has {', '.join(names)}")
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(
            f"{file} has two studies named {twice[0]!r}: give one of them another name"
        )
    return [study for study in studies if wanted in ("", study.name)]


def _origin(module: str) -> str | None:
    """The file of a module, or "built-in"; None where there is no such module."""
    if module in sys.modules:
        return getattr(sys.modules[module], "__file__", None) or "built-in"
    found = importlib.util.find_spec(module)
    return found.origin if found else None
