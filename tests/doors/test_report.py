"""sweepbook.report: a function that reports by calls, within a study and by itself."""

import os
import random
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

from sweepbook import report
from tests.doors.pushing import Pushing


@pytest.fixture
def pushing(tmp_path, monkeypatch):
    return lambda train, **options: Pushing(tmp_path, monkeypatch, train, **options)


def test_by_itself_a_report_prints_one_line_and_goes_on(capsys):
    report({"epoch": 1, "val_loss": torch.tensor(0.5), "acc": np.array([0.25])}, state=dict)
    report({"note": "a b"})
    assert capsys.readouterr().out == "epoch=1 val_loss=0.5 acc=0.25\nnote=a b\n"


def test_a_function_s_reports_are_its_rows(pushing):
    def train(config):
        for epoch in range(1, config["epochs"] + 1):
            report({"epoch": epoch, "val_loss": random.random()})

    rows = pushing(train).rows()
    assert list(rows["epoch"]) == [1, 1, 2, 2, 3, 3, 4, 4]
    assert rows["val_loss"].nunique() == 8


def test_reports_are_counted_where_the_unit_is_missing_and_on_after_a_resume(pushing):
    def train(config, state=None):
        at = 0 if state is None else state["at"]
        for n in range(at, config["epochs"]):
            report({"val_loss": random.random()}, state=lambda n=n: {"at": n + 1})

    whole = pushing(train, unit="eval").check_resumed(1, 3, 4)
    assert list(whole["eval"]) == [1, 1, 2, 2, 3, 3, 4, 4]


def test_epochs_that_are_counted_from_0_are_recorded_from_1_and_so_after_a_resume(pushing):
    def train(config, state=None):
        at = 0 if state is None else state["at"]
        for n in range(at, config["epochs"]):
            report({"epoch": n, "val_loss": random.random()}, state=lambda n=n: {"at": n + 1})

    whole = pushing(train).check_resumed(1, 2, 3, 4)
    assert list(whole["epoch"]) == [1, 1, 2, 2, 3, 3, 4, 4]


def test_an_epoch_too_many_counted_from_0_is_told(pushing):
    def train(config):
        for n in range(config["epochs"] + 1):
            report({"epoch": np.int64(n), "val_loss": 0.5})

    with pytest.raises(ValueError, match="epoch 0 to epoch 4 were reported, 5 reports for 4"):
        pushing(train).rows()


def test_an_epoch_0_that_comes_later_is_no_count_from_0(pushing):
    def train(config):
        for n in (1, 0):
            report({"epoch": n, "val_loss": 0.5})

    with pytest.raises(ValueError, match="epoch is 0, and counts from 1"):
        pushing(train).rows()


def drawn():
    numpy = np.random.random()  # noqa: NPY002  # the global numbers are what is meant
    return random.random() + numpy + float(torch.rand(()))


def test_up_to_the_reading_of_the_state_random_numbers_are_as_the_first_time(pushing):
    """Such as those of a random split, which both the first and the later session must have."""

    def train(config, state=None):
        split = drawn()
        at = 0 if state is None else state["at"]
        for n in range(at, config["epochs"]):
            report({"val_loss": drawn(), "split": split}, state=lambda n=n: {"at": n + 1})

    pushing(train, unit="eval").check_resumed(2)


def test_a_function_that_takes_no_state_begins_again_and_its_model_is_kept(pushing):
    began = []

    def train(config):
        began.append(config["seed"])
        for n in range(config["epochs"]):
            report({"val_loss": random.random()}, state=lambda n=n: {"at": n})

    job = pushing(train)
    job.rows("stopped", 2)
    rows = job.rows("stopped")
    assert list(rows["epoch"]) == [1, 1, 2, 2, 3, 3, 4, 4]
    assert len(began) == 4 and len(set(began)) == 2


def test_a_dict_that_changes_after_its_report_is_what_it_was(pushing):
    def train(config):
        metrics = {}
        for n in range(config["epochs"]):
            metrics.update(val_loss=n + 0.5)
            report(metrics)
            metrics.clear()

    assert list(pushing(train, replicates=1).rows()["val_loss"]) == [0.5, 1.5, 2.5, 3.5]


WRONG = {
    "no dict": (lambda: report(0.5), TypeError, r"a float, 0\.5: give it a dict"),
    "a list": (lambda: report([("val_loss", 1)]), TypeError, "a list"),
    "a state": (lambda: report({"val_loss": 1}, state={"a": 1}), TypeError, "state=.*function"),
    "in the dict": (lambda: report({"val_loss": 1, "model": 3}), TypeError, "model=3"),
    "twice": (lambda: report({"state": dict}, state=dict), TypeError, "state twice"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_no_report_takes_is_named_at_the_call(pushing, name):
    call, kind, text = WRONG[name]
    with pytest.raises(kind, match=text):
        call()
    with pytest.raises(kind, match=text):
        pushing(lambda config: call()).rows()


def test_a_metric_that_is_missing_is_named_with_those_that_were_reported(pushing):
    with pytest.raises(ValueError, match="val_loss.*val_accuracy"):
        pushing(lambda config: report({"val_accuracy": 0.5})).rows()


def test_a_thread_of_a_training_cannot_report(pushing):
    raised = []

    def from_thread():
        try:
            report({"val_loss": 0.5})
        except RuntimeError as error:
            raised.append(str(error))

    def train(config):
        thread = threading.Thread(target=from_thread)
        thread.start()
        thread.join()
        report({"val_loss": 1.0})

    assert list(pushing(train, replicates=1).rows()["val_loss"]) == [1.0]
    assert "a thread or a process" in raised[0]


def test_a_process_of_a_training_cannot_report_and_a_later_script_can(pushing, capsys):
    code = "import sweepbook; sweepbook.report({'val_loss': 0.5})"
    done = []

    def train(config):
        done.append(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True))
        report({"val_loss": 1.0})

    environment = dict(os.environ)
    pushing(train, replicates=1).rows()
    assert done[0].returncode == 1 and "a thread or a process" in done[0].stderr
    assert dict(os.environ) == environment
    report({"val_loss": 0.5})
    assert capsys.readouterr().out == "val_loss=0.5\n"


def test_a_forked_process_of_a_training_cannot_report(pushing, tmp_path):
    def from_fork():
        try:
            report({"val_loss": 0.5})
        except RuntimeError as error:
            (tmp_path / "told").write_text(str(error))
        finally:
            os._exit(0)

    def train(config):
        child = os.fork()
        if not child:
            from_fork()
        os.waitpid(child, 0)
        report({"val_loss": 1.0})

    assert list(pushing(train, replicates=1).rows()["val_loss"]) == [1.0]
    assert "a thread or a process" in (tmp_path / "told").read_text()


def test_a_generator_that_reports_is_told_to_yield(pushing):
    def train(config):
        report({"val_loss": 0.5})
        yield {"epoch": 1, "val_loss": 0.5}

    with pytest.raises(RuntimeError, match="yield the same dict instead"):
        pushing(train).rows()


def test_at_a_stop_the_call_raises_system_exit_and_finally_blocks_run(pushing):
    ended = []

    def train(config):
        try:
            for _ in range(config["epochs"]):
                report({"val_loss": 1.0})
        except SystemExit:
            ended.append("exit")
            raise
        finally:
            ended.append("finally")

    assert len(pushing(train, replicates=1).rows(steps=2)) == 2
    assert ended == ["exit", "finally"]
