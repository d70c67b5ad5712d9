"""Which of a user's code a worker needs, read from files that nobody has imported."""

import dataclasses
import sys
import textwrap

import pytest

from search_spaces import STUDIES
from sweepbook import Fidelity, Metric, Search, Study
from sweepbook.plan.modules.imports import top_level_imports
from sweepbook.plan.modules.shipping import (
    check_one_of_each_name,
    import_paths,
    modules_needed,
    shipped_modules,
)
from sweepbook.plan.studies import load_studies
from tests.plan.own_files import study_file, write


def study_of(trainable, **rest):
    return Study(
        name="own",
        question="?",
        trainable=trainable,
        metric=Metric("val_acc", "max"),
        fidelity=Fidelity("round", "rounds", count=rest.pop("count", None)),
        **rest,
    )


def test_a_file_s_imports_are_read_wherever_they_stand(tmp_path):
    file = tmp_path / "any.py"
    file.write_text(
        textwrap.dedent("""
            import a.b as c, d
            from e.f import g
            from . import h
            from .i import j
            def k():
                import l
                if True:
                    from m import n
        """)
    )
    assert top_level_imports(file) == {"a", "d", "e", "l", "m"}
    file.write_text("import a {{ no python }}")
    assert top_level_imports(file) == set()


def test_what_is_needed_is_followed_through_files_packages_and_functions(folder):
    write(
        folder,
        {
            "own_study.py": "def f():\n    import own_lazy",
            "own_lazy.py": "from own_package.deep import x",
            "own_package/__init__.py": "",
            "own_package/deep/__init__.py": "from ..beside import x",
            "own_package/beside.py": "import own_folder.part, pandas, json, sweepbook",
            "own_folder/part.py": "import own_study",  # a namespace: no __init__.py
            "own_other.py": "",
            "sweepbook/__init__.py": "",
            "json.py": "",
            "pandas/notes.py": "",  # no package: the installed one is imported
        },
    )
    needed = modules_needed(["own_study:f"], [str(folder)])
    assert needed == {
        name: (str(folder / path),)
        for name, path in {
            "own_folder": "own_folder",
            "own_lazy": "own_lazy.py",
            "own_package": "own_package",
            "own_study": "own_study.py",
        }.items()
    }
    assert "own_study" not in sys.modules, "read, not run"


def test_a_name_that_is_a_file_and_a_folder_is_what_python_takes(folder):
    write(folder, {"own_a.py": "", "own_a/x.py": "", "own_b.py": "", "own_b/__init__.py": ""})
    assert modules_needed(["own_a", "own_b"], [str(folder)]) == {
        "own_a": (str(folder / "own_a.py"),),
        "own_b": (str(folder / "own_b"),),
    }


def test_the_first_root_counts_and_a_namespace_may_lie_in_both(folder):
    first, second = str(folder / "first"), str(folder / "second")
    write(folder / "first", {"own_a.py": "", "own_space/x.py": ""})
    write(folder / "second", {"own_a.py": "", "own_space/y.py": "", "own_b.py": ""})
    assert modules_needed(["own_a", "own_b", "own_space"], [first, second]) == {
        "own_a": (f"{first}/own_a.py",),
        "own_b": (f"{second}/own_b.py",),
        "own_space": (f"{first}/own_space", f"{second}/own_space"),
    }


def test_every_function_that_a_study_names_counts(folder):
    hooks = ("trainable", "single", "data", "cost", "claims_of", "count", "space")
    write(folder, {f"own_{hook}.py": "" for hook in hooks})
    sys.path.insert(0, str(folder))
    paths = {hook: f"own_{hook}:f" for hook in hooks}
    space = Search(space=paths.pop("space"), n_trials=1)
    study = study_of(search=space, **paths)
    assert shipped_modules([study]) == sorted(str(folder / f"own_{hook}.py") for hook in hooks)
    assert sorted(study.hooks().values()) == sorted(f"own_{hook}:f" for hook in hooks)
    assert import_paths([study]) == [str(folder)]


def test_a_worker_needs_the_folders_of_files_and_packages_that_are_not_installed(folder):
    write(folder, {"own_module.py": "", "own_package/__init__.py": "", "own_package/x.py": ""})
    write(folder / "site-packages", {"own_installed.py": ""})
    studies = [study_of(f"{name}:f") for name in ("own_module", "own_package.x", "own_installed")]
    sys.path[:0] = [str(folder), str(folder / "site-packages")]
    assert [import_paths([study]) for study in studies] == [[str(folder)], [str(folder)], []]
    sys.path.remove(str(folder))
    assert import_paths(studies) == [], "nobody could import it"


