"""Functions as people write them for Ray Tune: what they report, their checkpoints, their end."""

import functools
import os
import random
import subprocess
import sys
import tempfile
import threading
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import torch
from ray import tune

from sweepbook.doors.checked import door_problems
from sweepbook.record.checkpoints import best_path, checkpoint_path, load_state
from sweepbook.tune.worker.run import TrainableFailed, _next, reports
from tests.doors.ray_job import begun, job, plain, plan_of, rows_of


def kept(n):
    """A checkpoint of one who leaves nothing behind, as a block."""
    folder = tempfile.TemporaryDirectory()
    Path(folder.name, "in").mkdir()
    Path(folder.name, "in", "at.txt").write_text(str(n))
    return folder


def drawn(config):
    """Every loss is drawn from the global numbers; building a model draws some as well."""
    at = 0
    random.random()
    checkpoint = tune.get_checkpoint()
    if checkpoint:
        with checkpoint.as_directory() as folder:
            at = int(Path(folder, "in", "at.txt").read_text())
            random.random()
    for n in range(at + 1, config["rounds"] + 1):
        loss = random.random()
        with kept(n) as folder:
            keeps = n % config["every"] == 0
            given = tune.Checkpoint.from_directory(folder) if keeps else None
            tune.report({"loss": loss, "val": {"n": n}}, checkpoint=given)


@pytest.fixture
def rows(monkeypatch, tmp_path):
    return lambda code, **options: rows_of(monkeypatch, tmp_path, code, **options)


def losses(config):
    for n in range(config["rounds"]):
        tune.report({"loss": float(n)})


def test_reports_are_counted_and_nested_metrics_are_called_as_in_ray(rows):
    found = rows(drawn, replicates=2, every=1)
    assert [(row["round"], row["replicate"], row["val/n"]) for row in found] == [
        (n, r, n) for n in (1, 2, 3) for r in (0, 1)
    ]
    assert len({row["loss"] for row in found}) == 6, "each replicate has its own numbers"


def test_a_unit_that_is_reported_is_not_counted(rows):
    def every_second(config):
        for n in (2, 4):
            tune.report({"round": n, "loss": 0.5, "should_checkpoint": True})

    assert [row["round"] for row in rows(every_second, rounds=4)] == [2, 4]
    assert "should_checkpoint" not in rows(every_second, rounds=4, label="again")[0]


def from_zero(config):
    """The usual loop; each loss is the number of the round."""
    at = 0
    if checkpoint := tune.get_checkpoint():
        with checkpoint.as_directory() as folder:
            at = int(Path(folder, "in", "at.txt").read_text()) + 1
    for n in range(at, config["rounds"] + config.get("beyond", 0)):
        with kept(n) as folder:
            tune.report({"round": n, "loss": float(n)}, checkpoint=tune.Checkpoint(folder))


def test_rounds_that_are_counted_from_0_are_recorded_from_1_and_so_after_a_resume(
    monkeypatch, tmp_path
):
    whole = rows_of(monkeypatch, tmp_path / "calm", from_zero, replicates=2)
    assert [(row["round"], row["loss"]) for row in whole[::2]] == [(1, 0.0), (2, 1.0), (3, 2.0)]
    for n in (1, 2, 3):
        begun(monkeypatch, tmp_path / str(n), from_zero, n, replicates=2)
        again = rows_of(monkeypatch, tmp_path / str(n), from_zero, replicates=2)
        assert plain(again) == plain(whole)


def test_a_round_too_many_counted_from_0_is_told(monkeypatch, tmp_path):
    made = reports(job(monkeypatch, tmp_path, from_zero, beyond=1))
    with pytest.raises(ValueError, match="round 0 to round 3 were reported, 4 reports for 3"):
        list(made)


@pytest.mark.parametrize("kind", [int, float, np.int64, np.array, torch.tensor])
@pytest.mark.parametrize("start", [0, 1])
def test_any_number_counts_the_rounds_and_a_loop_without_an_end_is_cut(rows, kind, start):
    def counts(config):
        for n in range(start, start + 3 if start == 0 else 99):
            tune.report({"round": kind(n), "loss": float(n)})

    assert [row["round"] for row in rows(counts)] == [1, 2, 3]


