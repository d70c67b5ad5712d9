"""How many trials a record that goes on has at a time."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from sweepbook.commands import training
from sweepbook.commands.extend import extend
from sweepbook.commands.resume import resume
from sweepbook.commands.run import run_studies
from sweepbook.plan.options import Options
from sweepbook.plan.studies import load_studies
from sweepbook.record.checkpoints import checkpoint_path
from sweepbook.record.load import load_record
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.placement import HERE, Placement

ONE, TWO = Placement(max_concurrent=1), Placement(max_concurrent=2)


@pytest.fixture
def asked(monkeypatch):
    """Trains nothing; fills a list with how many trials at a time each command asked for."""
    limits = []

    def train(plans, writers, *, placement, **rest):
        limits.append(placement.max_concurrent)

    monkeypatch.setattr(training, "train", train)
    return limits


def begin(toy_file, tmp_path, placement):
    studies = load_studies([str(toy_file)])
    (folder,) = run_studies(
        studies, storage=tmp_path / "records", placement=placement, console=console()
    )
    return folder


def console():
    return Console(file=io.StringIO(), width=300)


def said(command, *arguments, **settings):
    shown = console()
    command(*arguments, console=shown, **settings)
    return shown.file.getvalue()


def test_a_record_goes_on_with_as_many_at_a_time_as_it_began_with(toy_file, tmp_path, asked):
    folder = begin(toy_file, tmp_path, ONE)
    assert "1 trial at a time, as before" in said(resume, folder)
    assert "at a time" in said(extend, folder, Options(replicates=3))
    assert asked == [1, 1, 1]


def test_another_number_counts_and_is_said_and_kept(toy_file, tmp_path, asked):
    folder = begin(toy_file, tmp_path, ONE)
    assert "--max-concurrent is 2 now and was 1 before" in said(resume, folder, placement=TWO)
    assert "2 trials at a time, as before" in said(resume, folder)
    assert "at a time" not in said(resume, folder, placement=TWO), "the same needs no word"
    assert asked == [1, 2, 2, 2]


def test_a_record_without_a_limit_or_of_an_earlier_version_has_none(toy_file, tmp_path, asked):
    folder = begin(toy_file, tmp_path, HERE)
    assert "max_concurrent" not in json.loads((folder / "manifest.json").read_text())
    assert "concurrent" not in said(resume, folder) and asked == [None, None]


def test_trials_that_must_begin_anew_are_told(toy_file, tmp_path, asked):
    folder = begin(toy_file, tmp_path, HERE)
    assert "from the beginning" not in said(resume, folder), "none of them had begun"
    writer = RecordWriter(folder, load_record(folder).manifest)
    for trial_id in writer.trials:
        writer.add_rows(trial_id, [{"replicate": r, "round": 1, "val_acc": 0.5} for r in (0, 1)])
    writer.close()
    kept, lost = writer.trials
    assert "2 trials start from the beginning" in said(resume, folder)
    checkpoint = Path(checkpoint_path(folder, kept))
    checkpoint.parent.mkdir(exist_ok=True)
    checkpoint.write_bytes(b"")
    printed = said(resume, folder)
    assert f"1 trial starts from the beginning, because there is no checkpoint ({lost})" in printed
    assert '"state"' in printed
