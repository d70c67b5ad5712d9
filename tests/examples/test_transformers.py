"""examples/transformers: killed and resumed, it gives the undisturbed record."""

from pathlib import Path

import pytest

from tests.examples.killed import check_killed_and_resumed

STUDY = Path(__file__).parents[2] / "examples" / "transformers" / "study.py"
pytestmark = [pytest.mark.ray, pytest.mark.more, pytest.mark.timeout(300)]


def test_it_goes_on_after_a_kill_to_the_undisturbed_record(tmp_path):
    check_killed_and_resumed(STUDY, tmp_path)
