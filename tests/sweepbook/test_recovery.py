"""A lost machine and a failed attempt have a limit each."""

import pickle

import pytest
from ray.exceptions import RayActorError
from ray.tune.experiment import Trial

from sweepbook.recovery import Recovery

LOST = RayActorError(
    error_msg="The actor died unexpectedly before finishing this task.\n"
    "The actor died because its node has died. Node Id: 5ad7\n"
    "\tthe actor's node was terminated unexpectedly: health check failed"
)
KILLED = RayActorError(error_msg="The actor is dead because its worker process has died.")


@pytest.fixture
def told(tmp_path):
    """told(max_failures, max_node_losses, errors): what Tune is told after each of the errors."""

    def ask(max_failures, max_node_losses, errors):
        trial = Trial("planted", stub=True)
        trial.should_recover = Recovery(tmp_path, max_failures, max_node_losses)
        answers = []
        for error in errors:
            with (tmp_path / "error.txt").open("a") as file:
                file.write(f"Failure # 1 (occurred at noon)\n{error}\n")
            if isinstance(error, RayActorError):  # of another error Ray leaves the last one there
                (tmp_path / "error.pkl").write_bytes(pickle.dumps(error))
            answers.append(trial.should_recover())
        pickle.loads(pickle.dumps(trial.should_recover))  # Tune keeps its trials in a file
        return answers

    return ask


def test_machines_are_lost_without_a_failure_to_spare(told):
    assert told(0, 2, [LOST, LOST, LOST]) == [True, True, False]


def test_failures_end_a_trial_that_may_lose_more_machines(told):
    assert told(1, 3, [KILLED, LOST, ValueError("planted")]) == [True, True, False]


def test_an_error_after_a_lost_machine_is_not_called_one(told):
    assert told(0, 3, [LOST, ValueError("planted")]) == [True, False]


def test_no_lost_machine_is_made_good_where_none_is_allowed(told):
    assert told(5, 0, [LOST]) == [False]
