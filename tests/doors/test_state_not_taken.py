"""A trainable that yields a state and takes none begins again, and says why it failed."""

import pytest

from sweepbook.record.checkpoints import checkpoint_path
from sweepbook.tune.worker import course
from sweepbook.tune.worker.run import reports
from tests.tune.test_contract import job

FAILS_AT = []


def train(config):
    for n in range(1, config["rounds"] + 1):
        if n in FAILS_AT:
            raise RuntimeError(f"at {n}")
        yield {"round": n, "loss": 1 / n, "state": lambda n=n: {"at": n}}


@pytest.fixture
def attempt(monkeypatch, tmp_path):
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1.0)  # at every step

    def run(*fails_at):
        monkeypatch.setitem(globals(), "FAILS_AT", fails_at)
        own = job(monkeypatch, tmp_path, train, rounds=4)
        rows = [row["round"] for report in reports(own) for row in report["rows"]]
        return rows, checkpoint_path(tmp_path, own.trial.trial_id).is_file()

    return run


def test_its_second_attempt_begins_again_and_meets_its_own_error(attempt):
    for _ in range(2):
        with pytest.raises(RuntimeError, match="at 3"):
            attempt(3)
    assert attempt() == ([1, 2, 3, 4], True), "and its last state is kept, for its best model"
