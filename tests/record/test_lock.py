"""One writer per record in a store; the one on a disk is tested with the record."""

import os

import pytest
from pyarrow.fs import _MockFileSystem

from sweepbook.record.storage import lock as lock_module
from sweepbook.record.storage import places
from sweepbook.record.storage.lock import lock
from sweepbook.record.storage.outage import StorageTaken
from sweepbook.record.storage.places import place


@pytest.fixture
def folder(monkeypatch):
    """A record in a store that lives in memory, with locks that are quick to die."""
    memory = _MockFileSystem()
    memory.create_dir("bucket/record")
    monkeypatch.setattr(places, "_file_system", lambda *_: memory)
    monkeypatch.setattr(lock_module, "BEAT_S", 0.05)
    monkeypatch.setattr(lock_module, "SETTLE_S", 0.01)
    return place("s3://bucket/record")


def test_a_second_driver_is_refused_while_the_first_one_lives(folder):
    first, said = lock(folder), []
    with pytest.raises(ValueError, match=f"is being written by process {os.getpid()} on"):
        lock(folder, said.append)
    assert "is it still alive?" in said[0]
    first.check()
    first.close()
    assert not (folder / ".lock").exists()
    lock(folder).close()


def test_a_lock_that_stands_still_is_taken_over_and_its_owner_finds_out(folder, monkeypatch):
    monkeypatch.setattr(lock_module, "DEAD_AFTER_S", 0.2)
    lost = lock(folder)
    lost._ended.set()  # it no longer beats: cut off, or stopped
    lost._thread.join()
    second = lock(folder)
    lost._ended.clear()
    lost._beat()
    with pytest.raises(StorageTaken, match="now belongs to process .*; this process stops"):
        lost.check()
    lost.close()
    assert (folder / ".lock").exists(), "it is no longer its own"
    second.check()
    second.close()


def test_the_lock_of_a_process_that_has_ended_here_is_taken_at_once(folder, monkeypatch):
    left = lock(folder)
    left._ended.set()
    left._thread.join()

    def gone(pid, number):
        raise ProcessLookupError(pid)

    monkeypatch.setattr(os, "kill", gone)
    said = []
    lock(folder, said.append).close()
    assert said == [], "nothing was waited for"
