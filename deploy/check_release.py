"""Whether what `make wheel` has built can be released: `python deploy/check_release.py dist`.

Exit code 1, and one sentence for each thing that is wrong.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


def wrong_content(wheel: Path, version: str) -> Iterator[str]:
    """Says what is wrong with the name and the files of a wheel."""
    if not wheel.name.startswith(f"sweepbook-{version}-"):
        yield f"{wheel.name} is not of the version in pyproject.toml, {version}"
    with zipfile.ZipFile(wheel) as content:
        names = content.namelist()
    others = {name.partition("/")[0] for name in names} - {"sweepbook"}
    if others != {f"sweepbook-{version}.dist-info"}:
        yield f"the wheel must hold sweepbook alone, and holds {', '.join(sorted(others))}"
    if "sweepbook/py.typed" not in names:
        yield "sweepbook/py.typed is missing, so type checkers ignore the annotations"


def wrong_version(changelog: str, version: str) -> str:
    """Says what is wrong between the changelog's top entry and the version; "" where they fit.

    While changes are collected under "Unreleased", the version must be a new one.
    """
    entries = re.findall(r"^## \[?([^\]\s]+)", changelog, flags=re.MULTILINE)
    if not entries:
        return "CHANGELOG.md has no entry"
    if entries[0] != "Unreleased":
        fits = entries[0] == version
        return (
            "" if fits else f"CHANGELOG.md begins with {entries[0]}, and the version is {version}"
        )
    if version in entries:
        return f"CHANGELOG.md has unreleased changes, and {version} is released: raise the version"
    return ""


def wrong_installed(wheel: Path, version: str) -> Iterator[str]:
    """Says what does not work in a fresh environment, where the wheel alone is installed."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(Path(folder, "venv"), with_pip=True)
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        for command, expected in {
            f"pip install --quiet --disable-pip-version-check {wheel}": "",
            "sweepbook --version": f"sweepbook {version}\n",
            "sweepbook list": "",
        }.items():
            program, *arguments = command.split(" ")
            done = subprocess.run(
                [Path(folder, "venv", "bin", program), *arguments],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
            )
            if done.returncode or (expected and done.stdout != expected):
                yield f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}"
                return


def main() -> None:
    """Checks the one wheel of a folder."""
    (wheel,) = Path(sys.argv[1]).resolve().glob("*.whl")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    wrong = [wrong_version(changelog, version), *wrong_content(wheel, version)]
    wrong = [line for line in wrong if line] or list(wrong_installed(wheel, version))
    for line in wrong:
        print(f"check_release: {line}", file=sys.stderr)
    if not wrong:
        print(f"{wheel.name} is sound, and runs in a fresh environment")
        if "\n## Unreleased" in changelog:
            print("It is no release yet: CHANGELOG.md begins with Unreleased")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