@pytest.mark.parametrize("every, goes_on_at", [(1, 4), (2, 3)])
def test_it_goes_on_from_its_checkpoint_as_if_nothing_had_been(
    monkeypatch, tmp_path, every, goes_on_at
):
    options = {"replicates": 2, "rounds": 6, "every": every}
    whole = rows_of(monkeypatch, tmp_path / "calm", drawn, **options)
    report = begun(monkeypatch, tmp_path, drawn, 3, **options)
    assert report["goes_on"]
    trained = []

    def watched(config):
        trained.append(config["seed"])
        drawn(config)

    resumed = reports(job(monkeypatch, tmp_path, watched, **options))
    first = next(resumed)
    assert first["fidelity"] == goes_on_at
    again = first["rows"] + [row for report in resumed for row in report["rows"]]
    assert plain(again) == plain(whole)
    assert len(trained) == 2


def test_it_begins_anew_where_it_asks_for_no_checkpoint_and_the_best_model_is_kept(
    monkeypatch, tmp_path
):
    def deaf(config):
        for n in range(1, config["rounds"] + 1):
            with kept(n) as folder:
                checkpoint = tune.Checkpoint.from_directory(folder)
                tune.report({"loss": abs(n - 2.0)}, checkpoint=checkpoint)
            tune.get_checkpoint()  # too late to go on from

    assert not begun(monkeypatch, tmp_path, deaf, 2)["goes_on"]
    assignment = job(monkeypatch, tmp_path, deaf)
    assert [report["fidelity"] for report in reports(assignment)] == [1, 2, 3]
    best = load_state(best_path(tmp_path, assignment.trial.trial_id, 2))
    assert best["state"][0]["ray_checkpoint"] == {"in/at.txt": b"2"}


def test_a_function_that_ignores_its_checkpoint_after_a_resume_fails(monkeypatch, tmp_path):
    begun(monkeypatch, tmp_path, drawn, 2, every=1)
    with pytest.raises(RuntimeError, match="after a resume, but get_checkpoint"):
        rows_of(monkeypatch, tmp_path, losses, every=1)


def by_block(checkpoint):
    with checkpoint.as_directory() as folder:
        assert Path(folder, "in", "at.txt").is_file()


READINGS = {
    "as_directory": by_block,
    "to_directory": lambda checkpoint: checkpoint.to_directory(),
    "path": lambda checkpoint: checkpoint.path,
    "metadata": lambda checkpoint: checkpoint.get_metadata(),
    "nothing": lambda checkpoint: None,
    "its words": repr,
    "its file system": lambda checkpoint: checkpoint.filesystem.type_name,
}


@pytest.mark.parametrize("reading", READINGS)
def test_a_function_that_never_reads_its_checkpoint_after_a_resume_fails(
    monkeypatch, tmp_path, reading
):
    begun(monkeypatch, tmp_path, drawn, 2, every=1)

    def asks(config):
        READINGS[reading](tune.get_checkpoint())
        losses(config)

    if reading in ("nothing", "its words", "its file system"):
        with pytest.raises(RuntimeError, match="never read"):
            rows_of(monkeypatch, tmp_path, asks, every=1)
    else:
        rows = rows_of(monkeypatch, tmp_path, asks, every=1)
        assert [row["round"] for row in rows] == [1, 2, 3]


def test_a_last_dict_counts_no_more_than_a_report_where_no_checkpoint_was_read(
    monkeypatch, tmp_path
):
    begun(monkeypatch, tmp_path, drawn, 1, every=1)

    def returns(config):
        tune.get_checkpoint()
        return {"loss": 0.5}

    with pytest.raises(RuntimeError, match="never read"):
        rows_of(monkeypatch, tmp_path, returns, every=1)


def test_get_checkpoint_gives_what_was_reported_last(rows):
    def asks(config):
        for n in (1, 2, 3):
            with kept(n) as folder:
                tune.report({"loss": 0.5, "n": n}, checkpoint=tune.Checkpoint(folder))
            with tune.get_checkpoint().as_directory() as given:
                assert Path(given, "in", "at.txt").read_text() == str(n)
            with kept(0) as folder:
                tune.get_checkpoint().to_directory(folder)
                assert Path(folder, "in", "at.txt").read_text() == str(n)

    assert len(rows(asks)) == 3


