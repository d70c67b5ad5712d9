"""Packages that code needs and that are not installed: the line that installs them."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# name of the import -> what pip calls it, where it is another name
PIP_NAMES = {
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "skopt": "scikit-optimize",
    "umap": "umap-learn",
    "yaml": "pyyaml",
}


def is_installed(distribution: str) -> bool:
    """Whether pip has installed a distribution."""
    try:
        version(distribution)
    except (PackageNotFoundError, ValueError):  # an empty name
        return False
    return True


def pip_line(names: Iterable[str], needed_in: Path | None) -> str:
    """Returns the line that installs packages.

    Args:
        names: of imports, or of distributions.
        needed_in: the folder of the code that needs them. Where the nearest pyproject.toml above
            it has a package in an extra, and its project is installed, the line names the extra.
    """
    wanted = [PIP_NAMES.get(name, name) for name in names]
    extras = {} if needed_in is None else _extras(needed_in)
    words = [extras.get(plain_name(name), name) for name in wanted]
    return " ".join(["pip install", *dict.fromkeys(words)])


def plain_name(distribution: str) -> str:
    """Returns the name of a distribution as all its spellings mean it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _extras(start: Path) -> dict[str, str]:
    """Distribution -> 'project[extra]', of the nearest pyproject.toml upwards."""
    files = [folder / "pyproject.toml" for folder in (start, *start.parents)]
    project = next((_project(file) for file in files if file.is_file()), {})
    found: dict[str, str] = {}
    name, extras = project.get("name"), project.get("optional-dependencies")
    if not isinstance(name, str) or not is_installed(name):
        return {}  # pip would look for another project of that name
    for extra, lines in (extras if isinstance(extras, Mapping) else {}).items():
        for line in lines if isinstance(lines, list) else ():
            package = plain_name(re.split(r"[^\w.-]", str(line))[0])
            found.setdefault(package, f"'{name}[{extra}]'")
    return found


def _project(file: Path) -> Mapping[str, Any]:
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project")
    except (OSError, ValueError):  # somebody else's concern
        return {}
    return project if isinstance(project, Mapping) else {}
