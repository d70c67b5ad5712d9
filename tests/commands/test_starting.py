"""What keeps a study from starting is told before its record is made, and leaves no folder."""

import io
import os
import resource
import socket
import subprocess

import pytest
from rich.console import Console

from sweepbook.commands import run as run_module
from sweepbook.commands import training
from sweepbook.commands.run import run_studies
from sweepbook.commands.training import new_folders
from sweepbook.plan.studies import load_studies
from sweepbook.record import writer as writer_module
from sweepbook.record.load import load_record
from sweepbook.record.storage.places import place
from sweepbook.tune.cluster import here
from sweepbook.tune.placement import Placement

FULL = OSError(28, "No space left on device")


def begin(toy_file, storage):
    studies = load_studies([str(toy_file)])
    return run_studies(studies, storage=storage, console=Console(file=io.StringIO(), width=300))


def test_a_memory_limit_that_is_too_small_for_ray_is_told(monkeypatch):
    monkeypatch.setattr(here.resource, "getrlimit", lambda _: (2**31, 2**31))
    with pytest.raises(ValueError, match="ulimit -v.* 2.0 GiB.*--address"):
        Placement().prepare()
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(here.resource, "getrlimit", lambda _: unlimited)
    Placement().prepare()


def test_a_temporary_folder_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path / "nowhere"))
    with pytest.raises(OSError, match="nowhere.*RAY_TMPDIR"):
        Placement().prepare()


@pytest.mark.parametrize("at", ["write_json", "write_parquet"])
def test_a_disk_that_is_full_when_the_record_begins_leaves_no_folder(
    toy_file, tmp_path, monkeypatch, at
):
    def full(*_):
        raise FULL

    monkeypatch.setattr(training, "train", lambda *_, **__: pytest.fail("trained"))
    monkeypatch.setattr(writer_module, at, full)
    with pytest.raises(OSError, match="No space left"):
        begin(toy_file, tmp_path / "records")
    assert not list((tmp_path / "records").iterdir())


def test_a_record_that_is_there_stays_where_it_cannot_go_on(toy_file, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "train", lambda *_, **__: None)
    (folder,) = begin(toy_file, tmp_path / "records")
    before = {path: path.read_bytes() for path in _files(folder)}

    def full(*_):
        raise FULL

    monkeypatch.setattr(writer_module, "write_json", full)
    with pytest.raises(OSError, match="No space left"):
        writer_module.RecordWriter(folder, load_record(folder).manifest)
    assert {path: path.read_bytes() for path in _files(folder)} == before


def _files(folder):
    return [path for path in folder.iterdir() if path.is_file() and path.name != ".lock"]


@pytest.fixture
def disk(tmp_path):
    """disk(options): a small disk of its own; the test is skipped where none may be mounted."""
    mounted = []

    def mount(options):
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("NOT TESTED: no right to mount a disk")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_storage_without_room_is_told_before_anything_is_written(disk):
    small = disk("size=128k")
    with pytest.raises(ValueError, match="No space left.*--storage"):
        new_folders(place(small / "records"), ["toy"])
    assert not list((small / "records").iterdir())


def test_a_storage_that_can_only_be_read_is_told_and_can_be_read(
    disk, toy_file, tmp_path, monkeypatch
):
    monkeypatch.setattr(training, "train", lambda *_, **__: None)
    folder = disk("size=4m")
    (record,) = begin(toy_file, folder)
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    with pytest.raises(ValueError, match="Read-only.*--storage"):
        begin(toy_file, folder)
    loaded = load_record(record)
    with pytest.raises(OSError, match="Read-only"):
        run_module.resume(record, console=Console(file=io.StringIO()))
    assert loaded.manifest.status == "interrupted"


@pytest.mark.more
@pytest.mark.timeout(60)
@pytest.mark.parametrize("is_closed", [True, False], ids=["closed", "mute"])
def test_a_store_that_does_not_answer_is_told_within_a_minute(monkeypatch, is_closed):
    for name, value in {"ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "wJalr"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if not is_closed:
            server.listen(50)
        port = server.getsockname()[1]
        if is_closed:
            server.close()
        storage = place(f"s3://bucket/x?endpoint_override=http://127.0.0.1:{port}")
        with pytest.raises(ValueError, match="cannot be written.*--storage") as caught:
            new_folders(storage, ["toy"])
    assert "wJalr" not in str(caught.value) and len(str(caught.value)) <= 300
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == "wJalr"
