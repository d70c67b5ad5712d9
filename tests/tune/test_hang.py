import subprocess
import sys
import time

import pytest

from search_spaces import STUDIES
from sweepbook.record.storage.files import make_folder
from sweepbook.tune.worker.hang import guarded, read_trace, trace_path

HANGING = """
import itertools, sys, time
from sweepbook.record.storage.places import place
from sweepbook.tune.worker.hang import guarded

def steps():
    yield 1
    yield 2
    time.sleep(60)

for step in guarded(steps(), 0.3, place(sys.argv[1])):
    print(step, flush=True)
    time.sleep(0.4)  # what is done between steps does not count
"""


def test_a_step_that_takes_too_long_ends_the_process_and_says_where(tmp_path):
    path = trace_path(tmp_path, "abc")
    make_folder(path.parent)
    command = [sys.executable, "-c", HANGING, str(path)]
    start = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert time.monotonic() - start < 45, "long before the step would have ended"
    assert ended.returncode == 1
    assert ended.stdout == "1\n2\n"
    assert "line 9 in steps" in read_trace(tmp_path, "abc")


@pytest.mark.parametrize("how", ["ends", "is closed", "raises"])
def test_no_watchdog_and_no_file_outlives_the_steps(tmp_path, how):
    def steps():
        yield 1
        if how == "raises":
            raise RuntimeError("planted")

    path = tmp_path / "trace.txt"
    guard = guarded(steps(), 0.2, path)
    assert next(guard) == 1
    assert path.exists()
    if how == "ends":
        assert list(guard) == []
    elif how == "is closed":
        guard.close()
    else:
        with pytest.raises(RuntimeError, match="planted"):
            next(guard)
    time.sleep(0.3)  # a watchdog that were left would end this process
    assert not path.exists()


def test_without_a_limit_there_is_no_file(tmp_path):
    assert list(guarded(iter([1, 2]), None, tmp_path / "nowhere" / "trace.txt")) == [1, 2]


@pytest.mark.parametrize("limit", [0, -1.0, float("nan"), float("inf")])
def test_a_study_s_limit_is_checked(limit):
    import dataclasses

    with pytest.raises(ValueError, match="hang_s of epochs must be seconds > 0"):
        dataclasses.replace(STUDIES["epochs"], hang_s=limit)
