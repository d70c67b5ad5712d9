"""The example of a scikit-learn pipeline: its folds go on after a kill as if nothing had been."""

from pathlib import Path

import pytest

from tests.examples.killed import check_killed_and_resumed

STUDY = Path(__file__).parents[2] / "examples" / "cross-validation" / "study.py"


@pytest.mark.more
@pytest.mark.timeout(300)
def test_a_killed_cross_validation_goes_on(tmp_path):
    check_killed_and_resumed(STUDY, tmp_path, "--max-concurrent", "1")
