"""Where a record comes from: versions, commit, time."""

import datetime
import platform
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("sweepbook", "ray", "torch", "optuna", "numpy", "pandas", "pyarrow", "scipy")

_CREDENTIALS = re.compile(
    r"(?i)(?<=://)[^/@\s'\"]+(?=@)"
    r"|(?<=[?&;\s])((?:access_key|secret_key|session_token|access_token|password|sas_token)=)[^&\s'\"]+"
)

PART_OF_CODE = "part:"  # before the hash of code that a program runs among other code


def versions(packages: Iterable[str] = ()) -> dict[str, str]:
    """Returns the version of Python and of each installed package that can change a number.

    Args:
        packages: further ones, such as a study names or a record has; one of these that is not
            installed is said to be so.
    """
    wanted = list(packages)
    found = {"python": platform.python_version()}
    for package in dict.fromkeys((*PACKAGES, *wanted)):
        if package in found:
            continue
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            if package in wanted:
                found[package] = "not installed"
    return found


def git_commit(file: Path = Path(__file__)) -> str | None:
    """Returns the commit of the code, with "+changes" where files differ from it, or None.

    Args:
        file: of the code; None is returned where it is not in the repository around it.
    """
    git = ["git", "-C", str(file.parent)]
    ours = [*git, "ls-files", "--error-unmatch", file.name]
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


def is_whole_code(code_sha256: str | None) -> bool:
    """Whether a hash is of all the code that a record's numbers depend on."""
    return code_sha256 is not None and not code_sha256.startswith(PART_OF_CODE)


def command_line() -> tuple[str, ...]:
    """Returns what was typed, without the credentials that a URI in it holds."""
    return (Path(sys.argv[0]).name, *map(without_credentials, sys.argv[1:]))


def without_credentials(text: str) -> str:
    """Returns a text in which user names, passwords and keys inside URIs are three dots.

    >>> without_credentials("s3://ME:SECRET@bucket/x?region=here&secret_key=abc")
    's3://...@bucket/x?region=here&secret_key=...'
    """
    return _CREDENTIALS.sub(lambda found: f"{found[1] or ''}...", text)
