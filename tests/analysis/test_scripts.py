"""Every study has an analysis script, which writes the CSV files of its record's report."""

from __future__ import annotations

import ast
import io
import runpy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import sweepbook
from search_spaces import STUDIES
from sweepbook import load_record, write_report
from sweepbook.pages import files
from sweepbook.plan.options import Options
from tests.analysis.small_records import REPLICATES, confirmed, know_file, searched, trained

ROOT = Path(__file__).parents[2]
SCRIPTS = {
    path.stem: path
    for path in sorted((ROOT / "analysis").glob("*.py"))
    if path.stem not in ("__init__", "load")
}
LEARNING_RATES = (0.01, 0.001)  # of the images' five, to be quick
BY_COMMAND = ("batch-norm", "deep-gradients")  # as a user runs it; the others in this process


@pytest.fixture(scope="module")
def few_cities(
    tmp_path_factory: pytest.TempPathFactory,
    write_cities: Callable[[Path, dict[str, int]], Path],
) -> Path:
    return write_cities(
        tmp_path_factory.mktemp("few"), {"train": 97, "validation": 60, "test": 60}
    )


@pytest.fixture(autouse=True)
def blank_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """No picture is rendered in this process, which takes the time of all else together."""
    png = io.BytesIO()
    Image.new("RGB", (1, 1)).save(png, "png")
    blank = {"png": png.getvalue(), "svg": b"<svg/>"}
    monkeypatch.setattr(files, "_picture", lambda figure, form, metadata: blank[form])


@pytest.fixture
def record_of(
    few_cities: Path, pictures: Path, weight_file: Path, tmp_path: Path
) -> Callable[[str], Path]:
    """record_of(study) -> a small record of it."""

    def make(name: str) -> Path:
        study, folder = STUDIES[name], tmp_path / "records" / name
        if study.trainable == "trainables.mlp:train_mlp" and study.search is None:
            return trained(study, folder, Options(data=str(few_cities), epochs=2, replicates=2))
        if study.trainable == "trainables.mlp:train_mlp":
            return searched(study, folder, Options(data=str(few_cities), epochs=9, trials=3))
        settings = {"size": 16}
        if name == "pretext":
            settings |= {"steps_per_eval": 2, "evals": 2, "n_images": 4}
            options = Options(data=str(pictures), replicates=REPLICATES, settings=settings)
            return trained(study, folder, options)
        weights = {"weights": str(weight_file)}
        if study.search is None:
            few = [p for p in study.points if p.get("lr") in (None, *LEARNING_RATES)]
            settings |= {"evals_per_epoch": 2, "batch_size": 25, "rounds": 3}
            options = Options(
                data=str(pictures), replicates=1, settings=settings, optional=weights
            )
            trained(replace(study, points=few), folder, options)
            know_file(folder, "imagenet")
            return folder
        options = Options(data=str(pictures), trials=12, settings=settings, optional=weights)
        return searched(study, folder, options)

    return make


def test_every_study_has_a_script_and_every_script_a_study() -> None:
    assert set(SCRIPTS) == {name.replace("-", "_") for name in STUDIES}


@pytest.mark.parametrize("name", STUDIES)
def test_a_script_writes_the_tables_of_the_report(
    name: str, record_of: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = record_of(name)
    assert_same(name, record, tmp_path, monkeypatch)


def test_a_script_takes_the_confirmation_of_its_search(
    record_of: Callable[[str], Path],
    few_cities: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    search = record_of("tuned-architecture")
    record = confirmed(search, tmp_path / "confirm", Options(data=str(few_cities)))
    assert_same("tuned-architecture", record, tmp_path, monkeypatch)


def assert_same(name: str, record: Path, folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.chdir(ROOT)
    out = folder / "out"
    run(name, record, out, patch)
    ours, theirs = tables(out), tables(write_report([record], folder / "report").parent)
    del theirs["scorecard.csv"]  # of all records of a report together
    assert ours.keys() == theirs.keys()
    assert {"findings.csv", f"figures/{load_record(record).study}-ledger.csv"} < ours.keys()
    assert not [path for path in ours if ours[path] != theirs[path]]


def run(name: str, record: Path, out: Path, patch: pytest.MonkeyPatch) -> None:
    """As `python analysis/NAME.py RECORD OUT`."""
    command = [f"analysis/{name.replace('-', '_')}.py", str(record), str(out)]
    if name in BY_COMMAND:
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "is not drawn" not in done.stderr
        return
    patch.setattr(sys, "argv", command)
    runpy.run_path(command[0], run_name="__main__")


def tables(folder: Path) -> dict[str, bytes]:
    """Path within the folder -> content, of every CSV file."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*.csv"))}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_short_and_uses_public_functions_alone(name: str) -> None:
    text = SCRIPTS[name].read_text()
    assert len(text.splitlines()) <= 60
    tree = ast.parse(text)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {str(node.module) for node in imports if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for n in imports if isinstance(n, ast.Import) for alias in n.names}
    assert "sweepbook" in modules and modules <= {"sweepbook", "sys", "typing"}
    assert STUDIES[name.replace("_", "-")].question in str(ast.get_docstring(tree))


def test_a_script_without_a_record_says_how_it_is_used() -> None:
    done = subprocess.run(
        [sys.executable, "analysis/epochs.py"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1 and "python analysis/epochs.py records/epochs [OUT]" in done.stderr


def test_public_names_are_these_and_each_says_what_it_is() -> None:
    assert sweepbook.__all__ == [
        *("ASHA", "Claim", "Fidelity", "Metric", "NothingToDraw", "Search", "Study"),
        *("curve_table", "draw", "draw_all", "finding_table", "last_rows", "load_record", "run"),
        *("select_trials", "trial_table", "with_known_files", "write_figure", "write_report"),
        "write_table",
    ]
    for name in sweepbook.__all__:
        assert len(getattr(sweepbook, name).__doc__) > 40, name
    with pytest.raises(AttributeError, match="no attribute 'load_records'"):
        sweepbook.load_records  # noqa: B018
