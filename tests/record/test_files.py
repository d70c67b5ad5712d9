"""Files of a record on a disk and in a store, and what is done while either is away."""

import errno
import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow.fs import _MockFileSystem

from sweepbook.record.storage import outage, places
from sweepbook.record.storage.files import (
    delete,
    make_folder,
    write_bytes,
    write_json,
    write_parquet,
)
from sweepbook.record.storage.places import Place, place


@pytest.fixture(params=["disk", "store"])
def folder(request, tmp_path, monkeypatch):
    """A place on a disk and one in a store that lives in memory."""
    if request.param == "disk":
        return place(tmp_path)
    memory = _MockFileSystem()
    memory.create_dir("bucket/records/parts")
    monkeypatch.setattr(places, "_file_system", lambda *_: memory)
    return place("s3://bucket/records?region=nowhere")


def test_what_is_written_is_read_listed_and_deleted(folder):
    make_folder(folder / "parts")
    write_bytes(folder / "parts" / "b.bin", b"old")
    write_bytes(folder / "parts" / "b.bin", b"new")
    write_json(folder / "parts" / "a.json", {"x": 1})
    assert (folder / "parts" / "b.bin").read_bytes() == b"new"
    assert (folder / "parts" / "a.json").read_text() == '{\n "x": 1\n}\n'
    assert [file.name for file in (folder / "parts").iterdir()] == ["a.json", "b.bin"]
    assert (folder / "parts" / "b.bin").is_file() and not (folder / "parts").is_file()
    assert (folder / "parts").is_dir() and (folder / "parts").exists()
    delete(folder / "parts" / "b.bin")
    delete(folder / "parts" / "b.bin")
    assert not (folder / "parts" / "b.bin").exists()
    with pytest.raises(FileNotFoundError):
        (folder / "parts" / "b.bin").read_bytes()
    assert (folder / "nothing").iterdir() == []


def test_a_place_is_printed_as_it_was_given_and_keeps_its_query():
    uri = "s3://bucket/a/b?endpoint_override=http://127.0.0.1:9000&region=x"
    assert str(place(uri)) == uri
    assert str(place(uri) / "c.json") == uri.replace("/b?", "/b/c.json?")
    assert str(place(uri).parent) == uri.replace("/b?", "?")
    assert (place(uri).name, (place(uri) / "00012.parquet").stem) == ("b", "00012")
    assert str(place("gs://bucket/")) == "gs://bucket"
    assert place(place(uri)) == place(uri) != place(uri + "y")
    assert str(place("records/x/")) == "records/x"
    assert place("file:///a/b%20c") == Place("/a/b c")
    assert place("x").resolve() == Place(os.path.abspath("x"))
    with pytest.raises(ValueError, match="is not on this machine's disk"):
        Path(place(uri))


@given(
    st.lists(
        st.from_regex(r"[A-Za-z0-9_=%.-]{0,9}[A-Za-z0-9]", fullmatch=True), min_size=1, max_size=3
    )
)
def test_names_come_back_from_a_printed_place(names):
    at = place("s3://bucket?region=x")
    for name in names:
        at = at / name
    assert place(str(at)) == at
    assert at.name == names[-1]


@pytest.mark.parametrize(
    "uri, said",
    [
        ("ftp://host/x", "must be a folder, s3://... or gs://..."),
        ("s3:///x", "names no bucket"),
        ("s3://key:secret@bucket/x", "credentials"),
        ("s3://bucket/x?access_key=key&secret_key=secret", "credentials"),
    ],
)
def test_a_uri_that_cannot_be_a_storage_is_refused_without_its_secrets(uri, said):
    with pytest.raises(ValueError) as error:
        place(uri)
    assert said in str(error.value)
    assert "secret@" not in str(error.value) and "=secret" not in str(error.value)


def test_a_file_that_grows_while_it_is_read_is_read_again(monkeypatch):
    memory = _MockFileSystem()
    memory.create_dir("bucket")
    monkeypatch.setattr(places, "_file_system", lambda *_: memory)
    at = place("s3://bucket/x")
    write_bytes(at, b"longer than before")
    read = []

    class Cut:
        """The file as it was opened before it grew."""

        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def read(self):
            read.append(1)
            return self.file.read()[:5] if len(read) == 1 else self.file.read()

    class Store:
        def open_input_file(self, path):
            return Cut(memory.open_input_file(path))

        def get_file_info(self, path):
            return memory.get_file_info(path)

    monkeypatch.setattr(places, "_file_system", lambda *_: Store())
    assert at.read_bytes() == b"longer than before"
    assert len(read) == 2


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    write_bytes(tmp_path / "x.parquet", b"before")

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_parquet(tmp_path / "x.parquet", pd.DataFrame({"a": [1]}))
    assert [file.name for file in tmp_path.iterdir()] == ["x.parquet"]
    assert (tmp_path / "x.parquet").read_bytes() == b"before"


class Clock:
    """Time that passes only in sleep."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(outage.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(outage.time, "sleep", self.sleep)

    def sleep(self, seconds):
        self.now += seconds


def test_a_storage_that_comes_back_was_waited_for_with_growing_pauses(monkeypatch):
    clock, said = Clock(monkeypatch), []

    def action():
        if clock.now < 1020:
            raise OSError("could not connect")
        return "written"

    assert outage.insist("s3://bucket/x", action, said.append) == "written"
    assert [line.split("next try in ")[-1].split(",")[0] for line in said[:-1]] == [
        "1 s", "2 s", "4 s", "8 s", "16 s"
    ]  # fmt: skip
    assert said[-1].startswith("storage s3://bucket/x ") and "again after 31 s" in said[-1]


def test_a_storage_that_stays_away_is_an_error_at_its_limit(monkeypatch):
    clock = Clock(monkeypatch)
    monkeypatch.setenv(outage.WAIT_VARIABLE, "40")

    def action():
        raise OSError("could not connect")

    with pytest.raises(outage.StorageAway, match="s3://bucket/x .* for 40 s: could not"):
        outage.insist("s3://bucket/x", action, lambda text: None)
    assert clock.now == 1040


@pytest.mark.parametrize(
    "where, error",
    [
        ("/disk", PermissionError(errno.EACCES, "Permission denied")),
        ("s3://bucket", FileNotFoundError("gone")),
        ("s3://bucket", outage.StorageTaken("now belongs to another")),
    ],
)
def test_what_waiting_does_not_mend_is_raised_at_once(where, error):
    def action():
        raise error

    with pytest.raises(OSError) as raised:
        outage.insist(where, action, lambda text: None)
    assert raised.value is error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_not_waited_for_and_named(number):
    error = OSError(number, "No room")

    def action():
        raise error

    with pytest.raises(outage.StorageFull, match="storage /disk is full") as raised:
        outage.insist("/disk", action, lambda text: None)
    assert raised.value.__cause__ is error


def test_a_shared_disk_that_is_away_is_waited_for(monkeypatch):
    Clock(monkeypatch)
    answers = iter([OSError(errno.ESTALE, "Stale file handle"), None])

    def action():
        error = next(answers)
        if error:
            raise error
        return 1

    assert outage.insist("/shared", action, lambda text: None) == 1
