"""Names of a user's own modules that others have as well: a process has one module of a name."""

import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path

from sweepbook.plan.modules.imports import python_files, top_level_imports
from sweepbook.plan.modules.shipping import TOOL, Needs
from sweepbook.study.errors import INSTALLED
from sweepbook.study.installed import plain_name


def check_own_names(needs: Needs, roots: Sequence[str], others: Iterable[str]) -> None:
    """Checks that a study gets the modules that it means, and sweepbook and Ray theirs.

    Args:
        needs: the modules in `roots` that the study is made of.
        roots: the folders that its code is looked for in first.
        others: those of other study files of the command, which are looked in as well.

    Raises:
        ValueError: naming the file that would be imported in the place of another, or not at all.
    """
    own = [file for places in needs.values() for place in places for file in _files(place)]
    imported = set().union(*map(top_level_imports, own))
    for name in sorted(imported & sys.stdlib_module_names):
        if file := _file_in(name, roots):
            raise ValueError(
                f"{file} has the name of Python's own module {name!r}: rename the file"
            )
    for name, places in needs.items():
        known = _imported_from(name)
        if known and not known & {Path(place).resolve() for place in places}:
            raise ValueError(
                f"{places[0]} has the name of another module that is imported already, "
                f"{min(known)}: rename your file"
            )
    if like := _like_the_tool_s(roots):
        raise ValueError(
            f"{like[0]} has the name of a package that sweepbook itself imports: rename it"
        )
    foreign = [folder for folder in others if folder not in roots]
    usual = [folder for folder in sys.path if folder not in foreign]
    for name in sorted(imported - needs.keys() - {TOOL}):
        file, meant = _file_in(name, foreign), _file_in(name, usual)
        if file and meant and file != meant:
            raise ValueError(
                f"a study in {roots[0]} would import {file} instead of {meant}: run the studies "
                "in separate commands, or rename the file"
            )


def _files(place: str) -> list[Path]:
    return python_files(Path(place))


def _file_in(name: str, folders: Collection[str]) -> str | None:
    """The file of a module or a package in some folders; a folder without __init__.py is none."""
    spec = PathFinder.find_spec(name, list(folders)) if folders else None
    return spec.origin if spec and spec.has_location else None


def _imported_from(name: str) -> set[Path]:
    """The file of a module that this process has imported, or the folders of a package."""
    module = sys.modules.get(name)
    if module is None:
        return set()
    folders = getattr(module, "__path__", None)
    found = list(folders) if folders is not None else [getattr(module, "__file__", None)]
    return {Path(place).resolve() for place in found if place}


def _like_the_tool_s(folders: Iterable[str]) -> list[Path]:
    """Files in some folders that have the name of a package that the tool needs."""
    files = [file for folder in folders for file in Path(folder).glob("*.py")]
    files += [file for folder in folders for file in Path(folder).glob("*/__init__.py")]
    named = {file.parent.name if file.name == "__init__.py" else file.stem: file for file in files}
    installed = [path for path in sys.path if Path(path).name in INSTALLED]
    like = {name: file for name, file in named.items() if _file_in(name, installed)}
    if not like:
        return []
    owners: Mapping[str, Sequence[str]] = metadata.packages_distributions()
    ours = _distributions()
    return [file for name, file in like.items() if ours & {*map(plain_name, owners.get(name, ()))}]


def _distributions() -> set[str]:
    """The distributions that the tool needs, and those that they need; no extras."""
    found: set[str] = set()
    new = {TOOL}
    while new:
        found |= new
        wanted = [line for name in new for line in _requirements(name) if "extra ==" not in line]
        new = {plain_name(re.split(r"[^\w.-]", line)[0]) for line in wanted} - found
    return found - {TOOL}


def _requirements(distribution: str) -> list[str]:
    try:
        return metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return []
