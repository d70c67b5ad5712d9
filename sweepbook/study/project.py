"""The project that one works in: where its packages lie, and the studies that it declares."""

import contextlib
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from sweepbook.study.errors import told
from sweepbook.study.hooks import add_to_path, imported
from sweepbook.study.study import Study

USUAL = "search_spaces"  # the package of studies where a project names none


@dataclass(frozen=True)
class Project:
    """A folder with packages of its own, some of which declare studies.

    Args:
        root: the folder; it comes first on sys.path where its code is imported.
        packages: names of the packages or modules that declare its studies.
    """

    root: Path
    packages: tuple[str, ...]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.root.name

    @property
    def title(self) -> str:
        """What its reports are called: `title` of [tool.sweepbook]; "" where it has none.

        Raises:
            ValueError: the pyproject.toml cannot be read, or its title is no text.
        """
        settings = self.root / "pyproject.toml"
        table = (_table(settings) if settings.is_file() else None) or {}
        title = table.get("title", "")
        if not isinstance(title, str):
            raise ValueError(f"{settings}: title of [tool.sweepbook] must be a text in quotes")
        return title.strip()

    def studies(self) -> dict[str, Study]:
        """Returns name -> study of every package, in the order of declaration.

        A package's studies are those of its `STUDIES`, a dict, or else all its `Study` values.

        Raises:
            ValueError: a package cannot be imported, lies elsewhere, or declares a name twice.
        """
        add_to_path(str(self.root))
        found: dict[str, Study] = {}
        for package in self.packages:
            for study in _declared(self._imported(package)):
                if study.name in found and found[study.name] is not study:
                    raise ValueError(
                        f"project {self.root} declares two studies named {study.name!r}: "
                        "give one of them another name"
                    )
                found[study.name] = study
        return found

    def _imported(self, package: str) -> ModuleType:
        try:
            module = imported(package)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever the project's code raises
            raise ValueError(
                f"package {package!r} of project {self.root} cannot be imported: {told(error)}"
            ) from error
        file = Path(module.__file__ or next(iter(module.__path__))).resolve()
        if self.root not in file.parents:
            raise ValueError(
                f"package {package!r} of project {self.root} was imported from {file}: "
                "another folder on the Python path has a package of that name"
            )
        return module


def find_project(start: str | Path | None = None) -> Project | None:
    """Returns the project of a folder: the nearest one upwards, or None.

    A project's folder has a [tool.sweepbook] table in its pyproject.toml (`studies`, a list of
    packages) or a package `search_spaces`. It never lies in a record.

    Args:
        start: a folder, or a file in it; None: the folder that this process works in.

    Raises:
        ValueError: a pyproject.toml on the way cannot be read, or its table is wrong.
    """
    here = Path.cwd() if start is None else Path(start).resolve()
    for folder in (here, *here.parents):
        if _is_in_record(folder):
            continue
        packages = _packages(folder)
        if packages is not None:
            return Project(folder, packages)
    return None


def is_project(folder: Path) -> bool:
    """Whether a folder is the root of a project; False where its pyproject.toml is unreadable."""
    try:
        return _packages(folder) is not None
    except ValueError:
        return False


def add_behind_project(*folders: str) -> None:
    """Puts folders first on sys.path, but behind the root of the project that one works in.

    A folder that does not exist is left out; one that is on sys.path stays where it stands.
    """
    n_roots = 1 if sys.path and sys.path[0] and is_project(Path(sys.path[0])) else 0
    sys.path[n_roots:n_roots] = [f for f in folders if f not in sys.path and Path(f).is_dir()]


def project_at(folder: str) -> Project:
    """Returns the project of exactly this folder.

    Raises:
        ValueError: there is no such folder, or it is no project.
    """
    if not Path(folder).is_dir():
        raise ValueError(f"--project {folder}: no such folder")
    whole = Path(folder).resolve()
    packages = None if _is_in_record(whole) else _packages(whole)
    if packages is None:
        raise ValueError(
            f"--project {folder}: no project; its folder needs a package {USUAL!r}, or a "
            "[tool.sweepbook] table with studies = [...] in its pyproject.toml"
        )
    return Project(whole, packages)


def _is_in_record(folder: Path) -> bool:
    """Whether a folder is a record or lies in one: what a record brings is data, and no code."""
    for record in (folder, *folder.parents):
        manifest = record / "manifest.json"
        with contextlib.suppress(OSError):
            if manifest.is_file() and b'"schema_version"' in manifest.read_bytes():
                return True
    return False


def _packages(folder: Path) -> tuple[str, ...] | None:
    """The packages of studies that a folder declares; None where it is no project."""
    settings = folder / "pyproject.toml"
    table = _table(settings) if settings.is_file() else None
    if table is not None:
        named = table.get("studies", [USUAL])
        if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
            raise ValueError(f"{settings}: studies of [tool.sweepbook] must be a list of packages")
        return tuple(named)
    return (USUAL,) if (folder / USUAL / "__init__.py").is_file() else None


def _table(settings: Path) -> Mapping[str, object] | None:
    try:
        tools = tomllib.loads(settings.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError) as error:
        raise ValueError(f"{settings} cannot be read: {error}") from error
    found = tools.get("sweepbook")
    return found if isinstance(found, Mapping) else None


def _declared(module: ModuleType) -> list[Study]:
    named = getattr(module, "STUDIES", None)
    values = named.values() if isinstance(named, Mapping) else vars(module).values()
    return [value for value in values if isinstance(value, Study)]
