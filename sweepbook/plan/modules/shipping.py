"""Which of a user's folders and modules a worker needs, found from the functions of its studies.

A worker on this machine gets folders of the driver's sys.path. One on another machine gets the
files and packages themselves: those that the studies' functions import, as their text says.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from sweepbook.plan.modules.imports import python_files, top_level_imports
from sweepbook.study.errors import INSTALLED
from sweepbook.study.project import find_project, is_project
from sweepbook.study.study import Study

TOOL = "sweepbook"  # installed on every machine

# top-level module -> its file or its folder; of a package without __init__.py, all its folders
Needs = dict[str, tuple[str, ...]]


def import_paths(studies: Iterable[Study]) -> list[str]:
    """Returns the folders that a worker needs first on its sys.path to import what studies name.

    They are the folders that hold the studies' functions, the roots of those folders' projects and
    of other projects whose modules they import, as far as they are on this process's sys.path, and
    no folder that pip installs into. The deepest folders come first: a study file's own before its
    project's root.
    """
    on_path = {os.path.abspath(path) for path in sys.path}
    found: set[str] = set()
    names = _top_level(path for study in studies for path in study.hooks().values())
    for folder in {place.parent for name in names - {TOOL} for place in places_of(spec_of(name))}:
        if folder.name not in INSTALLED and str(folder) in on_path:
            project = find_project(folder)
            found |= {str(folder)} | ({str(project.root)} & on_path if project else set())
    # a study file that lies elsewhere may use the project that one works in
    others = [p for p in sorted(on_path - found) if is_project(Path(p))]
    if others:
        for places in modules_needed(names, [*found, *others]).values():
            found |= {str(Path(place).parent) for place in places} & set(others)
    return sorted(found, key=lambda folder: (-len(Path(folder).parts), folder))


def shipped_modules(studies: Iterable[Study]) -> list[str]:
    """Returns the Python files and package folders that a worker on another machine lacks."""
    hooks: dict[tuple[str, ...], set[str]] = {}
    for study in studies:
        hooks.setdefault(tuple(import_paths([study])), set()).update(study.hooks().values())
    needs = [modules_needed(paths, roots) for roots, paths in hooks.items()]
    return sorted({place for need in needs for places in need.values() for place in places})


def modules_needed(names: Iterable[str], roots: Sequence[str]) -> Needs:
    """Returns the top-level modules in some folders that modules are made of and import.

    What they import is followed, through every file of a package, inside functions too; a package
    without __init__.py counts as Python has it. Left out is what lies elsewhere: what pip has
    installed, the standard library, sweepbook itself.

    Args:
        names: of modules, or import paths "package.module:function".
        roots: folders, first on sys.path where the modules are imported.
    """
    importlib.invalidate_caches()  # a file may be a moment old
    new = _top_level(names)
    seen = {TOOL, *sys.stdlib_module_names}
    found: Needs = {}
    while new := new - seen:
        name = min(new)
        seen.add(name)
        spec = PathFinder.find_spec(name, [*roots, *sys.path])
        places = [place for place in places_of(spec) if str(place.parent) in roots]
        places = [place for place in places if place.is_dir() or place.suffix == ".py"]
        if places:
            found[name] = tuple(map(str, places))
        for place in places:
            new = new.union(*map(top_level_imports, python_files(place)))
    return found


def check_one_of_each_name(needs: Iterable[Mapping[str, tuple[str, ...]]]) -> None:
    """Checks that nobody needs a module of the same name as another's: a process has one.

    Raises:
        ValueError: naming the two files.
    """
    known: Needs = {}
    for need in needs:
        for name, places in need.items():
            if known.setdefault(name, places) != places:
                raise ValueError(
                    f"two studies of this command need different modules named {name!r}, "
                    f"{known[name][0]} and {places[0]}: run the studies in separate commands, or "
                    "rename one"
                )


def _top_level(paths: Iterable[str]) -> set[str]:
    """The first names of modules, or of import paths "package.module:function"."""
    return {path.partition(":")[0].partition(".")[0] for path in paths}


def spec_of(name: str) -> ModuleSpec | None:
    """Returns where a top-level module was or would be imported from; None where none is found."""
    try:
        return importlib.util.find_spec(name)
    except ValueError:  # it was made by hand
        return None


def places_of(spec: ModuleSpec | None) -> list[Path]:
    """Returns a module's file, or its folder; a package without __init__.py may have several."""
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return [Path(folder) for folder in spec.submodule_search_locations]
    return [Path(spec.origin)] if spec.has_location and spec.origin else []
