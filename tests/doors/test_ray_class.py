"""Classes as people write them for Ray Tune: what they are given, save and return."""

import os
import random
import re
import sys
from pathlib import Path

import pytest
from ray import tune

from sweepbook import cli
from sweepbook.doors.checked import door_problems
from sweepbook.record.checkpoints import best_path, load_state
from sweepbook.tune.worker.run import TrainableFailed, _next, reports
from tests.doors.ray_job import begun, job, plain, plan_of, rows_of


class Drawn(tune.Trainable):
    """Every loss is drawn from the global numbers, and so is what a new model begins with."""

    def setup(self, config):
        self.weight = random.random()
        self.seed = config.pop("seed")

    def step(self):
        self.weight += random.random()
        return {
            "loss": self.weight,
            "val": {"at": self.training_iteration + 1},
            "own": self.seed == self.config["seed"],
        }

    def save_checkpoint(self, checkpoint_dir):
        random.random()
        return {"weight": self.weight}

    def load_checkpoint(self, checkpoint):
        self.weight = checkpoint["weight"]


class InFiles(Drawn):
    def save_checkpoint(self, checkpoint_dir):
        Path(checkpoint_dir, "in").mkdir()
        Path(checkpoint_dir, "in", "weight").write_text(repr(self.weight))
        return checkpoint_dir if self.config["returns_folder"] else None

    def load_checkpoint(self, checkpoint):
        self.weight = float(Path(checkpoint, "in", "weight").read_text())


@pytest.fixture
def rows(monkeypatch, tmp_path):
    return lambda code, **options: rows_of(monkeypatch, tmp_path, code, **options)


def test_steps_are_counted_and_nested_metrics_are_called_as_in_ray(rows):
    found = rows(Drawn, replicates=2)
    assert [(row["round"], row["replicate"], row["val/at"]) for row in found] == [
        (n, r, n) for n in (1, 2, 3) for r in (0, 1)
    ]
    assert len({row["loss"] for row in found}) == 6 and all(row["own"] for row in found)


@pytest.mark.parametrize("code", [Drawn, InFiles])
@pytest.mark.parametrize("returns_folder", [True, False])
def test_it_goes_on_from_its_checkpoint_as_if_nothing_had_been(
    monkeypatch, tmp_path, code, returns_folder
):
    options = {"replicates": 2, "rounds": 6, "returns_folder": returns_folder}
    whole = rows_of(monkeypatch, tmp_path / "calm", code, **options)
    assert begun(monkeypatch, tmp_path, code, 3, **options)["goes_on"]
    resumed = reports(job(monkeypatch, tmp_path, code, **options))
    first = next(resumed)
    assert first["fidelity"] == 4, "the steps before are not trained again"
    again = first["rows"] + [row for report in resumed for row in report["rows"]]
    assert plain(again) == plain(whole)


class FromZero(Drawn):
    def step(self):
        return {**super().step(), "round": self.iteration}


def test_steps_that_are_counted_from_0_are_recorded_from_1_and_so_after_a_resume(
    monkeypatch, tmp_path
):
    whole = rows_of(monkeypatch, tmp_path / "calm", FromZero, replicates=2)
    assert [row["round"] for row in whole] == [1, 1, 2, 2, 3, 3]
    begun(monkeypatch, tmp_path, FromZero, 2, replicates=2)
    assert plain(rows_of(monkeypatch, tmp_path, FromZero, replicates=2)) == plain(whole)


class Deaf(tune.Trainable):
    def step(self):
        return {"loss": abs(self.iteration - 1.0)}


class Half(Deaf):
    def save_checkpoint(self, checkpoint_dir):
        return {"at": self.iteration}


@pytest.mark.parametrize("code", [Deaf, Half])
def test_it_begins_anew_where_it_does_not_load(monkeypatch, tmp_path, code):
    assert not begun(monkeypatch, tmp_path, code, 2)["goes_on"]
    assignment = job(monkeypatch, tmp_path, code)
    assert [report["fidelity"] for report in reports(assignment)] == [1, 2, 3]
    best = best_path(tmp_path, assignment.trial.trial_id, 2)
    assert best.is_file() == (code is Half)
    assert code is Deaf or load_state(best)["state"][0]["ray_dict"] == {"at": 2}


class Seen(tune.Trainable):
    seen: list = []  # noqa: RUF012

    def setup(self, config):
        Path("note").write_text("x")
        self.seen.append((self.trial_id, self.trial_name, self.logdir))
        assert self.trial_resources.required_resources == {"CPU": 1.0}

    def step(self):
        assert Path(self.logdir, "note").exists()
        return {"loss": 0.5, "done": self.iteration == 1, "should_checkpoint": True}

    def log_result(self, result):
        assert result["training_iteration"] == self.iteration

    def cleanup(self):
        self.seen.append("cleaned up")


