"""A lost machine and a failed attempt have a limit each."""

import io
import json
import pickle
from types import SimpleNamespace

import pytest
from ray.exceptions import RayActorError
from ray.tune.experiment import Trial
from rich.console import Console

from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.record.manifest import manifest_of
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.callback import RecordCallback
from sweepbook.tune.failures.recovery import Limits, Recovery
from sweepbook.tune.progress import Progress

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
        limits = Limits(max_failures, max_node_losses)
        trial.should_recover = Recovery(tmp_path, "planted", limits)
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


def test_a_trial_whose_machine_was_lost_before_it_began_waits_for_another_round(
    toy_file, tmp_path
):
    """Seen on a loaded machine: Tune ends such a trial, and asks nothing."""
    plan = make_plan(load_studies([str(toy_file)])[0], Options())
    manifest = manifest_of(json.loads(json.dumps(new_manifest(plan, Options(), [], []).as_json())))
    writer = RecordWriter(tmp_path / "r", manifest)
    progress = Progress([plan], set(), Console(file=io.StringIO()))
    one, two = (trial.trial_id for trial in plan.trials)
    callback = RecordCallback(
        {one: [writer], two: [writer]}, progress, limits=Limits(0, 1), has_rounds=True
    )
    (tmp_path / "error.txt").write_text(f"Failure # 1 (occurred at noon)\n{LOST}\n")
    (tmp_path / "error.pkl").write_bytes(pickle.dumps(LOST))
    for trial_id in (one, two, two):
        trial = SimpleNamespace(
            config={"trial_id": trial_id}, local_path=str(tmp_path), should_recover=bool
        )
        callback.on_trial_error(0, [], trial)
    assert callback.lost == [one, two]
    assert list(progress.standing.endings) == [two], "one loss is allowed, not two"
    assert [writer.trials[i]["n_node_losses"] for i in (one, two)] == [1, 2]
    assert "its machine was lost" in writer.trials[two]["reason"]
    writer.close()
