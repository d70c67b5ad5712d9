"""What a trainable may yield and change: wrong things are named, shared ones are kept apart.

Each study is trained here by the worker's own code, without Ray, and its rows are those of the
dicts that it yields.
"""

import ast
import dataclasses
import math
import os
import random
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from sweepbook import Fidelity, Metric, Study
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.tune.worker import course
from sweepbook.tune.worker.failure import TrainableFailed, told
from sweepbook.tune.worker.run import Assignment, _next, reports

HERE = sys.modules[__name__]


def job(monkeypatch, folder, train, rounds=3, replicates=1, **rest):
    """The one trial of a study whose trainable is this function."""
    monkeypatch.setattr(HERE, "train", train, raising=False)
    study = Study(
        name="s", question="?", trainable=f"{__name__}:train", metric=Metric("loss", "min"),
        fidelity=Fidelity("round", "rounds"), fixed={"rounds": rounds, **rest},
        replicates=replicates,
    )  # fmt: skip
    (trial,) = make_plan(study, Options()).trials
    for name in ("checkpoints", "parts"):
        (folder / name).mkdir(exist_ok=True)
    return Assignment(trial, [str(folder)], [])


@pytest.fixture
def rows_of(monkeypatch, tmp_path):
    """Trains a function and returns the rows that its record would have."""

    def run(train, **options):
        made = reports(job(monkeypatch, tmp_path, train, **options))
        return [row for report in made for row in report["rows"]]

    return run


def yields(*dicts):
    """A trainable that yields these."""

    def train(config):
        yield from dicts

    return train


def at(*rounds, **rest):
    return [{"round": n, "loss": 0.5, **rest} for n in rounds]


def returns(value):
    return lambda config: value


