"""Signals, one or several in a row, leave a record interrupted, and it is said what to do."""

import dataclasses
import io
import os
import signal
import time

import pandas as pd
import pytest
from rich.console import Console

from sweepbook.commands import run as run_module
from sweepbook.commands import training
from sweepbook.commands.resume import resume
from sweepbook.commands.run import run_studies
from sweepbook.commands.training import tell_endings
from sweepbook.plan.studies import load_studies
from sweepbook.record.load import load_record
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.failures.signals import PATIENCE, completing, ended_like_ctrl_c

INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


def send(*numbers):
    for number in numbers:
        os.kill(os.getpid(), number)
        time.sleep(0.01)  # a handler runs between two instructions


def console():
    return Console(file=io.StringIO(), width=300)


@pytest.fixture
def ended(toy_file, tmp_path, monkeypatch):
    """ended(train, **fields): what a run leaves that trains by a function: (record, printed)."""

    def run(train, **fields):
        monkeypatch.setattr(training, "train", train)
        studies = [dataclasses.replace(s, **fields) for s in load_studies([str(toy_file)])]
        shown = console()
        with ended_like_ctrl_c():
            counts = run_studies(studies, storage=tmp_path / "records", console=shown)
        assert not tell_endings(counts, shown)
        (folder,) = counts
        return load_record(folder), shown.file.getvalue()

    return run


@pytest.mark.parametrize("numbers", [(INT,), (INT, INT), (TERM, INT), (HUP,), (TERM,)])
def test_signals_while_trials_are_trained(ended, numbers):
    record, printed = ended(lambda *_, **__: send(*numbers))
    assert record.manifest.status == "interrupted"
    assert set(record.trials["status"]) == {"interrupted"}
    assert f"resume with: sweepbook run --resume {record.path}" in printed


@pytest.mark.parametrize("numbers", [(INT,), (INT, INT), (TERM,), (TERM, HUP, INT)])
def test_signals_while_a_record_is_completed(ended, monkeypatch, numbers):
    compact = RecordWriter._compact

    def disturbed(writer):
        send(*numbers)
        compact(writer)

    monkeypatch.setattr(RecordWriter, "_compact", disturbed)
    record, printed = ended(lambda *_, **__: send(INT))
    assert record.manifest.status == "interrupted" and record.manifest.record_digest
    assert "resume with" in printed and printed.count("is being completed") == 1


@pytest.mark.parametrize("number", [INT, TERM])
def test_a_signal_between_the_first_record_and_the_training(ended, monkeypatch, number):
    monkeypatch.setattr(run_module, "_take_known", lambda *_: send(number))
    record, printed = ended(lambda *_, **__: pytest.fail("trained"))
    assert record.manifest.status == "interrupted" and "resume with" in printed


def finish(plans, writers, **_):
    (writer,) = writers
    for trial in writer.manifest.trials:
        rows = [{"round": n, "replicate": r, "val_acc": 0.5} for n in (1, 2, 3) for r in (0, 1)]
        writer.add_rows(trial.trial_id, rows)
        writer.end_trial(trial.trial_id)


def interrupting(record):
    send(TERM)
    return pd.DataFrame({"a": [1]})


def quiet(record):
    return pd.DataFrame({"a": [1]})


def test_a_signal_while_artifacts_are_made(ended, monkeypatch, toy_file):
    monkeypatch.setattr("sweepbook.commands.artifacts.load_object", lambda path: interrupting)
    record, printed = ended(finish, artifacts={"map": f"{toy_file.stem}:hook"})
    assert set(record.trials["status"]) == {"finished"}, "what is trained stays"
    assert record.manifest.status == "interrupted" and "resume with" in printed
    monkeypatch.setattr("sweepbook.commands.artifacts.load_object", lambda path: quiet)
    digest = record.manifest.record_digest
    assert tell_endings(resume(record.path, console=console()), console())
    record = load_record(record.path)
    assert record.manifest.status == "complete" and record.artifact("map") is not None
    assert record.manifest.record_digest == digest


def test_who_insists_gets_an_end():
    with pytest.raises(KeyboardInterrupt), completing(lambda text: None):
        send(*[INT] * PATIENCE)
        send(INT)


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(HUP, signal.SIG_IGN)
    try:
        with ended_like_ctrl_c(), completing(lambda text: pytest.fail(text)):
            send(HUP)
            assert signal.getsignal(HUP) is signal.SIG_IGN
    finally:
        signal.signal(HUP, before)


def test_sigterm_ends_a_study_in_whose_shell_ctrl_c_is_ignored():
    before = signal.signal(INT, signal.SIG_IGN)
    try:
        with pytest.raises(KeyboardInterrupt), ended_like_ctrl_c():
            send(TERM)
    finally:
        signal.signal(INT, before)
