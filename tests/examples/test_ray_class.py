"""A class of Ray Tune: it runs as it is, and goes on after a kill."""

from pathlib import Path

import pytest

from tests.examples.killed import check_killed_and_resumed

EXAMPLE = Path(__file__).parents[2] / "examples" / "ray-class"


@pytest.mark.more
@pytest.mark.ray
@pytest.mark.timeout(400)
def test_it_goes_on_after_a_kill(tmp_path):
    check_killed_and_resumed(EXAMPLE / "study.py", tmp_path)
