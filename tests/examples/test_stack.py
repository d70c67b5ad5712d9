"""examples/stack: killed and resumed, it gives the undisturbed record; tried, its state holds."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.killed import check_killed_and_resumed

STUDY = Path(__file__).parents[2] / "examples" / "stack" / "study.py"


@pytest.mark.more
@pytest.mark.ray
@pytest.mark.timeout(300)
def test_it_goes_on_after_a_kill_to_the_undisturbed_record(tmp_path):
    check_killed_and_resumed(STUDY, tmp_path, "--max-concurrent", "1")


@pytest.mark.more
@pytest.mark.timeout(120)
def test_its_second_step_is_the_same_from_the_state_after_the_first():
    command = [sys.executable, "-m", "sweepbook", "try", STUDY.name, "--steps", "2"]
    tried = subprocess.run(command, cwd=STUDY.parent, capture_output=True, text=True)
    assert tried.returncode == 0 and "same" in tried.stdout, tried.stdout + tried.stderr
    assert len(STUDY.read_text().splitlines()) < 40
