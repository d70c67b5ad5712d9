"""`sweepbook try`: it trains in its own process, so most of these tests train in theirs."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from sweepbook import cli

STUDIES = """
import random, sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from sweepbook import (
    Estimator, Fidelity, Metric, Program, Search, Study, higher, report
)

def good(config, state=None):
    value, at = (state["value"], state["at"]) if state else (0.0, 0)
    for n in range(at + 1, config["rounds"] + 1):
        value += random.random() * config["lr"]
        print("printed in round", n, "at lr", config["lr"])
        yield {
            "round": n, "val_acc": value, "state": lambda n=n: {"at": n, "value": value},
            "model": lambda: {"value": value}, "predictions": lambda: {
                "split": "test", "row_id": np.arange(7), "label": np.zeros(7, int),
                "predicted": np.zeros(7, int), "probability": np.ones(7),
            },
        }

def forgets(config, state=None):
    for n in range((state["at"] if state else 0) + 1, config["rounds"] + 1):
        value = config.setdefault("value", 0) + 1
        config["value"] = value
        yield {"round": n, "val_acc": value, "state": lambda n=n: {"at": n}}

def broken(config, state=None):
    yield {"round": 1, "val_acc": 1.0, "state": lambda: {"rng": random.Random(1)}}

def raises(config):
    def inner():
        raise RuntimeError("planted")
    inner()
    yield {}

def quits(config):
    sys.exit("done")
    yield {}

def stops(config):
    secret = 41
    breakpoint()
    yield {"round": 1, "val_acc": secret}

def asks(config):
    yield {"round": 1, "val_acc": float(input("how good? "))}

def misses(config):
    yield {"round": 1, "val_accuracy": 0.5}

def early(config):
    yield {"round": 1, "val_acc": 0.5}

def stacked(config):
    yield {"round": 1, "val_acc": 0.0, "replicates": {"val_acc": [0.25, 0.5]}}

def space():
    from ray import tune

    return {"lr": tune.uniform(3.0, 4.0)}

def study(name, **rest):
    rest = {"grid": {"lr": [1, 2]}, "replicates": 3, "fixed": {"rounds": 5}, **rest}
    return Study(
        name=name, question="?", trainable=f"mine:{name}", metric=Metric("val_acc", "max"),
        fidelity=Fidelity("round", "rounds"), **rest,
    )

for name in "forgets broken raises quits stops asks misses early".split():
    globals()[name.upper()] = study(name)
GOOD = study("good")

def reports(config):
    for n in range(config["rounds"]):
        report({"round": n + 1, "val_acc": 0.5}, state=lambda: {"at": 1})

def to_ray(config):
    from ray import tune

    tune.report({"val_acc": 0.5})

def program(code):
    return Program(["python", "-c", code, "{rounds}", "{lr}", "{seed}"], metrics="pairs")

PRINTS = replace(GOOD, name="x", trainable=program("print('round=1 val_acc=0.5')"))
FAILS = replace(GOOD, name="y", trainable=program("1 / 0"))

def iris():
    from sklearn.datasets import load_iris

    return load_iris(return_X_y=True)

def tree(config):
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(max_depth=config["lr"])

