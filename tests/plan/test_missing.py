"""Packages that a study needs and that are not installed: refused before anything starts."""

import shutil

import pytest

from sweepbook.plan.manifest import changes_since, new_manifest
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from tests.plan.own_files import study_file, write

TRAIN = "def train(config):\n    yield {'round': 1, 'val_acc': 1.0}\n"


def planned(folder, name, text, **files):
    """The plan of a study file `own_NAME.py` with these lines before its study."""
    write(folder, {f"{file}.py": content for file, content in files.items()})
    write(folder, {f"own_{name}.py": study_file(name, f"own_{name}:train", text)})
    (study,) = load_studies([str(folder / f"own_{name}.py")])
    return make_plan(study, Options())


REFUSED = {
    "top": "import absent_one\n" + TRAIN,
    "inside": "def train(config):\n    from absent_one.parts import x\n    yield {}\n",
    "loop": "def train(config):\n    for n in range(3):\n        import absent_one\n"
    "        yield {}\n",
    "finally": "def train(config):\n    try:\n        import absent_one\n        yield {}\n"
    "    finally:\n        pass\n",
    "helper": "def train(config):\n    yield from _train(config)\n\n"
    "def _train(config):\n    import absent_one\n    yield {}\n",
    "own": "def train(config):\n    from own_parts import model\n    yield model(config)\n",
    "own_deep": "def train(config):\n    import own_middle\n    yield own_middle.model(config)\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_trainable_needs_is_refused_with_the_line_to_type(folder, name):
    parts = {
        "own_parts": "def f():\n    return\n\nimport absent_one",
        "own_middle": "from own_parts import model",
    }
    with pytest.raises(ValueError, match=r"absent_one.* not installed.*: type pip install absent"):
        planned(folder, name, REFUSED[name], **parts)


FINE = {
    "tried": "def train(config):\n    try:\n        import absent_one\n"
    "    except ImportError:\n        pass\n    yield {}\n",
    "suppressed": "import contextlib\ndef train(config):\n"
    "    with contextlib.suppress(ImportError):\n        import absent_one\n    yield {}\n",
    "if_": "def train(config):\n    if config.get('fast'):\n        import absent_one\n"
    "    yield {}\n",
    "else_": "def train(config):\n    yield {} if config else other()\n\n"
    "def other():\n    import absent_one\n",
    "returned": "def train(config):\n    if config:\n        yield {}\n        return\n"
    "    import absent_one\n",
    "named": "def train(config):\n    yield {'a': other, 'b': print}['b'](config)\n\n"
    "def other(config):\n    import absent_one\n",
    "and_": "def train(config):\n    yield config is None and other()\n\n"
    "def other():\n    import absent_one\n",
    "elsewhere": "import sys\ndef train(config):\n    sys.path.append('/opt/own')\n"
    "    import absent_one\n    yield {}\n",
    "unused": "def other(config):\n    import absent_one\n\n" + TRAIN,
    "beside": "def train(config):\n    import own_here, json, numpy.linalg\n    yield {}\n",
    "checked": "import typing\nif typing.TYPE_CHECKING:\n    import absent_one\n" + TRAIN,
}


@pytest.mark.parametrize("name", FINE)
def test_what_it_may_never_need_is_not_asked_for(folder, name):
    assert planned(folder, name, FINE[name], own_here="").trials


def test_a_hook_is_checked_as_well(folder):
    text = TRAIN + "def describe(config):\n    import absent_one\n    return {}\n"
    study = study_file("hook", "own_hook:train", text)
    study = study.replace("trainable=", 'artifacts={"x": "own_hook:describe"}, trainable=')
    write(folder, {"own_hook.py": study})
    with pytest.raises(ValueError, match="type pip install absent_one"):
        make_plan(load_studies([str(folder / "own_hook.py")])[0], Options())


def test_all_missing_packages_are_named_at_once(folder):
    text = study_file("listed", "own_listed:train", TRAIN)
    listed = text.replace("trainable=", 'packages=["absent-a", "numpy", "absent.b"], trainable=')
    write(folder, {"own_listed.py": listed})
    (study,) = load_studies([str(folder / "own_listed.py")])
    with pytest.raises(
        ValueError, match="needs absent-a, absent.b, .*pip install absent-a absent"
    ):
        make_plan(study, Options())


def test_a_package_under_the_name_of_its_import_is_told_from_one_that_is_missing(folder):
    text = study_file("listed", "own_import:train", TRAIN)
    write(folder, {"own_import.py": text.replace("trainable=", 'packages=["PIL"], trainable=')})
    (study,) = load_studies([str(folder / "own_import.py")])
    with pytest.raises(ValueError, match="got 'PIL': write 'pillow'"):
        make_plan(study, Options())


@pytest.mark.parametrize("where", ["top", "inside"])
@pytest.mark.parametrize(
    ("project", "line"), [("numpy", r"'numpy\[gpu\]'"), ("absent-book", "absent_one")]
)
def test_an_extra_of_an_installed_project_is_named(folder, where, project, line):
    extras = f'[project]\nname = "{project}"\noptional-dependencies.gpu = ["Absent-One[x]>=2"]\n'
    write(folder, {"pyproject.toml": extras})
    with pytest.raises(ValueError, match=f"type pip install {line}$"):
        planned(folder, where, REFUSED[where])


def test_pip_s_own_name_is_given_where_it_is_another(folder, monkeypatch):
    monkeypatch.setattr("sweepbook.study.installed.PIP_NAMES", {"absent_one": "absent-package"})
    with pytest.raises(ValueError, match="type pip install absent-package$"):
        planned(folder, "inside", REFUSED["inside"])


def test_a_record_does_not_go_on_without_what_its_trainable_imports(folder, monkeypatch):
    library = folder / "library"
    write(library, {"absent_one.py": ""})
    monkeypatch.syspath_prepend(str(library))
    plan = planned(folder, "goes_on", "def train(config):\n    import absent_one\n    yield {}\n")
    manifest = new_manifest(plan, Options(), ["sweepbook"], [str(folder)])
    assert changes_since(manifest) == []
    shutil.rmtree(library)
    with pytest.raises(ValueError, match="type pip install absent_one"):
        changes_since(manifest)
