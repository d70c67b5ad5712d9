"""A valid record in a folder where one stands, and what reads records or goes on with them."""

import io
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from rich.console import Console

from sweepbook.commands import training
from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.modules.shipping import import_paths
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.worker.run import Assignment, reports
from tests.studies import TOY


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder where one stands, with a study's file; its modules are forgotten afterwards."""
    folder = tmp_path / "home"
    folder.mkdir()
    name = f"own_{tmp_path.name}".replace("-", "_")
    text = "from subprocess import run\n" + textwrap.dedent(TOY).replace("MODULE", name)
    (folder / f"{name}.py").write_text(text)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield folder
    for found in set(sys.modules) - before:
        if _is_below(sys.modules[found], tmp_path):
            del sys.modules[found]


def _is_below(module: ModuleType, folder: Path) -> bool:
    return folder in Path(getattr(module, "__file__", None) or "/").parents


@pytest.fixture
def valid(home: Path) -> Path:
    """The record of the study in `home`, trained in this process."""
    (file,) = home.glob("own_*.py")
    (study,) = load_studies([str(file)])
    plan, folder = make_plan(study, Options()), home / "records" / "toy"
    writer = RecordWriter(folder, new_manifest(plan, Options(), [], import_paths([study])))
    for trial in plan.trials:
        for report in reports(Assignment(trial, [str(folder)], [])):
            writer.add_rows(trial.trial_id, report["rows"])
        writer.end_trial(trial.trial_id)
    writer.close()
    return folder


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Has no command start Ray; fills a list with the trainables that would have been trained."""
    asked: list[str] = []

    def train(plans, writers, **_):
        asked.extend(str(trial.trainable) for plan in plans for trial in plan.trials)

    monkeypatch.setattr(training, "train", train)
    return asked


@pytest.fixture
def quiet() -> Console:
    return Console(file=io.StringIO(), width=300)
