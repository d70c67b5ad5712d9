"""A plain train.py with argparse, run as a program: killed and resumed, it ends the same."""

from pathlib import Path

import pytest

from tests.examples.killed import check_killed_and_resumed

STUDY = Path(__file__).parents[2] / "examples" / "program" / "study.py"
pytestmark = [pytest.mark.ray, pytest.mark.more, pytest.mark.timeout(600)]


def test_a_killed_program_goes_on_to_the_undisturbed_record(tmp_path):
    check_killed_and_resumed(STUDY, tmp_path)
    assert len(STUDY.with_name("train.py").read_text().splitlines()) <= 60