def test_replicates_that_write_to_one_relative_folder_keep_their_own(monkeypatch, tmp_path):
    def relative(config):
        tune.get_checkpoint()
        for _ in range(3):
            Path("model").mkdir(exist_ok=True)
            Path("model", "seed.txt").write_text(str(config["seed"]))
            tune.report({"loss": 0.5}, checkpoint=tune.Checkpoint.from_directory("model"))

    before = os.getcwd()
    assignment = job(monkeypatch, tmp_path, relative, replicates=3)
    list(reports(assignment))
    states = load_state(checkpoint_path(tmp_path, assignment.trial.trial_id))["state"]
    assert len({state["ray_checkpoint"]["seed.txt"] for state in states}) == 3
    assert os.getcwd() == before and not Path("model").exists()


def test_the_context_tells_of_the_trial_and_its_folder_is_removed(rows):
    seen = []

    def curious(config):
        of = tune.get_context()
        Path(of.get_trial_dir(), "note").write_text("x")
        seen.append((of.get_trial_id(), of.get_trial_name(), of.get_trial_dir()))
        needs = of.get_trial_resources().required_resources
        assert needs == {"CPU": 1.0} and of.get_experiment_name() == "code"
        tune.report({"loss": 0.5})

    rows(curious, replicates=2)
    assert len(set(seen)) == 2 and all(trial_id in name for trial_id, name, _ in seen)
    assert not any(Path(folder).exists() for _, _, folder in seen)


def test_one_that_never_ends_is_ended_where_its_trial_is_over(rows):
    ended = []

    def endless(config):
        try:
            while True:
                tune.report({"loss": 0.5})
        finally:
            ended.append(config["seed"])

    assert [row["round"] for row in rows(endless)] == [1, 2, 3]
    assert len(ended) == 1


def test_one_that_will_not_end_is_left_where_it_is(rows):
    def stubborn(config):
        while True:
            try:
                tune.report({"loss": 0.5})
            except BaseException:  # noqa: S112
                continue

    assert len(rows(stubborn)) == 3


def test_one_that_says_that_it_is_done_is(rows):
    def early(config):
        for n in range(3):
            tune.report({"loss": 0.5, "done": n == 1})

    found = rows(early)
    assert [row["round"] for row in found] == [1, 2] and "done" not in found[0]


def test_a_returned_dict_is_a_last_report(rows):
    def returns(config):
        for _ in range(config["n"]):
            tune.report({"loss": 0.5})
        return {"loss": 0.25}

    assert [row["loss"] for row in rows(returns, n=2)] == [0.5, 0.5, 0.25]
    assert [row["loss"] for row in rows(returns, n=3)] == [0.5, 0.5, 0.5], "as Ray stops it"
    assert [row["loss"] for row in rows(returns, n=0, rounds=1)] == [0.25]


def early(config):
    """Ends after a round that its seed says; by a last word to Ray, or by itself."""
    at = 0
    if checkpoint := tune.get_checkpoint():
        with checkpoint.as_directory() as folder:
            at = int(Path(folder, "in", "at.txt").read_text())
    last = 1 + config["seed"] % 3
    for n in range(at + 1, (config["rounds"] if config["tells"] else last) + 1):
        with kept(n) as folder:
            done = {"done": n == last} if config["tells"] else {}
            tune.report({"loss": float(n), **done}, checkpoint=tune.Checkpoint(folder))


@pytest.mark.parametrize("tells", [True, False])
def test_replicates_that_have_ended_stay_so_after_a_resume(monkeypatch, tmp_path, tells):
    options = {"replicates": 9, "rounds": 6, "tells": tells}
    whole = rows_of(monkeypatch, tmp_path / "calm", early, **options)
    assert {row["round"] for row in whole} == {1, 2, 3}
    for n in (1, 2, 3):
        begun(monkeypatch, tmp_path / str(n), early, n, **options)
        assert plain(rows_of(monkeypatch, tmp_path / str(n), early, **options)) == plain(whole)


def in_a_thread(config):
    thread = threading.Thread(target=tune.report, args=({"loss": 0.5},))
    thread.start()
    thread.join()


def in_a_process(config):
    process = get_context("fork").Process(target=tune.report, args=({"loss": 0.5},))
    process.start()
    process.join()
    assert process.exitcode == 1