def test_it_finds_its_trial_and_ends_where_it_says(rows):
    Seen.seen.clear()
    before = os.getcwd()
    found = rows(Seen, replicates=2)
    assert [row["round"] for row in found] == [1, 1, 2, 2]
    assert not {"done", "should_checkpoint"} & found[0].keys()
    assert Seen.seen.count("cleaned up") == 2
    told = [seen for seen in Seen.seen if seen != "cleaned up"]
    assert len(set(told)) == 2 and not any(Path(seen[2]).exists() for seen in told)
    assert os.getcwd() == before and not Path("note").exists()


def test_one_with_parameters_or_resources_works(rows):
    class Fed(tune.Trainable):
        def setup(self, config, data):
            self.data = data

        def step(self):
            return {"loss": float(sum(self.data))}

    code = tune.with_resources(tune.with_parameters(Fed, data=[1, 2]), {"cpu": 1})
    assert rows(code)[0]["loss"] == 3.0


class Early(Drawn):
    def step(self):
        return {"loss": super().step()["loss"], "done": self.iteration == self.seed % 3}


def test_replicates_that_have_ended_stay_so_after_a_resume(monkeypatch, tmp_path):
    options = {"replicates": 9, "rounds": 6}
    whole = rows_of(monkeypatch, tmp_path / "calm", Early, **options)
    assert {row["round"] for row in whole} == {1, 2, 3}
    for n in (1, 2, 3):
        begun(monkeypatch, tmp_path / str(n), Early, n, **options)
        assert plain(rows_of(monkeypatch, tmp_path / str(n), Early, **options)) == plain(whole)


class Wrong(tune.Trainable):
    def setup(self, config):
        self.case = config["case"]
        if self.case == "setup":
            raise KeyError("lr")

    def step(self):
        if self.case == "step":
            raise KeyError("lr")
        return 0.5 if self.case == "number" else {"loss": 0.5}

    def save_checkpoint(self, checkpoint_dir):
        return {"elsewhere": "/elsewhere"}.get(self.case, {"model": object()})

    def load_checkpoint(self, checkpoint):
        raise AssertionError

    def cleanup(self):
        if self.case != "object":  # which is found when the checkpoint is written, at the end
            raise RuntimeError("comes second")


BAD = {
    "setup": r"KeyError: 'lr' \(.*in setup\)",
    "step": r"KeyError: 'lr' \(.*in step\)",
    "number": "step returned a float: it must return a dict",
    "elsewhere": "save_checkpoint returned '/elsewhere'",
    "object": r"\['model'\] is a builtins.object, which a checkpoint cannot hold",
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_good_fails_the_trial_and_is_named(monkeypatch, tmp_path, case):
    made = reports(job(monkeypatch, tmp_path, Wrong, case=case))
    with pytest.raises(TrainableFailed, match=BAD[case]):
        while _next(made) is not None:
            pass


class Legacy(tune.Trainable):
    def _train(self):
        return {"loss": 0.5}


class Algorithm(tune.Trainable):
    __module__ = "ray.rllib.algorithms.algorithm"

    def step(self):
        return {}


class Hungry(Deaf):
    @classmethod
    def default_resource_request(cls, config):
        return tune.PlacementGroupFactory([{"CPU": config["rounds"]}])


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (Legacy, "no method step.*rename _train to step"),
        (Algorithm, "RLlib.*write a function"),
        (Hungry, r"write Study\(\.\.\., cpus=3\)"),
    ],
)
def test_what_cannot_work_is_refused_before_it_runs(monkeypatch, code, message):
    (problem,) = door_problems(plan_of(monkeypatch, code))
    assert re.search(message, problem)


STUDY = """
from sweepbook import Fidelity, Metric, Study

STUDY = Study(
    name="old", question="?", trainable="tests.doors.test_ray_class:Legacy",
    metric=Metric("loss", "min"), fidelity=Fidelity("round", "rounds"), fixed={"rounds": 3},
)
"""


def test_the_commands_say_it_and_write_nothing(monkeypatch, capsys, tmp_path):
    file = tmp_path / "old_class_study.py"
    file.write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    for command in ("run", "show"):
        monkeypatch.setattr(sys, "argv", ["sweepbook", command, file.name])
        with pytest.raises(SystemExit) as ending:
            cli.main()
        printed = capsys.readouterr()
        assert "rename _train to step" in printed.err + printed.out
        assert command == "show" or ending.value.code == 2
    assert {path.name for path in tmp_path.iterdir()} <= {file.name, "__pycache__"}


def test_a_sound_class_has_no_problems(monkeypatch):
    assert not door_problems(plan_of(monkeypatch, Drawn))


def test_an_object_instead_of_its_class_is_refused_with_what_to_name(monkeypatch):
    made = Deaf.__new__(Deaf)
    with pytest.raises(ValueError, match="name the class instead, .*Deaf'"):
        plan_of(monkeypatch, made)