BAD = {
    "counts from 0": (yields(*at(0, 1, 2)), "round is 0, and counts from 1"),
    "twice": (yields(*at(1, 1)), "round 1 came after round 1, and must rise"),
    "falls": (yields(*at(2, 1)), "round 1 came after round 2"),
    "half": (yields(*at(0.5)), "round is 0.5, but must be a whole number"),
    "a text": (yields(*at("1")), "round is '1', but must be a whole number"),
    "NaN": (yields(*at(math.nan)), "round is nan, but must be a whole number"),
    "beyond": (yields(*at(100)), "round is 100, but the trial was to end at round 3"),
    "one too many": (yields(*at(1, 2, 3, 4)), "round is 4, but the trial was to end at round 3"),
    "nothing": (yields(), "ended without yielding"),
    "no unit": (yields({"epoch": 1, "loss": 1.0}), "without 'round', with 'epoch', 'loss'"),
    "no metric": (
        yields({"round": 1, "acc": 1.0}),
        "the study's metric loss was not yielded.*acc",
    ),
    "a number": (yields(0.5), "yielded a float, 0.5: it must yield dicts"),
    "None": (yields(None), "yielded a NoneType"),
    "returns a dict": (returns({"loss": 1.0}), "train returned a dict"),
    "returns None": (returns(None), "train returned nothing"),
    "returns a number": (returns(3), "train returned an int, 3"),
    "trial_id": (yields(*at(1, trial_id="a")), "a metric called 'trial_id'"),
    "replicate": (yields(*at(1, replicate=3)), "a metric called 'replicate'"),
    "predictions": (yields(*at(1, predictions=0.3)), "'predictions' as 0.3: that key is for"),
    "state": (yields(*at(1, state=7)), "'state' as 7: that key is for"),
    "times": (yields(*at(1, times=0.3)), "'times' as 0.3: this key is for"),
    "replicates": (yields(*at(1, replicates=3)), "'replicates' as 3: this key is only for"),
    "replicates of no stack": (
        yields(*at(1, replicates={"acc": [0.5]})),
        "'replicates' as {'acc'.*: this key is only for",
    ),
    "a time that is a text": (yields(*at(1, time_s="fast")), "time_s is a text, 'fast'"),
    "a name": (yields({**at(1)[0], 0: 0.1}), "a metric called 0: "),
    "a dict": (yields(*at(1, by_class={"a": 1.0})), "by_class is a dict"),
    "a huge number": (yields(*at(1, hash=2**63)), "hash is 9223372036854775808, .*2\\*\\*63"),
    "no Unicode": (yields(*at(1, note="\ud800")), "note is .*Unicode"),
    "a date": (yields(*at(1, day=np.datetime64("2026-01-01"))), "day is a datetime64"),
    "a mixed list": (yields(*at(1, grad=[1.0, "x"])), "grad is a list with"),
    "a text and a number": (yields(*at(1, auc="n/a"), *at(2, auc=0.8)), "auc is a number, '0.8'"),
    "a list and a number": (yields(*at(1, g=[0.1]), *at(2, g=0.1)), "and was a list of numbers"),
    "a metric that is a text": (
        yields({"round": 1, "loss": "n/a"}),
        "loss is 'n/a', but must be a number",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_good_fails_the_trial_and_is_named(rows_of, case):
    train, message = BAD[case]
    with pytest.raises((TypeError, ValueError), match=message):
        rows_of(train)


def test_names_with_a_meaning_of_somebody_else_s_are_metrics_like_any_other(rows_of):
    own = {"rows": 1.0, "spent": 2.0, "done": True, "config": "x", "value": 3.0, "fidelity": 7}
    rows = rows_of(yields(*at(1, 2, 3, **own)))
    assert [row["round"] for row in rows] == [1, 2, 3]
    assert all(own.items() <= row.items() for row in rows)


def test_a_unit_may_be_counted_in_steps(rows_of):
    assert [row["round"] for row in rows_of(yields(*at(5, 10)), rounds=12)] == [5, 10]
    assert [row["round"] for row in rows_of(yields(*at(np.int64(2), 3.0)))] == [2, 3]


def test_what_only_some_replicates_yield_is_kept_for_them(rows_of):
    def train(config):
        extra = {"auc": 0.7} if config["seed"] % 2 else {}
        yield {"round": 1, "loss": 0.5, "odd": config["seed"] % 2, **extra}

    rows = rows_of(train, replicates=8)
    assert len({row["odd"] for row in rows}) == 2, "or nothing is tested"
    assert all(("auc" in row) == row["odd"] for row in rows)


def patient(config):
    for n in range(1, config["rounds"] + 1):
        yield {"round": n, "loss": 1.0 / n + config["seed"] % 3}
        if config["seed"] % 3 == n:
            return


def test_replicates_may_end_at_different_steps(rows_of, monkeypatch, tmp_path):
    rows = rows_of(patient, replicates=9, rounds=6)
    ends = {r: max(row["round"] for row in rows if row["replicate"] == r) for r in range(9)}
    assert len(set(ends.values())) == 3
    expected = [(n, r) for n in range(1, 7) for r in range(9) if n <= ends[r]]
    assert [(row["round"], row["replicate"]) for row in rows] == expected
    *_, last = reports(job(monkeypatch, tmp_path, patient, replicates=9, rounds=6))
    final = {row["replicate"]: row["loss"] for row in rows}  # the last one of each
    assert last["value"] == pytest.approx(np.mean(list(final.values())))


def test_a_replicate_that_yields_nothing_fails(rows_of):
    def train(config):
        yield from at(*range(1, 1 + 3 * (config["seed"] % 2)))

    with pytest.raises(ValueError, match="replicate \\d ended without yielding"):
        rows_of(train, replicates=8)


def test_replicates_that_count_differently_fail(rows_of):
    def train(config):
        for n in range(1, 4):
            yield {"round": n + (config["seed"] % 2 if n == 2 else 0), "loss": 0.5}

    with pytest.raises(ValueError, match=r"replicate \d is at round 2, but replicate \d at round"):
        rows_of(train, replicates=8)


def test_the_code_behind_the_last_yield_runs_and_its_error_is_told(monkeypatch, tmp_path):
    def train(config):
        yield from at(1, 2, 3)
        (tmp_path / "saved").touch()
        raise RuntimeError("could not save the model")

    made, heard = reports(job(monkeypatch, tmp_path, train)), []
    with pytest.raises(RuntimeError, match="could not save"):
        heard += made
    made, heard = reports(job(monkeypatch, tmp_path, train)), []
    with pytest.raises(RuntimeError, match="could not save"):
        for report in made:
            heard.append(report["fidelity"])
    assert heard == [1, 2, 3], "what it had yielded is recorded, also after a first attempt"
    assert (tmp_path / "saved").exists()


def test_what_a_checkpoint_holds_is_told_also_where_the_next_step_fails(monkeypatch, tmp_path):
    def train(config, state=None):
        for n in range(1 + (state or 0), config["rounds"] + 1):
            if n == 3:
                raise RuntimeError("no third")
            yield {"round": n, "loss": 0.5, "state": lambda n=n: n}

    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1)
    ahead = reports(job(monkeypatch, tmp_path, train))
    next(ahead)
    next(ahead)  # which its driver does not live to hear
    ahead.close()
    made, rows = reports(job(monkeypatch, tmp_path, train)), []
    with pytest.raises(RuntimeError, match="no third"):
        for report in made:
            rows += report["rows"]
    assert [row["round"] for row in rows] == [1, 2]


def test_a_generator_that_is_cut_off_is_closed_at_once(monkeypatch, tmp_path):
    def train(config):
        try:
            yield from at(1, 2, 3)
        finally:
            (tmp_path / "closed").touch()
            raise RuntimeError("its own clearing up")

    made = reports(job(monkeypatch, tmp_path, train))
    next(made)
    made.close()
    assert (tmp_path / "closed").exists()


class SilentError(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class DataError(Exception):
    def __init__(self, message, rows):
        super().__init__(message)
        self.rows = rows


@pytest.mark.parametrize(
    "error, text",
    [
        (DataError("no rows left", [3]), "DataError: no rows left (test_contract.py, line "),
        (SystemExit("no licence"), "SystemExit: no licence (the trainable called sys.exit"),
        (ValueError("two\nlines"), "ValueError: two lines (test_contract.py, line "),
        (SilentError(), "SilentError:  (test_contract.py, line "),
        (KeyboardInterrupt(), "KeyboardInterrupt:  (test_contract.py"),
    ],
)
def test_an_error_of_any_kind_is_told_with_its_text_and_its_place(
    monkeypatch, tmp_path, error, text
):
    def train(config):
        raise error
        yield

    with pytest.raises(TrainableFailed) as failed:
        _next(reports(job(monkeypatch, tmp_path, train)))
    last = str(failed.value).splitlines()[-1]
    assert last.startswith(text) and last.endswith(", in train)")
    assert "Traceback" in str(failed.value)
    assert told(ValueError("of ours")) == "ValueError: of ours\nValueError: of ours"


def test_replicates_do_not_share_a_config(rows_of):
    def train(config):
        config["layers"].append(10)
        kind = config["optimizer"].pop("name")
        yield {"round": 1, "loss": float(sum(config["layers"])), "kind": kind}

    rows = rows_of(train, replicates=3, layers=[64], optimizer={"name": "sgd"})
    assert [row["loss"] for row in rows] == [74.0] * 3


def drawing(config, state=None):
    """Uses every global generator, as a script does that was never written for this."""
    for n in range(1 + (state or 0), config["rounds"] + 1):
        drawn = [random.random(), np.random.rand(), float(torch.rand(()))]  # noqa: NPY002
        yield {"round": n, "loss": sum(drawn), "state": lambda n=n: n}


def numbers(rows, replicate=0):
    return [row["loss"] for row in rows if row["replicate"] == replicate]


def test_a_replicate_s_numbers_do_not_depend_on_how_many_others_there_are(rows_of):
    def train(config):
        if config["reseed"]:
            torch.manual_seed(0)
        for metrics in drawing(config):
            torch.rand(config["seed"] % 5)
            yield {"round": metrics["round"], "loss": metrics["loss"]}

    for reseed in (True, False):
        alone, beside = rows_of(train, reseed=reseed), rows_of(train, reseed=reseed, replicates=3)
        assert numbers(alone) == numbers(beside)
        assert len({row["loss"] for row in beside}) == 9, "and seeds differ"
        random.seed(7)
        assert numbers(rows_of(train, reseed=reseed)) == numbers(alone), "nor on what came before"


def test_a_resumed_training_draws_what_an_undisturbed_one_draws(monkeypatch, tmp_path):
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1)
    options = {"replicates": 2, "rounds": 5}
    calm = tmp_path / "calm"
    calm.mkdir()
    whole = [r["value"] for r in reports(job(monkeypatch, calm, drawing, **options))]
    begun = reports(job(monkeypatch, tmp_path, drawing, **options))
    assert [next(begun)["value"] for _ in range(2)] == whole[:2]
    begun.close()
    resumed = [r["value"] for r in reports(job(monkeypatch, tmp_path, drawing, **options))]
    assert resumed == whole[2:]


def test_what_a_state_function_draws_moves_nothing_on(rows_of, monkeypatch):
    def train(config):
        for metrics in drawing(config):
            yield {**metrics, "state": lambda: [random.random(), float(torch.rand(()))]}

    def losses(every_s, label):
        monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", every_s)
        return numbers(rows_of(train, label=label))

    assert losses(-1, "often") == losses(1e9, "seldom")


def leaking(config):
    before = (
        os.getcwd(), os.environ.get("LEAK"), torch.get_default_dtype(), torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(), len(warnings.filters), np.geterr()["over"],
        torch.is_autocast_enabled("cpu"), torch.get_num_threads(),
    )  # fmt: skip
    yield {"round": 1, "loss": 0.0, "before": repr(before)}
    os.chdir("/")
    os.environ["LEAK"] = "1"
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(torch.get_num_threads() + 1)
    warnings.simplefilter("ignore")
    np.seterr(over="raise")
    with torch.no_grad(), torch.autocast("cpu"):
        yield {"round": 2, "loss": 0.0, "before": repr(torch.is_grad_enabled())}
        with torch.inference_mode():
            yield {"round": 3, "loss": 0.0, "before": repr(torch.is_grad_enabled())}


def test_what_a_replicate_changes_is_gone_for_the_next_and_for_the_process(rows_of):
    def state():
        return next(iter(leaking({})))["before"]

    outside = state()
    rows = rows_of(leaking, replicates=3)
    assert {row["before"] for row in rows if row["round"] == 1} == {outside}
    assert {row["before"] for row in rows if row["round"] > 1} == {"False"}, "its own is kept"
    assert state() == outside
    assert torch.ones(1, requires_grad=True).mul(2).requires_grad


def test_a_yield_without_gradients_does_not_turn_them_off_for_others(rows_of):
    def train(config):
        weight = torch.ones(1, requires_grad=True)
        for n in range(1, config["rounds"] + 1):
            (weight * n).sum().backward()
            with torch.no_grad():
                yield {"round": n, "loss": float(weight.grad)}

    assert len(rows_of(train, replicates=3)) == 9


def test_a_trial_says_where_its_trainable_ends(monkeypatch, tmp_path):
    trial = job(monkeypatch, tmp_path, yields()).trial
    assert trial.ends_itself
    assert not dataclasses.replace(trial, ends_itself=False).ends_itself


LATE = """
import dataclasses, os, sys
from sweepbook import Fidelity, Metric, Study
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.tune.worker.run import Assignment, reports

def train(config):
    for n in range(1, 4):
        import torch  # when it is called
        yield {"round": n, "loss": float(torch.rand(())), "grad": torch.is_grad_enabled()}
        torch.set_grad_enabled(False)

study = Study(
    name="s", question="?", trainable="__main__:train", metric=Metric("loss", "min"),
    fidelity=Fidelity("round", "rounds"), fixed={"rounds": 3}, replicates=int(sys.argv[1]),
)
(trial,) = make_plan(study, Options()).trials
assert "torch" not in sys.modules
for name in ("checkpoints", "parts"):
    os.makedirs(name, exist_ok=True)
rows = [row for report in reports(Assignment(trial, ["."], [])) for row in report["rows"]]
print([(row["replicate"], row["loss"], row["grad"]) for row in rows])
print(sys.modules["torch"].is_grad_enabled())
"""


def test_torch_is_seeded_when_it_is_imported_in_the_middle_of_a_step(tmp_path):
    def run(n):
        command = [sys.executable, "-c", LATE, str(n)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        rows, outside = done.stdout.splitlines()
        assert outside == "True"
        return ast.literal_eval(rows)

    alone, beside = run(1), run(3)
    assert [row for row in beside if row[0] == 0] == alone
    assert len({loss for _, loss, _ in beside}) == 9
    assert [grad for _, _, grad in beside] == [True] * 3 + [False] * 6


def test_a_resumed_training_that_repeats_a_step_fails(monkeypatch, tmp_path):
    def train(config, state=None):
        for n in range(state or 1, config["rounds"] + 1):  # once too often
            yield {"round": n, "loss": 0.5, "state": lambda n=n: n}

    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1)
    begun = reports(job(monkeypatch, tmp_path, train))
    next(begun)
    begun.close()
    with pytest.raises(ValueError, match="round 1 was yielded again after a resume"):
        list(reports(job(monkeypatch, tmp_path, train)))


def waiting(config, state=None):
    """Ends a round after its seed says, and looks for that only when a round is over."""
    at, is_over = state or (0, False)
    for n in range(at + 1, config["rounds"] + 1):
        if is_over:
            return
        done = {"split": "test", "row_id": np.arange(2), "label": np.zeros(2)}
        done |= {"predicted": np.full(2, n), "probability": np.ones(2)}
        is_over = n == 1 + config["seed"] % 3
        predictions = {"predictions": lambda done=done: done} if is_over else {}
        own = (n, is_over)
        yield {"round": n, "loss": float(n), "state": lambda own=own: own, **predictions}


def test_replicates_that_have_ended_stay_so_after_a_resume(monkeypatch, tmp_path):
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1)
    options = {"replicates": 9, "rounds": 6}
    calm = tmp_path / "calm"
    calm.mkdir()

    def values(folder):
        return [r["value"] for r in reports(job(monkeypatch, folder, waiting, **options))]

    whole = values(calm)
    assert len(whole) == 3
    begun = reports(job(monkeypatch, tmp_path, waiting, **options))
    assert [next(begun)["value"] for _ in range(2)] == whole[:2]
    begun.close()
    assert values(tmp_path) == whole[2:]
    assert values(calm) == whole[-1:], "also when all of them had ended"
    (part,) = (calm / "parts").glob("predictions-*.parquet")
    predictions = pd.read_parquet(part)
    assert set(predictions["replicate"]) <= set(range(9)) and len(predictions)


