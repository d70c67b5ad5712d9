"""Modules of a user's own that have another module's name: right, or refused by name."""

import sys

import pytest

from sweepbook.plan.studies import load_studies
from sweepbook.study.project import project_at
from tests.plan.own_files import study_file, write

LAZY = "def f():\n    import {}"


@pytest.mark.parametrize("first", ["import {}", LAZY], ids=["at the top", "in a function"])
@pytest.mark.parametrize("name", ["random", "rich", "own_known"])
def test_a_module_that_is_imported_already_is_refused(folder, monkeypatch, name, first):
    known = folder / "known" / "own_known.py"
    write(folder / "known", {"own_known.py": ""})
    monkeypatch.syspath_prepend(str(known.parent))
    __import__(name)
    own = study_file("own", "own_study:train", first.format(name))
    write(folder / "own", {"own_study.py": own, f"{name}.py": ""})
    with pytest.raises(ValueError, match=f"own/{name}.py has the name of .*: rename "):
        load_studies([str(folder / "own" / "own_study.py")])


@pytest.mark.parametrize("file", ["yaml.py", "yaml/__init__.py"])
def test_a_file_that_the_tool_would_import_instead_of_a_package_is_refused(folder, file):
    write(folder, {"own_study.py": study_file("own", "own_study:train"), file: ""})
    with pytest.raises(ValueError, match=f"{file} has the name of a package.*: rename "):
        load_studies([str(folder / "own_study.py")])


@pytest.mark.parametrize("name", ["moto", "own_library", "cmd"])
def test_a_module_in_the_folder_of_another_study_is_not_taken_for_one(folder, monkeypatch, name):
    """moto is installed and none of the tool's, cmd is Python's own."""
    write(folder / "lib", {"own_library.py": ""})
    monkeypatch.syspath_prepend(str(folder / "lib"))
    write(folder / "a", {"own_a.py": study_file("a", "own_a:train"), f"{name}.py": ""})
    own = study_file("b", "own_b:train", LAZY.format(name))
    write(folder / "b", {"own_b.py": own})
    files = [str(folder / one / f"own_{one}.py") for one in "ab"]
    with pytest.raises(ValueError, match=f"a study in .*b would import .*a/{name}.py"):
        load_studies(files)
    for file, study in zip(files, "ab", strict=True):
        assert [one.name for one in load_studies([file])] == [study], "by itself it is good"
        sys.path[:] = [path for path in sys.path if not path.endswith(f"/{study}")]


def test_a_file_elsewhere_may_use_the_project_that_one_works_in(folder):
    write(folder / "project", {"pyproject.toml": '[tool.sweepbook]\nstudies = ["own_studies"]'})
    write(folder / "project", {"own_studies.py": study_file("a", "own_parts:f")})
    write(folder / "project", {"own_parts.py": ""})
    own = study_file("b", "own_far:train", "import own_parts")
    write(folder / "elsewhere", {"own_far.py": own})
    names = ["a", str(folder / "elsewhere" / "own_far.py")]
    project = project_at(str(folder / "project"))
    assert [study.name for study in load_studies(names, project)] == ["a", "b"]


def test_files_that_nobody_imports_and_plain_folders_are_no_clash(folder):
    own = study_file("own", "own_study:train", "import own_help")
    files = ("own_help.py", "random.py", "yaml/notes.txt", "moto.py")
    write(folder, {"own_study.py": own} | dict.fromkeys(files, ""))
    assert [study.name for study in load_studies([str(folder / "own_study.py")])] == ["own"]
