"""What `make wheel` refuses; that a sound wheel passes is seen in tests/wheel."""

import importlib.util
import zipfile
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "deploy" / "check_release.py"
SPEC = importlib.util.spec_from_file_location("check_release", FILE)
check_release = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(check_release)


def built(folder, *files, version="1.2.0"):
    wheel = folder / f"sweepbook-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as content:
        for file in files:
            content.writestr(file, "")
    return wheel


GOOD = ("sweepbook/__init__.py", "sweepbook/py.typed", "sweepbook-1.2.0.dist-info/METADATA")


def test_a_sound_wheel_has_nothing_wrong(tmp_path):
    assert list(check_release.wrong_content(built(tmp_path, *GOOD), "1.2.0")) == []


@pytest.mark.parametrize(
    ("files", "version", "said"),
    [
        ((*GOOD, "analysis/__init__.py"), "1.2.0", "holds analysis"),
        (GOOD[::2], "1.2.0", "py.typed is missing"),
        (GOOD, "1.3.0", "not of the version in pyproject.toml, 1.3.0"),
    ],
)
def test_what_a_wheel_must_not_be_is_named(tmp_path, files, version, said):
    assert said in "; ".join(check_release.wrong_content(built(tmp_path, *files), version))


@pytest.mark.parametrize("top", ["## 1.2.0", "## [1.2.0] - 2026-01-01", "## Unreleased"])
def test_the_changelog_s_top_entry_is_the_version(top):
    assert check_release.wrong_version(f"# Changelog\n\n{top}\n\n## 1.1.0\n", "1.2.0") == ""


@pytest.mark.parametrize("version", ["1.1.0", "1.2.0"])
def test_a_version_that_is_not_the_changelog_s_is_refused(version):
    changelog = "# Changelog\n\n## 1.3.0\n\n## 1.2.0\n\n## 1.1.0\n"
    assert version in check_release.wrong_version(changelog, version)
    unreleased = changelog.replace("1.3.0", "Unreleased")
    assert "raise the version" in check_release.wrong_version(unreleased, version)
    assert check_release.wrong_version("# Changelog\n", version)
