"""What a command imports, for that is most of what its start takes."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SLOW = ("matplotlib", "optuna", "ray", "scipy", "sklearn", "torch")
CALL = """
import runpy, sys
try:
    runpy.run_module("sweepbook", run_name="__main__")
finally:
    print("imported:", *{name.partition(".")[0] for name in sys.modules})
"""


def imported(code, *arguments):
    """The packages that a process has imported in the end."""
    command = [sys.executable, "-c", code, *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return set(ended.stdout.splitlines()[-1].partition("imported:")[2].split())


@pytest.mark.parametrize("command", [["--help"], ["list"], ["show", "learning-rate"]])
def test_what_trains_and_draws_nothing_imports_nothing_that_does(command):
    found = imported(CALL, *command)
    assert "typer" in found
    assert not found & {*SLOW}
    if command[0] != "show":
        assert "pandas" not in found


def test_a_worker_imports_neither_figures_nor_statistics_nor_searches():
    code = "import sys, ray.tune, sweepbook.tune.worker.run; print('imported:', *sys.modules)"
    found = imported(code)
    assert "ray" in found
    assert not found & {*SLOW} - {"ray"}


def test_the_data_of_the_exercise_are_split_without_scikit_learn():
    code = (
        "import sys; from trainables.cities.europe import load_splits; "
        "load_splits(split_seed=1); print('imported:', *sys.modules)"
    )
    assert not imported(code) & {*SLOW}
