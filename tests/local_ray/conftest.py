"""Commands on a real local Ray, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.load import load_record
from sweepbook.imports import load_studies
from sweepbook.plan import Options, make_plan
from sweepbook.record import RecordWriter
from sweepbook.session import manifest_of
from sweepbook.worker import Assignment, reports

ROOT = Path(__file__).parents[2]


@pytest.fixture
def sweepbook(tmp_path):
    """Starts `sweepbook ARGUMENTS...` in tmp_path; returns the process, output joined."""
    started = []

    def start(*arguments):
        command = [sys.executable, "-m", "sweepbook", *map(str, arguments)]
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, 9)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
def complete(sweepbook):
    """Runs a command to its end: (exit code, output)."""

    def call(*arguments):
        process = sweepbook(*arguments)
        output, _ = process.communicate(timeout=180)
        return process.returncode, output

    return call


@pytest.fixture
def undisturbed_digest(tmp_path):
    """The digest of a study file's record where nothing happens: trained here, without Ray."""

    def train(name, n_trials):
        (study,) = load_studies([str(tmp_path / name)])
        plan, folder = make_plan(study, Options()), tmp_path / "calm"
        writer = RecordWriter(folder, manifest_of(plan, Options(), [], []), list(plan.trials))
        for trial in plan.trials:
            for report in reports(Assignment(trial, [str(folder)], [])):
                writer.add_rows(trial.trial_id, report["rows"])
            writer.end_trial(trial.trial_id)
        assert writer.close() == {"finished": n_trials}
        return load_record(folder).manifest["record_digest"]

    return train
