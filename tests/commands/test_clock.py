"""A clock that is set back between a study's beginning and its end changes no number."""

import datetime
import io
import re
from types import SimpleNamespace

import pytest
from rich.console import Console

from sweepbook.commands import training
from sweepbook.commands.resume import resume
from sweepbook.commands.run import run_studies
from sweepbook.pages.report import write_report
from sweepbook.plan.studies import load_studies
from sweepbook.record import provenance
from sweepbook.record.load import load_record


@pytest.fixture
def clock(monkeypatch):
    """clock(days): sets the clock that stamps records so many days off."""

    def turn(days):
        class Turned(datetime.datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime.datetime.now(tz) + datetime.timedelta(days=days)

        fake = SimpleNamespace(datetime=Turned, UTC=datetime.UTC)
        monkeypatch.setattr(provenance, "datetime", fake)

    return turn


def train_next(plans, writers, **_):
    """Trains the first trial that has not ended; the others are left."""
    (writer,) = writers
    left = [t for t in writer.manifest.trials if writer.trials[t.trial_id]["status"] != "finished"]
    for trial in left[:1]:
        writer.start_trial(trial.trial_id)
        rows = [
            {"round": n, "replicate": r, "val_acc": 0.1 * n + 0.01 * r, "time_s": 1.0}
            for n in (1, 2, 3)
            for r in (0, 1)
        ]
        writer.add_rows(trial.trial_id, rows)
        writer.end_trial(trial.trial_id)


def test_a_resume_before_the_beginning(toy_file, tmp_path, monkeypatch, clock):
    monkeypatch.setattr(training, "train", train_next)
    studies, digests = load_studies([str(toy_file)]), []
    for name, days in {"calm": (0, 0), "back": (0, -400)}.items():
        clock(days[0])
        console = Console(file=io.StringIO(), width=300)
        (folder,) = run_studies(studies, storage=tmp_path / name, console=console, cache=False)
        clock(days[1])
        (counts,) = resume(folder, console=console).values()
        record = load_record(folder)
        assert counts == {"finished": 2} and record.manifest.status == "complete"
        digests.append(record.manifest.record_digest)
        if name == "calm":
            continue
        page = write_report(str(folder), tmp_path / name / "page").with_suffix(".md").read_text()
        assert not re.search(r"[-−]\d[\d.,]* (s|seconds|min|minutes|h|hours|days)\b", page)
    assert len(set(digests)) == 1
