import dataclasses
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from search_spaces import STUDIES
from sweepbook.plan.studies import load_studies
from sweepbook.study.hooks import config_type, load_object
from sweepbook.study.project import find_project
from trainables.mlp import train_mlp
from trainables.mlp_config import MLPConfig

ROOT = Path(__file__).parents[2]


def test_all_names_every_study_once_but_the_searches():
    studies = load_studies(["all", "batch-norm"], find_project(ROOT))
    assert [s.name for s in studies] == [n for n, s in STUDIES.items() if s.search is None]
    assert load_studies(["all", "tuned-mlp"], find_project(ROOT))[-1] is STUDIES["tuned-mlp"]


def test_an_unknown_study_gets_the_nearest_names():
    with pytest.raises(ValueError, match="learning-rat'.*learning-rate"):
        load_studies(["learning-rat"], find_project(ROOT))
    assert load_studies(["learning-rate"], find_project(ROOT)) == [STUDIES["learning-rate"]]


def test_a_study_file_gives_its_studies_with_and_without_a_name(toy_file):
    assert [s.name for s in load_studies([str(toy_file)])] == ["toy"]
    assert [s.name for s in load_studies([f"{toy_file}:TOY"])] == ["toy"]
    with pytest.raises(ValueError, match="no study 'TOI': it has TOY"):
        load_studies([f"{toy_file}:TOI"])


def test_a_study_file_that_is_missing_or_without_study_is_named(tmp_path):
    with pytest.raises(ValueError, match="gone.py"):
        load_studies([str(tmp_path / "gone.py")])
    (tmp_path / "no_study_in_here.py").write_text("x = 1\n")
    with pytest.raises(ValueError, match="no_study_in_here.py defines no study"):
        load_studies([str(tmp_path / "no_study_in_here.py")])


def test_a_study_file_with_the_name_of_an_installed_module_is_refused(tmp_path):
    (tmp_path / "sndhdr2.py").write_text("")
    (tmp_path / "colorsys.py").write_text("x = 1\n")
    with pytest.raises(ValueError, match=r"colorsys\.py.*lib.*colorsys\.py: rename"):
        load_studies([str(tmp_path / "colorsys.py")])
    with pytest.raises(ValueError, match=r"my\.study\.py .* my_study\.py"):
        (tmp_path / "my.study.py").write_text("")
        load_studies([str(tmp_path / "my.study.py")])


def test_load_object_says_what_is_missing():
    assert load_object("trainables.mlp:train_mlp") is train_mlp
    with pytest.raises(ValueError, match="no module 'trainables.mpl'"):
        load_object("trainables.mpl:train_mlp")
    with pytest.raises(ValueError, match="has no 'train_mpl'"):
        load_object("trainables.mlp:train_mpl")


def test_config_type_is_the_dataclass_of_the_annotation():
    @dataclasses.dataclass(frozen=True)
    class Own:
        x: int = 1

    def annotated(config: Own): ...

    def plain(config): ...

    assert config_type(train_mlp) is MLPConfig
    assert config_type(annotated) is Own
    assert config_type(plain) is None


@pytest.mark.parametrize(
    "text, message",
    [
        ("def f(:\n", "cannot be imported: SyntaxError.*broken_study.py, line 1"),
        ("import no_such_package\n", "no_such_package is not installed .*broken_study.py, line 1"),
        ("1 / 0\n", "ZeroDivisionError"),
    ],
)
def test_a_study_file_that_cannot_be_imported_says_why(tmp_path, text, message, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    importlib.invalidate_caches()
    (tmp_path / "broken_study.py").write_text(text)
    with pytest.raises(ValueError, match=message):
        load_studies([str(tmp_path / "broken_study.py")])


def test_the_driver_sets_what_ray_reads_before_it_imports_ray():
    code = (
        "import sys, sweepbook.tune.train, sweepbook.commands.run; assert 'ray' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
