"""Artifacts: tables that a study's hooks make of its record when the trials have ended."""

import dataclasses

import pandas as pd
import pytest

from sweepbook.commands import training
from sweepbook.commands.artifacts import make_artifacts
from sweepbook.commands.run import run_studies
from sweepbook.plan.options import Options
from sweepbook.plan.studies import load_studies
from sweepbook.record.digest import record_digest
from sweepbook.record.load import load_record
from sweepbook.record.writer import RecordWriter
from sweepbook.study.study import Fidelity, Metric, Study
from sweepbook.tune.worker.run import Assignment, reports

HOOKS = """
import pandas as pd

def best(record):
    return record.reports.groupby("trial_id")["val_acc"].max().reset_index()

def fails(record):
    raise KeyError("no such column")

def no_table(record):
    return 7
"""


@pytest.fixture
def run(toy_file, tmp_path, monkeypatch):
    """run({name: hook}): the toy study with these artifacts, trained in this process."""

    def train(plans, writers, **rest):
        for plan, writer in zip(plans, writers, strict=True):
            for trial in plan.trials:
                if run_one.error and trial is plan.trials[0]:
                    writer.end_trial(trial.trial_id, error=run_one.error)
                    continue
                for report in reports(Assignment(trial, [str(writer.folder)], [])):
                    writer.add_rows(trial.trial_id, report["rows"])
                if not run_one.interrupted:
                    writer.end_trial(trial.trial_id)

    monkeypatch.setattr(training, "train", train)

    def run_one(artifacts, console):
        text = toy_file.read_text() + HOOKS
        hooks = {name: f"{toy_file.stem}:{hook}" for name, hook in artifacts.items()}
        text = text.replace("replicates=2,", f"replicates=2, artifacts={hooks},")
        toy_file.write_text(text)
        studies = load_studies([str(toy_file)])
        ended = run_studies(studies, Options(), storage=tmp_path / "records", console=console)
        ((folder, counts),) = ended.items()
        return load_record(folder), counts

    run_one.error, run_one.interrupted = None, False
    return run_one


@pytest.fixture
def console():
    from rich.console import Console

    return Console(record=True, width=400)


def test_a_hook_s_table_is_kept_in_the_record_and_no_part_of_its_digest(run, console):
    record, counts = run({"best-values": "best"}, console)
    assert counts == {"finished": 2}
    table = record.artifact("best-values")
    best = record.reports.groupby("trial_id")["val_acc"].max().reset_index()
    pd.testing.assert_frame_equal(table, best)
    assert record.manifest.artifacts == {"best-values": "written"}
    assert record.manifest.record_digest == record_digest(record)
    assert record.artifact("another") is None
    assert "artifact" not in console.export_text()


def test_a_hook_that_fails_is_told_and_costs_the_study_nothing(run, console):
    record, counts = run({"bad": "fails", "seven": "no_table", "good": "best"}, console)
    assert counts == {"finished": 2} and record.manifest.status == "complete"
    said = record.manifest.artifacts
    assert said["good"] == "written" and said["bad"].startswith("KeyError: 'no such column'")
    assert "must return a DataFrame" in said["seven"]
    printed = console.export_text()
    assert "no artifact bad, and no figure that needs it: KeyError: 'no such column'" in printed
    assert record.artifact("bad") is None and record.artifact("good") is not None


def test_a_hook_that_does_not_exist_is_told(run, console):
    record, _ = run({"gone": "nowhere"}, console)
    assert "has no 'nowhere'" in record.manifest.artifacts["gone"]


def test_a_record_with_a_failed_trial_has_artifacts(run, console):
    run.error = "ValueError: no"
    record, counts = run({"best": "best"}, console)
    assert counts == {"failed": 1, "finished": 1}
    assert record.manifest.artifacts == {"best": "written"}


def test_an_interrupted_record_has_none(run, console):
    run.interrupted = True
    record, counts = run({"best": "best"}, console)
    assert counts == {"interrupted": 2}
    assert record.manifest.artifacts == {} and record.artifact("best") is None


def test_a_table_of_the_record_as_it_was_is_not_read_after_a_failing_hook(run, console):
    record, _ = run({"best": "best"}, console)
    assert record.artifact("best") is not None
    writer = RecordWriter(record.path, record.manifest)
    assert load_record(record.path).artifact("best") is None, "trials go on: it is of earlier rows"
    writer.end()
    hooks = dict.fromkeys(
        ["best"], record.manifest.study.artifacts["best"][: -len("best")] + "fails"
    )
    study = dataclasses.replace(record.manifest.study, artifacts=hooks)
    writer.note(study=study)
    make_artifacts(writer, print)
    writer.release()
    assert load_record(record.path).artifact("best") is None


@pytest.mark.parametrize(
    "artifacts, message",
    [
        ({"../x": "m:f"}, "an artifact of s .*got '../x'"),
        ({"": "m:f"}, "an artifact of s .*got ''"),
        ({"a": "m.f"}, "artifact a of s must be 'module:function', got 'm.f'"),
    ],
)
def test_names_and_hooks_are_checked_at_declaration(artifacts, message):
    with pytest.raises(ValueError, match=message):
        Study(
            name="s",
            question="?",
            trainable="x:y",
            metric=Metric("val_acc", "max"),
            fidelity=Fidelity("epoch", "epochs"),
            artifacts=artifacts,
        )
