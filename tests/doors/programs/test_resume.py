"""A program goes on from its checkpoint folder, whenever it writes there."""

import os
from pathlib import Path

import pytest

from sweepbook.doors.programs import files
from sweepbook.doors.programs.files import StillChangingError, packed_files, unpack_files
from sweepbook.tune.worker import course
from sweepbook.tune.worker.run import reports

COMMAND = "python train.py {seed} {epochs} {checkpoint_dir}"
SCRIPT = """
import json, os, sys, time
seed, epochs, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
path, at, value = os.path.join(folder, "sub", "last.json"), 0, seed % 97
os.makedirs(os.path.dirname(path), exist_ok=True)
if os.path.exists(path):
    at, value = json.load(open(path))
def save():
    with open(path, "w") as file:
        json.dump([epoch, value], file)
for epoch in range(at + 1, epochs + 1):
    open("trained", "a").write(f"{epoch}\\n")
    value = (value * 31 + epoch) % 1009
    BEFORE
    print(f"epoch={epoch} val_loss={value}")
    AFTER
    time.sleep(0.02)
"""
BEFORE = SCRIPT.replace("BEFORE", "save()").replace("AFTER", "pass")
AFTER = SCRIPT.replace("BEFORE", "pass").replace("AFTER", "save()")
SELDOM = SCRIPT.replace("BEFORE", "if epoch % 3 == 0: save()").replace("AFTER", "pass")
ANEW = BEFORE.replace("if os.path.exists(path)", "if False")
LATE = BEFORE.replace("    save()", "    at, epoch = epoch, epoch + 1; save(); epoch = at")


@pytest.fixture(autouse=True)
def at_every_step(monkeypatch):
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", 0.0)


def rows_in(made, n=None):
    found = []
    for report in made:
        found += [{k: v for k, v in row.items() if k != "time_s"} for row in report["rows"]]
        if n is not None and report["fidelity"] >= n:
            made.close()
            break
    return found


@pytest.fixture
def trained(assigned, tmp_path):
    """trained(script, stops) gives the rows of a trial that is stopped and resumed there."""

    def run(script, stops=(), epochs=7):
        assignment = assigned(COMMAND, script=script, grid={"epochs": [epochs]}, fixed={},
                              replicates=2)  # fmt: skip
        for file in (Path(assignment.records[0]) / "checkpoints").iterdir():
            file.unlink()
        (tmp_path / "trained").unlink(missing_ok=True)
        rows = {}
        for n in (*stops, None):
            for row in rows_in(reports(assignment), n):
                key = row["epoch"], row["replicate"]
                assert rows.setdefault(key, row) == row
        return rows

    return run


@pytest.mark.parametrize("script", [BEFORE, AFTER, SELDOM], ids=["before", "after", "seldom"])
@pytest.mark.parametrize("stops", [(1,), (2, 5), (4, 6)])
def test_a_resumed_program_gives_the_rows_of_an_undisturbed_one(trained, script, stops):
    undisturbed = trained(script)
    assert len(undisturbed) == 14
    assert trained(script, stops) == undisturbed


def test_a_program_that_writes_before_it_prints_repeats_nothing(trained, tmp_path):
    trained(BEFORE, (4,))
    steps = (tmp_path / "trained").read_text().split()
    assert len(steps) <= 14 + 2  # each may have been on its way to the next


def test_a_program_that_begins_again_in_spite_of_its_checkpoint_is_told_so(trained):
    with pytest.raises(ValueError, match="began again at epoch 1.*load.*checkpoint_dir"):
        trained(ANEW, (4,))


def test_a_program_whose_checkpoint_is_ahead_of_its_line_is_told_so(trained):
    with pytest.raises(ValueError, match="went on with epoch 6 after a resume at epoch 4"):
        trained(LATE, (4,))


def test_a_program_that_gives_other_values_when_it_repeats_says_so(trained, capfd):
    script = SELDOM.replace("{value}", "{value + os.getpid()}")
    trained(script, (5,))
    assert "does not repeat itself" in capfd.readouterr().out


def test_a_program_with_checkpoints_says_its_unit(trained):
    with pytest.raises(ValueError, match="does not say which epoch"):
        trained(BEFORE.replace("epoch={epoch} ", ""))


def test_without_a_checkpoint_folder_a_resume_begins_anew(assigned):
    assignment = assigned("python train.py {seed} {epochs} .", script=BEFORE)
    made = reports(assignment)
    first = next(made)
    made.close()
    assert not list((Path(assignment.records[0]) / "checkpoints").iterdir())
    assert not first["goes_on"]


def test_a_longer_training_goes_on(trained, assigned):
    short = assigned(COMMAND, script=BEFORE, grid={"epochs": [3]}, fixed={}, replicates=2)
    rows_in(reports(short))
    longer = assigned(COMMAND, script=BEFORE, grid={"epochs": [7]}, fixed={}, replicates=2)
    checkpoints = Path(short.records[0]) / "checkpoints"
    content = (checkpoints / f"{short.trial.trial_id}.pt").read_bytes()
    (checkpoints / f"{longer.trial.trial_id}.pt").write_bytes(content)
    rows = {(row["epoch"], row["replicate"]): row for row in rows_in(reports(longer))}
    assert rows == trained(BEFORE)


def test_files_come_back_with_their_names_times_and_contents(tmp_path):
    source, target = tmp_path / "a", tmp_path / "b"
    (source / "x" / "y").mkdir(parents=True)
    (source / "x" / "y" / "z.bin").write_bytes(b"\0\xff")
    os.utime(source / "x" / "y" / "z.bin", ns=(5, 5))
    (source / "empty").touch()
    target.mkdir()
    unpack_files(packed_files(source), target)
    assert packed_files(target) == packed_files(source)
    assert (target / "x" / "y" / "z.bin").stat().st_mtime_ns == 5


def test_a_link_within_the_folder_is_a_file_and_other_odd_ones_are_left_out(tmp_path, capsys):
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "epoch1").write_text("1")
    (folder / "last").symlink_to("epoch1")
    (folder / "out").symlink_to(tmp_path)
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / "broken").symlink_to("nowhere")
    os.mkfifo(folder / "fifo")
    assert packed_files(folder)["files"] == {"epoch1": b"1", "last": b"1"}
    said = capsys.readouterr().out
    assert "passwd" in said and "fifo" in said


def test_a_folder_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    (tmp_path / "a").write_text("x" * 11)
    with pytest.raises(ValueError, match="leave {checkpoint_dir} out"):
        packed_files(tmp_path)


def test_files_that_have_changed_since_are_not_taken(tmp_path):
    (tmp_path / "a").write_text("x")
    changed = (tmp_path / "a").stat().st_ctime_ns
    assert packed_files(tmp_path, changed + 1)["files"] == {"a": b"x"}
    with pytest.raises(StillChangingError):
        packed_files(tmp_path, changed - 1)
    with (tmp_path / "a").open("a"), pytest.raises(StillChangingError):
        packed_files(tmp_path, (tmp_path / "a").stat().st_ctime_ns, [os.getpid()])


def test_a_checkpoint_writes_nothing_outside_of_its_folder(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(ValueError, match="outside"):
        unpack_files({"files": {"../out": b""}, "times": {"../out": 0}}, tmp_path / "in")
