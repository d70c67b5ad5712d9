"""What holds the examples is itself held: it passes what goes on, and fails what does not."""

import pandas as pd
import pytest

from tests.examples.killed import check_killed_and_resumed, check_no_step_again


def real(test):
    """Of a test that runs the real command."""
    for mark in (pytest.mark.ray, pytest.mark.more, pytest.mark.timeout(300)):
        test = mark(test)
    return test


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
KEEPS = '"state": lambda s=dict(at=n, value=value): s'


@pytest.fixture
def check(tmp_path):
    """check(begin, keep): of a study that begins and keeps its state like that."""

    def run(begin, keep=KEEPS, **options):
        source = tmp_path / "example"
        source.mkdir()
        (source / "study.py").write_text(STUDY.format(begin=begin, keep=keep))
        arguments = ("--max-concurrent", "1")
        check_killed_and_resumed(source / "study.py", tmp_path, *arguments, **options)

    return run


@real
def test_a_study_whose_trials_begin_anew_passes_where_that_is_said(check):
    check('at, value = 0, config["seed"] % 97', "", checkpoints=False)


@real
def test_a_study_that_forgets_half_of_its_state_fails(check):
    with pytest.raises(AssertionError, match="undisturbed"):
        check('at, value = (state["at"] if state else 0), config["seed"] % 97')


def test_steps_that_are_trained_again_are_found():
    key = ["trial_id", "replicate", "round"]
    kept = pd.DataFrame([("a", 0, n, 0.25 + n / 1000) for n in (1, 2)], columns=[*key, "time_s"])
    check_no_step_again(kept, pd.concat([kept, kept.assign(trial_id="b")]), key)
    for after in (kept.assign(time_s=0.25), kept[:1]):
        with pytest.raises(AssertionError, match="1 of 2|2 of 2"):
            check_no_step_again(kept, after, key)
