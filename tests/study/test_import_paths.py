"""Import paths as people write them at first: refused with what to write instead."""

import subprocess
import sys

import pytest

from sweepbook.study.hooks import load_object


@pytest.mark.parametrize(
    "path, write",
    [
        ("mine.py:train", "'mine:train'"),
        ("./mine:train", "'mine:train'"),
        ("code/mine.py:train", "'mine:train'"),
        ("mine:model.fit", "write `fit = model.fit` in mine, and 'mine:fit' here"),
        ("mine:train()", "must be 'module:function'"),
        (":train", "must be 'module:function'"),
        ("mine:", "must be 'module:function'"),
        (" mine:train", "must be 'module:function'"),
        ("mine:<lambda>", "must be 'module:function'"),
    ],
)
def test_a_path_that_is_none_is_told_what_to_be(path, write):
    with pytest.raises(ValueError) as refused:
        load_object(path)
    assert write in str(refused.value) and repr(path) in str(refused.value)


def test_a_study_file_that_trains_when_it_is_imported_is_refused(tmp_path):
    (tmp_path / "mine.py").write_text(
        """
import sweepbook
from sweepbook import Fidelity, Metric, Study

def train(config):
    yield {"round": 1, "loss": 0.5}

STUDY = Study(
    name="mine", question="?", trainable="mine:train", metric=Metric("loss", "min"),
    fidelity=Fidelity("round", "rounds"), fixed={"rounds": 1},
)
sweepbook.run(STUDY)
"""
    )
    command = [sys.executable, "-m", "sweepbook", "run", "mine.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=55)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert 'under `if __name__ == "__main__":`' in done.stderr
    assert "mine.py, line 12" in done.stderr
    assert not (tmp_path / "records").exists()