def test_a_study_file_s_folder_comes_before_its_project_s_root(folder):
    write(folder, {"pyproject.toml": "[tool.sweepbook]\n", "own_parts/__init__.py": ""})
    write(folder / "deep" / "studies", {"own_file.py": study_file("own", "own_file:train")})
    write(folder / "deep" / "studies", {"own_help.py": ""})
    with (folder / "deep" / "studies" / "own_file.py").open("a") as file:
        file.write("\ndef train(config):\n    import own_parts, own_help\n")
    studies = load_studies([str(folder / "deep" / "studies" / "own_file.py")])
    paths = [str(folder / "deep" / "studies"), str(folder)]
    assert sys.path[:2] == import_paths(studies) == paths
    assert shipped_modules(studies) == [
        f"{paths[0]}/own_file.py",
        f"{paths[0]}/own_help.py",
        f"{paths[1]}/own_parts",
    ]


def test_the_exercise_s_own_packages_are_what_other_machines_lack():
    folders = {place.rpartition("/")[2] for place in shipped_modules(STUDIES.values())}
    # search_spaces imports what analysis holds of the publication
    assert folders == {"analysis", "search_spaces", "trainables"}
    (root,) = import_paths(STUDIES.values())
    assert shipped_modules([STUDIES["epochs"]]) == [f"{root}/trainables"]
    elsewhere = {"trainable": "ray.tune:report", "data": None, "cost": None}
    own = dataclasses.replace(STUDIES["epochs"], **elsewhere, fused=None, fuse=False)
    assert import_paths([own]) == shipped_modules([own]) == []


@pytest.mark.parametrize(
    "trainables, first",
    [
        (("own_study_a:train", "own_study_b:train"), "import own_helper"),
        (("own_helper:train", "own_helper:train"), ""),
        (("own_study_a:train", "own_study_b:train"), "def f():\n    from own_helper import x"),
    ],
    ids=["an import", "a trainable", "a lazy import"],
)
def test_two_studies_that_need_different_files_of_one_name_are_refused(folder, trainables, first):
    for name, trainable in zip("ab", trainables, strict=True):
        own = study_file(name, trainable, first)
        write(folder / name, {f"own_study_{name}.py": own, "own_helper.py": ""})
    files = [str(folder / name / f"own_study_{name}.py") for name in "ab"]
    with pytest.raises(ValueError, match="need different modules named 'own_helper'") as refusal:
        load_studies(files)
    for name in "ab":
        assert str(folder / name / "own_helper.py") in str(refusal.value)
    assert [study.name for study in load_studies(files[:1])] == ["a"], "by itself it is good"


def test_two_study_files_of_one_name_are_refused_and_two_of_one_folder_are_not(folder):
    for name in "ab":
        write(folder / name, {"own_study.py": study_file(name, "own_study:train")})
    with pytest.raises(ValueError, match=r"a/own_study\.py and .*b/own_study\.py"):
        load_studies([str(folder / name / "own_study.py") for name in "ab"])
    write(folder, {"own_help.py": ""})
    for name in "cd":
        own = study_file(name, f"own_study_{name}:train", "import own_help")
        write(folder, {f"own_study_{name}.py": own})
    files = [str(folder / f"own_study_{name}.py") for name in "cd"]
    assert [study.name for study in load_studies(files)] == ["c", "d"]


def test_the_same_needs_pass():
    check_one_of_each_name([{"x": ("a/x",), "y": ("y",)}, {"x": ("a/x",)}, {}])
    with pytest.raises(ValueError, match="'x', a/x and b/x: .*separate commands"):
        check_one_of_each_name([{"x": ("a/x",)}, {"y": ("y",)}, {"x": ("b/x",)}])


def test_a_study_file_outside_the_project_that_it_uses_gets_its_root(folder):
    write(
        folder,
        {
            "project/pyproject.toml": "[tool.sweepbook]\nstudies = []\n",
            "project/own_parts.py": "",
            "unused/pyproject.toml": "[tool.sweepbook]\nstudies = []\n",
            "elsewhere/own_far.py": "def train(config):\n    import own_parts",
        },
    )
    sys.path[:0] = [str(folder / name) for name in ("elsewhere", "project", "unused")]
    paths = import_paths([study_of("own_far:train")])
    assert set(paths) == {str(folder / "elsewhere"), str(folder / "project")}
    shipped = shipped_modules([study_of("own_far:train")])
    assert shipped == [str(folder / "elsewhere/own_far.py"), str(folder / "project/own_parts.py")]