def test_keys_that_are_no_metrics_may_be_none(rows_of):
    rows = rows_of(yields(*at(1, 2, state=None, predictions=None, times=None, replicates=None)))
    assert [sorted(row) for row in rows] == [["loss", "replicate", "round", "time_s"]] * 2


def test_settings_of_torch_that_a_study_makes_stay_its_own(rows_of):
    def train(config):
        torch.use_deterministic_algorithms(True, warn_only=True)
        for n in range(1, 4):
            warns = torch.is_deterministic_algorithms_warn_only_enabled()
            yield {"round": n, "loss": 0.5, "warns": warns}

    assert {row["warns"] for row in rows_of(train, replicates=2)} == {True}
    assert not torch.are_deterministic_algorithms_enabled()


PRECISE = """
import sys
import torch
from tests.tune.test_contract import at, job, reports
import pytest, pathlib
def train(config):
    torch.backends.fp32_precision = "ieee"  # torch's new way
    yield from at(1, 2, 3)
with pytest.MonkeyPatch.context() as patch:
    rows = [r for r in reports(job(patch, pathlib.Path("."), train, replicates=2))]
assert len(rows) == 3
"""


def test_torch_s_new_settings_of_precision_are_no_error(tmp_path):
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", PRECISE]
    environment = {**os.environ, "PYTHONPATH": root}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
