"""A program by the real commands: killed, resumed, verified, reported, exported, stopped early."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sweepbook.record.load import load_record
from tests.examples.killed import check_killed_and_resumed

pytestmark = [pytest.mark.ray, pytest.mark.more, pytest.mark.timeout(600)]

TRAIN = """
import os, sys, time
lr, seed, folder = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
path, at, value = os.path.join(folder, "last.txt"), 0, seed % 97
if os.path.exists(path):
    at, value = map(int, open(path).read().split())
if os.fork() == 0:  # a child that never ends by itself
    while True:
        time.sleep(0.1)
for epoch in range(at + 1, int(sys.argv[4]) + 1):
    time.sleep(0.3)
    value = (value * 31 + epoch) % 1009
    with open(path + "~", "w") as file:
        file.write(f"{epoch} {value}")
    os.replace(path + "~", path)
    print(f"epoch={epoch} val_loss={lr + value}")
"""
STUDY = """
from sweepbook import ASHA, Fidelity, Metric, Program, Study

STUDY = Study(
    name="tiny", question="?", metric=Metric("val_loss", "min"), replicates=2,
    trainable=Program("python train.py {lr} {seed} {checkpoint_dir} {epochs}", metrics="pairs"),
    fidelity=Fidelity("epoch", "epochs"), grid={"lr": [1, 2000]}, fixed={"epochs": 8},
    scheduler=None,
)
"""


@pytest.fixture
def folder(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.py").write_text(TRAIN)
    (source / "study.py").write_text(STUDY)
    return source


def sweepbook(folder, *arguments):
    command = [sys.executable, "-m", "sweepbook", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def programs_of(folder):
    """The living programs that run in a folder: not Ray's workers, which may outlive a command."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_here = os.readlink(process / "cwd").startswith(str(folder))
            if is_here and b"train.py" in (process / "cmdline").read_bytes():
                found.append(process.name)
        except OSError:
            pass
    return found


def test_killed_and_resumed_it_gives_the_undisturbed_record_and_leaves_nothing(folder, tmp_path):
    check_killed_and_resumed(folder / "study.py", tmp_path, "--max-concurrent", "1")
    assert not programs_of(tmp_path / "killed")
    calm = tmp_path / "calm"
    code, said = sweepbook(calm, "verify", "records/tiny")
    assert code == 0, said
    code, said = sweepbook(calm, "report", "records/tiny")
    assert code == 0, said
    assert "python train.py" in (calm / "report" / "report.md").read_text()
    code, said = sweepbook(calm, "export", "records/tiny", "--best", "model")
    assert code == 0, said
    assert (calm / "model" / "replicate-1" / "last.txt").read_text().split()[0].isdigit()
    (calm / "train.py").write_text(f"{TRAIN}\n# changed")
    code, said = sweepbook(calm, "run", "--resume", "records/tiny")
    assert code == 2 and "train.py" in said


def test_a_trial_that_asha_stops_leaves_no_program(folder):
    text = STUDY.replace("scheduler=None", "scheduler=ASHA(grace_period=1, reduction_factor=2)")
    text = text.replace('"min"', '"max"')  # lr=2000 is trained first, as its id says
    (folder / "study.py").write_text(text)
    code, said = sweepbook(folder, "run", "study.py", "--max-concurrent", "1")
    assert code == 0, said
    assert "stopped" in set(load_record(folder / "records" / "tiny").trials["status"])
    assert not programs_of(folder)
