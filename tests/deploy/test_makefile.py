"""The Makefile's installs, with a Python that only writes down what it is called with."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = """#!/bin/sh
echo "$*" >> {log}
case "$*" in
  "-m venv --clear .venv") rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python
    printf '#!/bin/sh\\n' > .venv/bin/sweepbook; chmod +x .venv/bin/sweepbook;;
  -c*) echo 1;;
esac
"""
FOR_REPORT, FOR_TESTS = "-e .[exercise]", "-e .[exercise,dev]"


@pytest.fixture
def make(tmp_path):
    """make(target): the environments made and the installs of a call, in their order."""
    log, python = tmp_path / "log", tmp_path / "python3"
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    python.write_text(PYTHON.format(log=log))
    python.chmod(0o755)

    def call(target):
        log.write_text("")
        command = ["make", "-C", tmp_path, target, f"PYTHON={python}"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        lines = log.read_text().splitlines()
        assert any("-m pytest" in line for line in lines) == (target == "test")
        return [
            line[line.find("-e ") :] for line in lines if " install " in line or " venv " in line
        ]

    call.folder = tmp_path
    return call


def test_the_report_installs_nothing_for_the_tests(make):
    assert make("report")[1:] == [FOR_REPORT]
    assert make("report") == []


def test_what_is_installed_for_the_tests_is_enough_for_the_report(make):
    assert make("test")[-1] == FOR_TESTS
    assert make("report") == make("test") == []


def test_the_tests_add_to_what_is_installed_for_the_report(make):
    make("report")
    assert make("test") == [FOR_TESTS]
    assert make("report") == []


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_an_outdated_environment_is_brought_up_to_date(make, name):
    make("test")
    later = time.time() + 5
    os.utime(make.folder / name, (later, later))
    for stamp in ("exercise", "dev"):
        assert (make.folder / ".venv" / stamp).is_file()
    assert make("report") == [FOR_REPORT]
    os.utime(make.folder / name, (1, 1))
    assert make("test") == [FOR_TESTS], "the report did not install what tests need"


def test_an_environment_whose_python_is_gone_is_made_anew(make):
    make("test")
    (make.folder / ".venv" / "bin" / "python").unlink()
    made = make("test")
    assert len(made) == 3 and made[1:] == [FOR_REPORT, FOR_TESTS]


def test_an_interrupted_install_is_done_again(make):
    make("test")
    (make.folder / ".venv" / "dev").unlink()
    assert make("test") == [FOR_TESTS]
