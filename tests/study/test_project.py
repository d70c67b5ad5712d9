"""Projects: found upwards or named, and what the command line makes of them."""

import os
import sys
import textwrap

import pytest

from sweepbook import cli
from sweepbook.plan.studies import load_studies
from sweepbook.study.project import Project, find_project, project_at

STUDIES = """
    from sweepbook import Fidelity, Metric, Study

    def study(name):
        return Study(
            name=name, question=f"Which {name}?", trainable="PACKAGE.work:train",
            metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
            fixed={"rounds": 1},
        )
"""


def project(root, package, names=("first", "second"), more=""):
    """A project with a package of studies."""
    text = textwrap.dedent(STUDIES).replace("PACKAGE", package)
    text += "\n".join(f"{name.upper()} = study({name!r})" for name in names)
    (root / package).mkdir(parents=True)
    (root / package / "__init__.py").write_text(f"{text}\n{more}\n")
    (root / "pyproject.toml").write_text(f'[tool.sweepbook]\nstudies = ["{package}"]\n')
    return root


def test_a_project_is_the_nearest_folder_upwards_that_says_so(folder):
    outer, inner = folder / "outer", folder / "outer" / "deep" / "inner"
    (inner / "search_spaces").mkdir(parents=True)
    (inner / "search_spaces" / "__init__.py").write_text("")
    (inner / "notes").mkdir()
    (outer / "pyproject.toml").write_text('[tool.sweepbook]\nstudies = ["a", "b.c"]\n')
    (outer / "deep" / "pyproject.toml").write_text('[project]\nname = "nothing of ours"\n')
    assert find_project(inner / "notes") == Project(inner, ("search_spaces",))
    assert find_project(outer / "deep") == Project(outer, ("a", "b.c"))
    assert find_project(outer / "deep" / "pyproject.toml") == Project(outer, ("a", "b.c"))
    assert find_project(outer).name == "outer"
    assert find_project(folder) is None
    (outer / "pyproject.toml").write_text("[tool.sweepbook]\n")
    assert find_project(outer) == Project(outer, ("search_spaces",)), "where it names none"


def test_a_folder_called_search_spaces_without_a_package_is_no_project(folder):
    (folder / "search_spaces").mkdir()
    assert find_project(folder) is None


@pytest.mark.parametrize(
    "text, message",
    [
        ("[tool.sweepbook", "pyproject.toml cannot be read"),
        ('[tool.sweepbook]\nstudies = "a"', "must be a list of packages"),
        ("[tool.sweepbook]\nstudies = [1]", "must be a list of packages"),
    ],
)
def test_a_table_that_cannot_be_understood_is_named(folder, text, message):
    (folder / "pyproject.toml").write_text(text)
    with pytest.raises(ValueError, match=message):
        find_project(folder)


def test_a_project_is_named_by_its_folder(folder, monkeypatch):
    root = project(folder / "mine", "own_named")
    monkeypatch.chdir(folder)
    assert project_at("mine") == Project(root, ("own_named",))
    with pytest.raises(ValueError, match="--project mine/own_named: no project; its folder needs"):
        project_at("mine/own_named")
    with pytest.raises(ValueError, match="--project gone: no such folder"):
        project_at("gone")


def test_a_package_s_studies_are_its_values_or_those_of_its_table(folder):
    found = find_project(project(folder / "values", "own_values")).studies()
    assert list(found) == ["first", "second"]
    assert sys.path[0] == str(folder / "values")
    table = project(folder / "table", "own_table", more="STUDIES = {'x': SECOND}")
    assert list(find_project(table).studies()) == ["second"]
    (table / "pyproject.toml").write_text('[tool.sweepbook]\nstudies = ["own_table", "own_more"]')
    project(folder / "aside", "own_more", names=("third",))
    (folder / "aside" / "own_more").rename(table / "own_more")
    assert list(find_project(table).studies()) == ["second", "third"]


def test_two_studies_of_one_name_are_refused(folder):
    root = project(folder / "mine", "own_twice", more="THIRD = study('first')")
    with pytest.raises(ValueError, match=r"mine declares two studies named 'first'"):
        find_project(root).studies()


def test_a_package_of_studies_that_lies_elsewhere_is_named(folder):
    project(folder / "elsewhere", "own_elsewhere")
    sys.path.insert(0, str(folder / "elsewhere"))
    with pytest.raises(ValueError, match="'own_elsewhere' of project .*mine was imported"):
        Project(folder / "mine", ("own_elsewhere",)).studies()


def test_a_package_that_cannot_be_imported_says_why(folder):
    root = project(folder / "mine", "own_broken", more="1 / 0")
    with pytest.raises(ValueError, match="'own_broken' of project .*ZeroDivisionError"):
        find_project(root).studies()


def test_a_project_s_root_comes_before_other_folders_with_such_packages(folder):
    project(folder / "other", "own_same", names=("other",))
    root = project(folder / "mine", "own_same")
    sys.path[:] = [str(folder / "other"), str(root), *sys.path]
    assert list(find_project(root).studies()) == ["first", "second"]


def test_studies_of_two_projects_that_need_packages_of_one_name_are_refused(folder):
    mine = project(folder / "mine", "own_both")
    project(folder / "other", "own_both", names=("other",))
    file = folder / "other" / "own_file.py"
    file.write_text("from own_both import OTHER\n")
    with pytest.raises(ValueError, match="'own_both', .*mine/own_both and .*other/own_both"):
        load_studies(["first", str(file)], find_project(mine))


@pytest.fixture
def command(folder, monkeypatch, capsys):
    """Runs a command line in a folder: (exit code, what was printed)."""

    def call(where, *arguments):
        monkeypatch.chdir(where)
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr(sys, "argv", ["sweepbook", *map(str, arguments)])
        with pytest.raises(SystemExit) as ending:
            cli.main()
        printed = capsys.readouterr()
        return ending.value.code or 0, " ".join((printed.out + printed.err).split())

    return call


def test_list_outside_any_project_says_so_and_run_refuses_a_name(folder, command):
    code, printed = command(folder, "list")
    assert code == 0
    assert f"There is no project in {folder} or above it" in printed
    assert "sweepbook run my_study.py" in printed
    code, printed = command(folder, "run", "batch-norm")
    assert code == 2
    assert "'batch-norm'" in printed and "--project DIR" in printed and "my_study.py" in printed
    assert os.listdir(folder) == []


def test_list_shows_the_studies_of_the_project_that_one_stands_in_or_names(folder, command):
    root = project(folder / "mine", "own_listed")
    (root / "deep").mkdir()
    for where, rest in ((root / "deep", ()), (folder, ("--project", "mine"))):
        code, printed = command(where, "list", *rest)
        assert code == 0
        assert "Which first?" in printed and "Which second?" in printed
    code, printed = command(root, "run", "thrid")
    assert code == 2
    assert "no study 'thrid': did you mean first" in printed
    assert command(folder, "list", "--project", "gone")[0] == 2


def test_a_project_without_studies_says_so(folder, command):
    (folder / "pyproject.toml").write_text("[tool.sweepbook]\nstudies = []\n")
    code, printed = command(folder, "run", "any")
    assert code == 2
    assert f"project {folder} declares no studies" in printed
