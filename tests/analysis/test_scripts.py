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

import pandas as pd
import pytest
from PIL import Image

import sweepbook
from analysis import load
from search_spaces import STUDIES
from sweepbook import load_record, write_report
from sweepbook.figures.drawn import drawn_of
from sweepbook.pages import files
from sweepbook.plan.options import Options
from sweepbook.study.project import find_project
from tests.analysis.small_records import REPLICATES, confirmed, know_file, searched, trained

ROOT = Path(__file__).parents[2]
SCRIPTS = {
    path.stem: path
    for path in sorted((ROOT / "analysis").glob("*.py"))
    if path.stem not in ("__init__", "load", "published")
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
    monkeypatch.setattr(files, "_palette", lambda figure: png.getvalue())
    monkeypatch.setattr(files, "_full", lambda figure: png.getvalue())
    monkeypatch.setattr(files, "_picture", lambda *_, **__: b"<svg/>")


@pytest.fixture
def record_of(
    few_cities: Path, pictures: Path, weight_file: Path, tmp_path: Path
) -> Callable[[str], Path]:
    """record_of(study) -> a small record of it."""
    settings = {
        "vision-baselines": {"size": 16, "evals_per_epoch": 2, "batch_size": 25, "rounds": 3},
        "pretext": {"size": 16, "steps_per_eval": 2, "evals": 2, "n_images": 4},
        "vision-tuned": {"size": 16},
        "variance": {"train_rows": 500},
    }

    def make(name: str) -> Path:
        study, folder = STUDIES[name], tmp_path / "records" / name
        of_cities, is_search = (
            study.trainable.startswith("trainables.mlp"),
            study.search is not None,
        )
        options = Options(
            data=None if name == "variance" else str(few_cities if of_cities else pictures),
            replicates=None if is_search else 1 if name == "vision-baselines" else REPLICATES,
            epochs=None if not of_cities else 9 if is_search else 2,
            # a third of them reach the end: enough for an importance, which needs 10
            trials=36 // len(study.configs()) + 1 if is_search else None,
            settings=settings.get(name, {}),
            optional={"weights": str(weight_file)} if name.startswith("vision") else {},
        )
        if is_search:
            return searched(study, folder, options)
        if name == "variance":  # it varies the split, which a folder's data do not allow
            study = replace(study, grid={source: (0, 1) for source in study.grid})
        few = [point for point in study.points if point.get("lr") in (None, *LEARNING_RATES)]
        trained(replace(study, points=few), folder, options)
        if options.optional:
            know_file(folder, "imagenet")
        return folder

    return make


def test_every_study_has_a_script_and_every_script_a_study() -> None:
    assert set(SCRIPTS) == {name.replace("-", "_") for name in STUDIES}


@pytest.mark.parametrize("name", STUDIES)
def test_a_script_writes_the_tables_of_the_report(
    name: str,
    record_of: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    check(name, record_of(name), tmp_path, monkeypatch)
    assert not caplog.messages, "nothing is left out of a small record either"


def test_a_script_takes_the_confirmation_of_its_search(
    record_of: Callable[[str], Path],
    few_cities: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    search = record_of("tuned-architecture")
    record = confirmed(search, tmp_path / "confirm", Options(data=str(few_cities)))
    check("tuned-architecture", record, tmp_path, monkeypatch)


def check(name: str, record: Path, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Asserts that the script and the report write the same CSV files, byte for byte."""
    patch.chdir(ROOT)
    run(name, record, folder / "out", patch)
    report = write_report([record], folder / "report", project=find_project())
    ours, theirs = tables(folder / "out"), tables(report.parent)
    del theirs["scorecard.csv"], theirs["forest.csv"]  # of all records of a report together
    assert ours.keys() == theirs.keys()
    assert {"findings.csv", f"figures/{load_record(record).study}-ledger.csv"} < ours.keys()
    assert not [path for path in ours if ours[path] != theirs[path]]


def run(name: str, record: Path, out: Path, patch: pytest.MonkeyPatch) -> None:
    """As `python analysis/NAME.py RECORD OUT`."""
    command = [f"analysis/{name.replace('-', '_')}.py", str(record), str(out)]
    if name in BY_COMMAND:
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
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


def test_the_reader_is_found_where_it_was_published() -> None:
    assert load.load_record is sweepbook.load_record


def test_a_script_without_a_record_says_how_it_is_used() -> None:
    done = subprocess.run(
        [sys.executable, "analysis/epochs.py"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1 and "python analysis/epochs.py records/epochs [OUT]" in done.stderr


def test_a_figure_s_name_leads_nowhere_else(tmp_path: Path) -> None:
    drawn = drawn_of({"kind": "table", "name": "../../up"}, ["Ids."], pd.DataFrame({"a": [1]}))
    assert sweepbook.write_figure(drawn, tmp_path / "figures").parent == tmp_path / "figures"
    assert [path.name for path in tmp_path.rglob("*.csv")] == ["up.csv"]
