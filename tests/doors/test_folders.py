"""The folders of foreign code: what a checkpoint may write where, and what is left behind."""

import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from sweepbook.doors.folders import pack, unpack
from sweepbook.doors.programs.files import unpack_files
from sweepbook.doors.ray_tune import by_class
from sweepbook.doors.ray_tune.session import Session
from sweepbook.doors.units import Units
from tests.doors.ray_job import plan_of


def test_files_come_back_where_they_were(tmp_path):
    (tmp_path / "from" / "in").mkdir(parents=True)
    (tmp_path / "from" / "in" / "a..b").write_bytes(b"1")
    (tmp_path / "from" / ".hidden").write_bytes(b"2")
    files = pack(tmp_path / "from")
    assert files == {"in/a..b": b"1", ".hidden": b"2"}
    unpack(files, tmp_path / "to" / "new")
    assert pack(tmp_path / "to" / "new") == files


def by_session(trial, files):
    state = {"ray_checkpoint": files, "n_reports": 1, "done": False}
    session = Session(trial, 0, state, Units(trial))
    try:
        return session.loaded_checkpoint
    finally:
        session.close()


def by_a_class(trial, files):
    by_class._load(None, {"ray_dict": None, "ray_checkpoint": files})


def by_a_program(trial, files):
    unpack_files({"files": files, "times": dict.fromkeys(files, 0)}, Path(tempfile.mkdtemp()))


def by_itself(trial, files):
    unpack(files, Path(tempfile.mkdtemp()))


@pytest.mark.parametrize("door", [by_session, by_a_class, by_a_program, by_itself])
@pytest.mark.parametrize("name", ["../out", "in/../../out", "in/../out", "", ".", "{tmp}/out"])
def test_no_checkpoint_writes_outside_of_its_folder(monkeypatch, tmp_path, door, name):
    (trial,) = plan_of(monkeypatch, lambda config: None).trials
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ValueError, match="outside of its folder"):
        door(trial, {"good": b"1", name.format(tmp=tmp_path): b"2"})
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_no_checkpoint_writes_through_a_link(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "link").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="outside of its folder"):
        unpack({"link/out": b"1"}, tmp_path / "own")
    assert not (tmp_path / "out").exists()


def test_in_a_worker_of_ray_temporary_folders_lie_in_its_session_s(monkeypatch, tmp_path):
    (trial,) = plan_of(monkeypatch, lambda config: None).trials
    node = SimpleNamespace(get_session_dir_path=lambda: str(tmp_path))
    worker = SimpleNamespace(_global_node=node)
    monkeypatch.setitem(sys.modules, "ray._private.worker", worker)
    session = Session(trial, 0, None, Units(trial))
    folder = Path(session.trial_dir)
    assert folder.parent == tmp_path and folder.is_dir()
    session.close()
    assert not folder.exists()
    shutil.rmtree(tmp_path)
    session = Session(trial, 0, None, Units(trial))
    assert Path(session.trial_dir).is_dir(), "elsewhere, where Ray's folder has gone"
    session.close()