def gone(config):
    with kept(1) as folder:
        checkpoint = tune.Checkpoint.from_directory(folder)
    tune.report({"loss": 0.5}, checkpoint=checkpoint)


def reporting(*arguments, **options):
    return lambda config: tune.report(*arguments, **options)


def twice(config):
    for _ in range(2):
        tune.report({"round": 1, "loss": 0.5})


def raising(config):
    tune.report({"loss": 0.5})
    raise KeyError("lr")


def leaving(config):
    sys.exit(3)


BAD = {
    "a thread": (in_a_thread, "call it in the thread"),
    "a process": (in_a_process, "returned nothing"),
    "a folder that is gone": (gone, "inside of its `with` block.*in gone"),
    "a number": (reporting(0.5), "given a float, 0.5: write report"),
    "a path": (reporting({"loss": 1.0}, checkpoint="model"), "given a str as its checkpoint"),
    "no metric": (reporting({"acc": 1.0}), "the study's metric loss was not yielded"),
    "a model": (reporting({"loss": 1.0, "net": object()}), "net is a object"),
    "as of old": (reporting(loss=1.0), "unexpected keyword argument 'loss'"),
    "the same twice": (twice, "round 1 came after round 1"),
    "its own error": (raising, r"KeyError: 'lr' \(.*in raising\)"),
    "sys.exit": (leaving, "the trainable called sys.exit.*in leaving"),
    "nothing": (lambda config: None, "returned nothing"),
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.filterwarnings("ignore:.*Checkpoint. class should be imported")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
@pytest.mark.parametrize("case", BAD)
def test_what_is_no_good_fails_the_trial_and_is_named(monkeypatch, tmp_path, case):
    code, message = BAD[case]
    made = reports(job(monkeypatch, tmp_path, code))
    with pytest.raises(TrainableFailed, match=message):
        while _next(made) is not None:
            pass


def with_data(config, data):
    tune.report({"loss": float(sum(data))})


def test_partial_functions_and_those_with_parameters_or_resources_work(rows):
    wrapped = {
        "partial": functools.partial(with_data, data=[1, 2]),
        "parameters": tune.with_parameters(with_data, data=[1, 2]),
        "resources": tune.with_resources(tune.with_parameters(with_data, data=[1, 2]), {"cpu": 1}),
    }
    for label, code in wrapped.items():
        assert rows(code, label=label)[0]["loss"] == 3.0


def test_resources_that_the_study_does_not_give_are_refused_with_what_to_write(monkeypatch):
    code = tune.with_resources(lambda config: losses(config), {"cpu": 2, "gpu": 1})
    (problem,) = door_problems(plan_of(monkeypatch, code))
    assert "write Study(..., cpus=2, gpus=1)" in problem
    assert not door_problems(plan_of(monkeypatch, code, cpus=2, gpus=1))
    assert not door_problems(plan_of(monkeypatch, losses))


LATE = """
from sweepbook import Fidelity, Metric, Study
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.tune.worker.run import Assignment, reports
import os, sys

def train(config):
    from ray import tune  # when it is called
    for n in range(3):
        tune.report({"loss": float(n), "has": tune.get_checkpoint() is not None})

study = Study(
    name="s", question="?", trainable="__main__:train", metric=Metric("loss", "min"),
    fidelity=Fidelity("round", "rounds"), fixed={"rounds": 3}, replicates=2,
)
(trial,) = make_plan(study, Options()).trials
assert "ray" not in sys.modules
os.mkdir("parts")
rows = [row for report in reports(Assignment(trial, ["."], [])) for row in report["rows"]]
assert [row["loss"] for row in rows] == [0.0, 0.0, 1.0, 1.0, 2.0, 2.0], rows
"""


def test_ray_may_be_imported_in_the_function(tmp_path):
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", LATE], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_ray_that_keeps_its_session_elsewhere_is_refused(rows, monkeypatch):
    from ray.train._internal import session

    monkeypatch.setattr(session, "get_session", lambda: None)
    with pytest.raises(ValueError, match="Ray .* another place.*yield the metrics"):
        rows(losses)


def test_outside_of_a_trial_ray_is_as_it_was(rows):
    rows(losses)
    with pytest.warns(UserWarning, match="only be called inside"):
        assert tune.get_context().get_trial_id() is None