FITTED = Study(
    name="z", question="?", trainable=Estimator("mine:tree", data="mine:iris", folds=3),
    replicates=3,
    metric=Metric("val_accuracy", "max"), grid={"lr": [1, 2]},
)
REPORTS, TO_RAY = study("reports"), study("to_ray")
STACKED = study("stacked", stacked=True, replicates=2)
WANTS = study("good", claims=[higher("val_f1", {"lr": 1}, than={"lr": 2}, by=0.1, because="?")])
DRAWN = study("good", grid={}, search=Search(space="mine:space", n_trials=3))
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with the studies, in which a command leaves nothing."""
    (tmp_path / "mine.py").write_text(STUDIES)
    yield tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]


@pytest.fixture
def attempt(folder, monkeypatch, capsys):
    """attempt(study, ...): the exit code, and what was printed."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("COLUMNS", "200")

    def run(study, *arguments, said=""):
        monkeypatch.setattr(sys, "argv", ["sweepbook", "try", f"mine.py:{study}", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(said))
        with pytest.raises(SystemExit) as ending:
            cli.main()
        sys.modules.pop("mine", None)
        printed = capsys.readouterr()
        return ending.value.code or 0, printed.out + printed.err

    return run


def start(folder, *arguments, **rest):
    """The real command, in a process of its own."""
    command = [sys.executable, "-m", "sweepbook", "try", *arguments]
    return subprocess.Popen(command, cwd=folder, **rest)


def test_it_trains_one_step_and_says_what_a_record_would_keep(attempt):
    code, said = attempt("GOOD")
    assert code == 0, said
    assert said.count("printed in round") == 1 and "printed in round 1 at lr 1" in said
    for what in (
        "lr 1",
        "seed 1878776328",
        "val_acc",
        "state: ",
        "model: ",
        "7 rows of split test",
    ):
        assert what in said, what


STATELESS = {
    "EARLY": ["yield", "state=None"],
    "REPORTS": ["report(metrics, state=...)", "state=None", "LightningReport(trainer, state)"],
    "TO_RAY": ["report a checkpoint", "get_checkpoint()"],
    "PRINTS": ["{checkpoint_dir}"],
    "FITTED": ["one step"],
}


@pytest.mark.parametrize("study", STATELESS)
def test_each_kind_of_code_is_told_how_to_give_its_state(attempt, study):
    code, said = attempt(study)
    (line,) = [line for line in said.splitlines() if line.startswith("state: ")]
    assert code == 0 and "begins again" in line
    for what in STATELESS[study]:
        assert what in line
    assert ("yield" in line) == (study == "EARLY"), "nobody else can"


def test_a_program_that_fails_is_told_without_a_record(attempt):
    code, said = attempt("FAILS")
    assert code == 1 and "ZeroDivisionError" in said and "sweepbook logs" not in said, said


def test_a_setting_a_length_and_a_seed_are_taken(attempt):
    code, said = attempt("GOOD", "--set", "lr=0.5", "--epochs", "9", "--seed", "3")
    assert code == 0 and "at lr 0.5" in said and "of 9" in said and "1878776328" not in said


def test_a_second_step_tells_whether_a_resume_will_hold(attempt):
    code, said = attempt("GOOD", "--steps", "2")
    assert code == 0 and said.count("printed in round 2") == 2, said
    assert "same with and without a break" in said
    code, said = attempt("FORGETS", "--steps", "2")
    assert code == 1 and "val_acc is 2 without a break, and 1 after it" in said


def test_more_steps_than_the_trial_has_end_with_it(attempt):
    code, said = attempt("GOOD", "--steps", "99")
    assert code == 0 and said.count("printed in round 5") == 2 and "round 6" not in said
    code, said = attempt("EARLY", "--steps", "99")
    assert code == 0 and "ended by itself after round 1" in said


def test_a_state_that_no_checkpoint_can_hold_is_named(attempt):
    code, said = attempt("BROKEN")
    assert code == 1 and "random.Random, which a checkpoint cannot hold" in said
    assert "Traceback" not in said, "nothing has been raised in the user's own code"


def test_an_exception_shows_the_traceback_of_the_users_own_code(attempt):
    code, said = attempt("RAISES")
    assert code == 1 and "RuntimeError: planted" in said and "in inner" in said
    files = {line.split('"')[1] for line in said.splitlines() if line.startswith("  File ")}
    assert {Path(file).name for file in files} == {"mine.py"}


def test_an_exit_of_the_training_is_told(attempt):
    code, said = attempt("QUITS")
    assert code == 1 and "sys.exit: write return instead" in said


def test_a_missing_metric_is_named_with_a_near_one(attempt):
    code, said = attempt("MISSES")
    assert code == 1 and "val_acc was not yielded" in said and "Metric('val_accuracy'" in said
    code, said = attempt("WANTS")
    assert code == 0 and "'val_f1', which the trainable never yields" in said


def test_a_stack_is_trained_as_one_and_a_search_with_a_drawn_config(attempt):
    code, said = attempt("STACKED")
    assert code == 0 and "0.25, 0.5" in said and "2 replicates" in said
    code, said = attempt("DRAWN")
    assert code == 0 and "at lr 3." in said


def test_no_ray_is_imported_where_the_users_code_does_not(folder):
    code = (
        "import sys; from sweepbook.cli import main; sys.argv[1:] = ['try', 'mine.py:GOOD']\n"
        "try: main()\nexcept SystemExit: pass\nprint('ray' in sys.modules, 'torch' in sys.modules)"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, timeout=50)
    assert done.stdout.splitlines()[-1] == "False False", done.stderr


def test_the_training_reads_what_is_typed(attempt):
    code, said = attempt("ASKS", said="0.75\n")
    assert code == 0 and "how good?" in said and "0.75" in said


def test_the_command_ends_with_what_the_training_raised(folder):
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = start(folder, "mine.py:RAISES", **pipe)
    said, errors = process.communicate(timeout=50)
    assert process.returncode == 1 and errors.endswith("RuntimeError: planted\n"), said + errors


def test_a_breakpoint_stops_it_in_a_terminal(folder):
    ours, theirs = pty.openpty()
    process = start(folder, "mine.py:STOPS", stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    for answer in (b"p secret * 2\n", b"c\n"):
        while not said.endswith(b"(Pdb) "):
            said += os.read(ours, 1000)
        os.write(ours, answer)
        said += b"\n"
    assert process.wait(30) == 0 and b"\r\n82\r\n" in said
    os.close(ours)


def test_leaving_the_debugger_is_no_error_of_the_training(folder):
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = start(folder, "mine.py:STOPS", text=True, **pipe)
    said, errors = process.communicate("p secret + 1\nq\n", timeout=50)
    assert process.returncode == 1 and "(Pdb) 42" in said and "Traceback" not in errors


@pytest.mark.parametrize(
    "words, why",
    [
        (["GOOD", "mine.py:STACKED"], "one study"),
        (["GOOD", "--steps", "0"], "--steps must be at least 1"),
        (["GOOD", "--set", "lx=1"], "did you mean lr"),
        (["GOOD", "--step", "1"], "did you mean --steps"),
    ],
)
def test_wrong_usage_is_refused(words, why, attempt):
    code, said = attempt(*words)
    assert code == 2 and why in said
