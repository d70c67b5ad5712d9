"""What a process prints while it trains a trial, in processes of their own."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sweepbook.record.logs import MOST_BYTES

ROOT = Path(__file__).parents[2]
START = """
import ctypes, logging, os, subprocess, sys, time
from sweepbook.tune.worker.output import captured
"""


@pytest.fixture
def run(tmp_path):
    """run(code) -> what the process printed outside of logs; its records are folders "a", "b"."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()

    def call(code, ending=0):
        done = subprocess.run(
            [sys.executable, "-c", START + textwrap.dedent(code)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        assert done.returncode == ending, done.stdout
        return done.stdout

    return call


def log(tmp_path, record="a", trial="t"):
    """The lines of a log, with those that say when an attempt began as "attempt N"."""
    lines = (tmp_path / record / "logs" / f"{trial}.txt").read_text().splitlines()
    return [line[4:13] if line.startswith("--- attempt ") else line for line in lines]


def test_whatever_writes_to_standard_output_and_error_is_captured_and_nothing_else(run, tmp_path):
    printed = run("""
        logging.basicConfig(level=logging.INFO)
        libc = ctypes.CDLL(None)
        print("before")
        libc.printf(b"C before\\n")
        with captured(["a"], "t"):
            print("printed", end="")
            sys.stdout.flush()
            print(" at once", file=sys.stderr)
            logging.info("logged")
            os.write(1, b"raw\\n")
            subprocess.run("echo child; echo its error >&2", shell=True)
            libc.printf(b"C\\n")
        print("after")
        logging.info("logged after")
        """)
    assert sorted(printed.splitlines()) == [
        "C before",
        "INFO:root:logged after",
        "after",
        "before",
    ]
    assert log(tmp_path) == [
        *("attempt 1", "printed at once", "INFO:root:logged", "raw"),
        *("child", "its error", "C"),
    ]


def test_each_trial_of_a_process_has_its_own_log_and_a_child_writes_into_its_parents(
    run, tmp_path
):
    run("""
        logging.basicConfig()
        with captured(["a"], "t"):
            logging.warning("one")
            child = subprocess.Popen("read line; echo late", shell=True, stdin=subprocess.PIPE)
        with captured(["a"], "u"):
            logging.warning("two")
            child.communicate(b"\\n")
        """)
    assert log(tmp_path) == ["attempt 1", "WARNING:root:one", "late"]
    assert log(tmp_path, trial="u") == ["attempt 1", "WARNING:root:two"]


def test_attempts_follow_one_another_also_where_one_was_killed(run, tmp_path):
    attempt = """
        with captured(["a", "b"], "t"):
            print("here", flush=True)
            {}
        """
    run(attempt.format("raise ValueError('planted')"), ending=1)
    run(attempt.format("os.kill(os.getpid(), 9)"), ending=-9)
    said = ["attempt 1", "here", "attempt 2", "here"]
    assert log(tmp_path) == log(tmp_path, "b") == said, "the killed one left what it printed"
    run(attempt.format("pass").replace(', "b"', ""))
    assert log(tmp_path) == [*said, "attempt 3", "here"]
    assert log(tmp_path, "b") == said, "a record that goes on alone has a log of its own"


def test_every_record_has_a_log_of_its_own_in_the_end(run, tmp_path):
    run("with captured(['a', 'b'], 't'): print('here')")
    files = [tmp_path / record / "logs" / "t.txt" for record in ("a", "b")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert not files[0].samefile(files[1])
    assert [len(os.listdir(file.parent)) for file in files] == [1, 1]


@pytest.mark.parametrize("ending", ["pass", "sys.exit()"])  # Tune stops a trial by the latter
def test_a_trial_that_prints_nothing_leaves_no_log_unless_it_fails(run, tmp_path, ending):
    run(f"with captured(['a', 'b'], 't'): {ending}")
    assert [*tmp_path.glob("*/logs/*")] == []
    run("with captured(['a', 'b'], 't'): 1 / 0", ending=1)
    assert log(tmp_path) == log(tmp_path, "b") == ["attempt 1"]


def test_a_running_trial_s_log_is_there_and_bounded(run, tmp_path):
    run("""
        path = "a/logs/t.txt"
        with captured(["a"], "t"):
            print("first", flush=True)
            assert "first" in open(path).read()
            for _ in range(40):
                os.write(1, b"noise " * 20_000 + b"\\n")
            until = time.monotonic() + 30
            while os.path.getsize(path) > 1_000_000 and time.monotonic() < until:
                time.sleep(0.05)
            assert os.path.getsize(path) <= 1_000_000, "while the trial goes on"
            print("last")
        """)
    lines = log(tmp_path)
    assert lines[:2] == ["attempt 1", "first"] and lines[-1] == "last"
    assert any(line.endswith(" bytes left out ---") for line in lines)
    assert (tmp_path / "a" / "logs" / "t.txt").stat().st_size <= MOST_BYTES


def test_a_machine_without_the_record_makes_none(run, tmp_path):
    assert run("with captured(['nowhere'], 't'): print('here')") == "here\n"
    assert not (tmp_path / "nowhere").exists()
