"""A writer removes what was read as parts, follows no link, and leaves everything else."""

import os
import shutil
from dataclasses import replace

import pytest

from sweepbook.commands.training import new_folders
from sweepbook.record.load import load_record
from sweepbook.record.logs import log_path
from sweepbook.record.planned import Trial
from sweepbook.record.storage.files import write_bytes
from sweepbook.record.storage.places import place
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.train import empty_scratch
from sweepbook.tune.worker.hang import guarded, trace_path
from sweepbook.tune.worker.output import captured
from tests.records import typed

STUDY = {
    "name": "toy",
    "metric": {"name": "val_acc", "mode": "max"},
    "fidelity": {"unit": "round", "setting": "rounds"},
}
TRIAL = Trial(
    **{"trial_id": "a", "trainable": "x:y", "config": {"rounds": 3}, "stacked": False, "seed": 0},
    **{"n_replicates": 2, "unit": "round", "max_fidelity": 3, "metric": "val_acc"},
    **{"cpus": 1, "gpus": 0, "cost_s": 1.0},
)


@pytest.fixture
def record(tmp_path):
    """An interrupted record with a part of its own."""
    out = RecordWriter(tmp_path / "r", replace(typed({"study": STUDY}), trials=(TRIAL,)))
    out.add_rows("a", [{"round": 1, "replicate": r, "val_acc": 0.1 * r} for r in (0, 1)])
    out.flush()
    out.release()
    return tmp_path / "r"


@pytest.fixture
def precious(tmp_path):
    """A folder of somebody else's, and what is in it."""
    folder = tmp_path / "precious"
    folder.mkdir()
    for name in ("thesis.txt", "00007.parquet", "tune"):
        (folder / name).write_text(name)
    return folder


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def resumed(folder):
    """Goes on with a record and ends it; returns what was said."""
    lines = []
    RecordWriter(folder, load_record(folder).manifest, lines.append).close()
    return "\n".join(lines)


def test_only_parts_that_were_read_are_removed_and_the_rest_is_named(record):
    parts = record / "parts"
    (parts / "notes.txt").write_text("mine")
    (parts / "folder").mkdir()
    (parts / "folder" / "more.txt").write_text("mine too")
    (parts / "predictions-b.csv").write_text("mine as well")
    said = resumed(record)
    assert {path.name for path in parts.iterdir()} == {"notes.txt", "folder", "predictions-b.csv"}
    assert all(name in said for name in ("notes.txt", "folder", "predictions-b.csv"))
    assert str(record) in said and len(load_record(record).reports) == 2


def test_a_link_that_leads_out_of_the_record_is_refused_and_stays(record, tmp_path):
    kept = tmp_path / "kept.parquet"
    shutil.move(record / "parts" / "00000.parquet", kept)
    (record / "parts" / "00000.parquet").symlink_to(kept)
    before = kept.read_bytes()
    with pytest.raises(ValueError, match=f"{record}.*is a link that leads out of the record"):
        resumed(record)
    assert (record / "parts" / "00000.parquet").is_symlink() and kept.read_bytes() == before


@pytest.mark.parametrize("name", ["parts", "checkpoints", "logs", "artifacts", ".ray"])
def test_a_folder_of_the_record_that_is_a_link_is_refused(record, precious, name):
    before, loaded = contents(precious), load_record(record).manifest
    shutil.rmtree(record / name, ignore_errors=True)
    (record / name).symlink_to(precious)
    with pytest.raises(ValueError, match=f"{record}.*{name} is a link") as caught:
        RecordWriter(record, loaded)
    assert contents(precious) == before and len(str(caught.value)) <= 300


@pytest.mark.parametrize("name", [".lock", "ray.log", "manifest.json", "trials.parquet"])
def test_a_file_of_the_record_that_is_a_link_is_refused(record, precious, name):
    loaded = load_record(record).manifest
    (record / name).unlink(missing_ok=True)
    (record / name).symlink_to(precious / "thesis.txt")
    with pytest.raises(ValueError, match=f"{name} is a link"):
        RecordWriter(record, loaded)
    assert (precious / "thesis.txt").read_text() == "thesis.txt"


def test_a_folder_where_a_file_of_ours_should_be_is_named(record):
    loaded = load_record(record).manifest
    (record / ".lock").unlink()
    (record / ".lock").mkdir()
    with pytest.raises(ValueError, match=r"\.lock is no file"):
        RecordWriter(record, loaded)


def test_the_scratch_folder_loses_what_tune_wrote_and_nothing_else(tmp_path):
    scratch = tmp_path / ".ray"
    (scratch / "tune").mkdir(parents=True)
    (scratch / "mine.txt").write_text("mine")
    empty_scratch(scratch)
    assert [path.name for path in scratch.iterdir()] == ["mine.txt"]
    (scratch / "mine.txt").unlink()
    empty_scratch(scratch)
    assert not scratch.exists()


def test_what_a_trial_prints_does_not_go_through_a_link(record, precious):
    log = log_path(record, "a")
    os.makedirs(log.parent)
    os.symlink(precious / "thesis.txt", log)
    with captured([str(record)], "a"):
        os.write(1, b"printed\n")
    assert (precious / "thesis.txt").read_text() == "thesis.txt"
    assert log.read_text().endswith("printed\n")


def test_the_trace_of_a_trial_does_not_go_through_a_link(record, precious):
    trace = trace_path(record, "a")
    os.symlink(precious / "thesis.txt", trace)
    assert list(guarded(iter([1, 2]), 60.0, trace)) == [1, 2]
    assert (precious / "thesis.txt").read_text() == "thesis.txt"


def test_a_file_that_is_written_aside_does_not_go_through_a_link(tmp_path, precious):
    (tmp_path / f".a.txt.{os.getpid()}.tmp").symlink_to(precious / "thesis.txt")
    write_bytes(tmp_path / "a.txt", b"new")
    assert (precious / "thesis.txt").read_text() == "thesis.txt"


def test_a_new_record_takes_no_name_that_a_dangling_link_has(tmp_path):
    (tmp_path / "toy").symlink_to(tmp_path / "nowhere")
    (tmp_path / ".sweepbook-can-write").write_text("mine")
    (folder,) = new_folders(place(tmp_path), ["toy"])
    assert folder.name == "toy-2"
    assert (tmp_path / ".sweepbook-can-write").read_text() == "mine"
