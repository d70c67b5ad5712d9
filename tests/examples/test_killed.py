"""What holds the examples is itself held: it passes what goes on, and fails what does not."""

import pytest

from tests.examples.killed import check_killed_and_resumed

pytestmark = [pytest.mark.ray, pytest.mark.more, pytest.mark.timeout(300)]

STUDY = """
import time
from sweepbook import Fidelity, Metric, Study

def train(config, state=None):
    {begin}
    for n in range(at + 1, 9):
        time.sleep(0.3)
        value = (value * 31 + config["cell"] + n) % 1009  # only a whole history gives it
        yield {{"round": n, "val_acc": float(value), {keep}}}

STUDY = Study(
    name="tiny", question="?", trainable="study:train", replicates=2, grid={{"cell": [1, 2]}},
    metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"), fixed={{"rounds": 8}},
)
"""
GOES_ON = 'at, value = (state["at"], state["value"]) if state else (0, config["seed"] % 97)'
KEEPS = '"state": lambda s=dict(at=n, value=value): s'


@pytest.fixture
def check(tmp_path):
    """check(begin, keep, ...): of a study that begins and keeps its state like that."""

    def run(begin, keep=KEEPS, **options):
        source = tmp_path / "example"
        source.mkdir()
        (source / "study.py").write_text(STUDY.format(begin=begin, keep=keep))
        arguments = ("--max-concurrent", "1")
        check_killed_and_resumed(source / "study.py", tmp_path, *arguments, **options)

    return run


def test_a_study_that_goes_on_passes(check):
    check(GOES_ON)


def test_a_study_whose_trials_begin_anew_passes_where_that_is_said(check):
    check('at, value = 0, config["seed"] % 97', "", checkpoints=False)


def test_a_study_that_forgets_half_of_its_state_fails(check):
    with pytest.raises(AssertionError, match="undisturbed"):
        check('at, value = (state["at"] if state else 0), config["seed"] % 97')


def test_a_study_that_ignores_its_state_fails(check):
    with pytest.raises(AssertionError, match="round 1 came after round"):
        check('at, value = 0, config["seed"] % 97')
