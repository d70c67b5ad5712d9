"""Records in an object store: a real S3 server on loopback, stopped and started under a study."""

import dataclasses
import logging
import os
import socket
import sys
import time

import pytest
from pyarrow.fs import FileSystem

from sweepbook.commands.training import new_folders
from sweepbook.commands.verify import verify
from sweepbook.pages.report import write_report
from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.checkpoints import load_checkpoint
from sweepbook.record.load import load_record
from sweepbook.record.logs import copy_logs, logged_trials, read_log
from sweepbook.record.storage.outage import WAIT_VARIABLE
from sweepbook.record.storage.places import place
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.worker.output import captured
from sweepbook.tune.worker.run import Assignment, reports

pytestmark = [pytest.mark.ray, pytest.mark.timeout(250)]

STUDY = """
import time
from sweepbook import Fidelity, Metric, Study

def train(config, state=None):
    for n in range(1 + (state or 0), config["rounds"] + 1):
        time.sleep(config["pause_s"])
        yield {"round": n, "val_acc": config["lift"] + config["seed"] % 97 + n, "state": lambda n=n: n}

STUDY = Study(
    name="remote", question="Which lift?", trainable="stored:train", replicates=2,
    metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
    grid={"lift": (1.0, 2.0)}, fixed={"rounds": 12, "pause_s": 0.3},
)
"""  # noqa: E501 - the file of a user
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIAPLANTED",
    "AWS_SECRET_ACCESS_KEY": "wJalrPLANTED",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Server:
    """moto's, in this process: what its bucket holds outlives a stop."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.query = f"?endpoint_override=http://127.0.0.1:{self.port}"
        self.start()
        make = FileSystem.from_uri(f"s3://bucket{self.query}&allow_bucket_creation=true")[0]
        make.create_dir("bucket")

    def start(self):
        from moto.server import ThreadedMotoServer

        self.server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self.server.start()

    def stop(self):
        self.server.stop()

    def uri(self, path):
        return f"s3://bucket/{path}{self.query}"


@pytest.fixture(scope="module")
def server():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        started = Server()
        yield started
        started.stop()


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The study's plan and its file."""
    file = tmp_path_factory.mktemp("stored") / "stored.py"
    file.write_text(STUDY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        (study,) = load_studies([str(file)])
        yield make_plan(study, Options()), file
    sys.modules.pop("stored")


def written(plan, folder):
    """A writer with all rows of the plan's trials, not flushed."""
    manifest = new_manifest(plan, Options(), [], [])
    writer = RecordWriter(folder, manifest)
    for trial in plan.trials:
        quick = dataclasses.replace(trial, config=trial.config | {"pause_s": 0})
        for report in reports(Assignment(quick, [str(folder)], [])):
            writer.add_rows(trial.trial_id, report["rows"])
        writer.end_trial(trial.trial_id)
    return writer


def digest(record):
    return load_record(record).manifest.record_digest


@pytest.mark.more
def test_a_store_that_stays_away_ends_the_study_which_then_goes_on_from_what_is_safe(
    server, stored, sweepbook, tmp_path, monkeypatch
):
    plan, file = stored
    written(plan, tmp_path / "calm").close()
    folder = server.uri("records/remote")
    checkpoints = place(folder) / "checkpoints"
    with monkeypatch.context() as patch:
        patch.setenv(WAIT_VARIABLE, "2")
        process = sweepbook("run", file, "--storage", server.uri("records"))
    wait_for(lambda: len(checkpoints.iterdir()) == 2)
    growing = load_record(folder)
    assert set(growing.trials["status"]) <= {"running", "pending"}
    server.stop()
    try:
        output, _ = process.communicate(timeout=60)
    finally:
        server.start()
    assert process.returncode == 1, output
    assert "Traceback" not in output, output
    assert "storage s3://bucket/records/remote cannot be reached" in output
    assert f"What is saved: {folder} (0 ended trials and" in output
    ended = load_record(folder)
    assert ended.manifest.status == "running", "as at its last part"
    assert len(ended.reports) >= len(growing.reports)
    assert (ended.path / ".lock").exists(), "as after kill -9, too"

    at = reached(checkpoints)
    assert 1 <= at < plan.trials[0].max_fidelity
    process = sweepbook("run", "--resume", folder)
    wait_for(lambda: reached(checkpoints) > at)
    server.stop()
    time.sleep(1)
    server.start()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert f"{folder}: 2 finished" in output
    record = load_record(folder)
    assert digest(folder) == digest(tmp_path / "calm"), "of an undisturbed study on a disk"
    assert set(record.trials["status"]) == {"finished"}
    left = {file.name for file in record.path.iterdir()} - {"parts", "ray.log"}
    assert left == {"manifest.json", "trials.parquet", "reports.parquet", "checkpoints"}
    assert not [path for path in files_below(record.path) if b"PLANTED" in path.read_bytes()]
    assert "PLANTED" not in output
    assert verify(folder, n_trials=1, seed=0, most=2) == ([], 1)
    assert "Which lift?" in write_report([folder], tmp_path / "page").read_text()


def test_a_store_has_a_trial_s_log_when_an_attempt_has_ended(server):
    record = server.uri("records/printing")
    for name in ("one", "two"):
        with captured([record], "t"):
            os.write(1, f"of {name}\n".encode())
    lines = (read_log(record, "t") or b"").decode().splitlines()
    assert ["attempt 1" in lines[0], "attempt 2" in lines[2]] == [True, True]
    assert lines[1::2] == ["of one", "of two"]
    with captured([record], "silent"):
        assert logged_trials(record) == {"t"}
    assert logged_trials(record) == {"t"}
    copy_logs(place(record), place(server.uri("records/other")), {"u": "t"})
    assert read_log(server.uri("records/other"), "u") == read_log(record, "t")


def test_a_store_that_cannot_be_written_is_told_before_anything_starts(server):
    storage = place(f"s3://elsewhere/x{server.query}")
    with pytest.raises(ValueError, match="cannot be written .*NO_SUCH.*--storage"):
        new_folders(storage, ["remote"])


def files_below(folder):
    """All files of a record in the store."""
    for entry in folder.iterdir():
        yield from [entry] if entry.is_file() else files_below(entry)


def reached(checkpoints):
    """The furthest step of any checkpoint."""
    names = [file.name for file in checkpoints.iterdir()]
    trials = [name.removesuffix(".pt") for name in names if name.endswith(".pt")]
    loaded = [load_checkpoint([str(checkpoints.parent)], trial_id) for trial_id in trials]
    return max((content["fidelity"] for content in loaded if content), default=0)


def wait_for(condition, limit_s=60):
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)
