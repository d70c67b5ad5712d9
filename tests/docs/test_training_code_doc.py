"""docs/your-training-code.md: its script and its studies do what the page says."""

import re
import runpy
import sys

import pytest

from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies
from sweepbook.tune.worker import course
from tests.docs.pages import TRAIN, files_of, text_of, written
from tests.trained import losses

FILES = files_of(TRAIN)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    yield from written(FILES, tmp_path, monkeypatch)


@pytest.fixture
def run_script(folder, monkeypatch, capsys):
    """run_script("--epochs", "3"): the lines that train.py prints."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
        runpy.run_path("train.py", run_name="__main__")
        return capsys.readouterr().out.splitlines()

    return run


def test_the_script_prints_what_the_page_shows(run_script):
    shown = re.findall(r"^    (epoch=.*)$", text_of(TRAIN), re.MULTILINE)
    printed = run_script("--epochs", "3")
    values = [[float(v) for v in re.findall(r"=([\d.]+)", line)] for line in (*shown, *printed)]
    assert len(shown) == 3 and [line[0] for line in values] == [1, 2, 3, 1, 2, 3]
    assert values[:3] == [pytest.approx(line, abs=0.02) for line in values[3:]]


def test_the_script_goes_on_from_its_checkpoint(run_script):
    whole = run_script("--epochs", "3", "--out", "whole")
    broken = [run_script("--epochs", n, "--out", "broken") for n in ("1", "3")]
    assert sum(broken, []) == whole


@pytest.mark.parametrize(
    "file, n_trials",
    [
        ("as_program.py", 3),
        ("study.py", 6),
        ("early.py", 6),
        ("wider.py", 6),
        ("search.py", 20),
    ],
)
def test_a_study_has_as_many_trials_as_the_page_says(folder, file, n_trials):
    (study,) = load_studies([file])
    assert make_plan(study, Options()).n_trials == n_trials
    assert f"of {n_trials} trials done" in text_of(TRAIN) or f" {n_trials} trials" in text_of(
        TRAIN
    )


@pytest.mark.parametrize(
    "file",
    [
        "study.py",
        pytest.param("as_program.py", marks=[pytest.mark.more, pytest.mark.timeout(300)]),
    ],
)
def test_a_resumed_trial_has_the_numbers_of_an_undisturbed_one(folder, monkeypatch, file):
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1.0)
    (study,) = load_studies([file])
    trial = make_plan(study, Options(epochs=3, replicates=2)).trials[0]
    calm, killed = losses(trial, "calm"), losses(trial, "killed", 1)
    assert len(calm) == 6 and calm == killed
    assert len(set(calm.values())) == 6  # each replicate has a seed of its own
