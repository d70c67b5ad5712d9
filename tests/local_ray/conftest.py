"""Commands on a real local Ray, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def sweepbook(tmp_path):
    """Starts `sweepbook ARGUMENTS...` in tmp_path; returns the process, output joined."""
    started = []

    def start(*arguments):
        command = [sys.executable, "-m", "sweepbook", *map(str, arguments)]
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, 9)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
def complete(sweepbook):
    """Runs a command to its end: (exit code, output)."""

    def call(*arguments):
        process = sweepbook(*arguments)
        output, _ = process.communicate(timeout=180)
        return process.returncode, output

    return call
