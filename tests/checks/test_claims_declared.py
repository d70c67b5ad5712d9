"""Claims are refused before the training where their arms mean no trial, or several."""

import dataclasses
import importlib
import sys

import numpy as np
import pytest

from search_spaces import STUDIES
from sweepbook.checks.claims import misfit_of
from sweepbook.checks.declared import problems_of, undecided_of
from sweepbook.checks.planned import of_plan
from sweepbook.findings.arms import find_trial
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.record.load import load_record
from sweepbook.study.search import Search
from tests.analysis.small_records import trained
from tests.checks.conftest import claim

SLOW, FAST = {"lr": 0.01, "batch_size": 16}, {"lr": 0.1, "batch_size": 16}


@pytest.mark.parametrize(
    "good",
    [
        claim(SLOW, FAST),
        claim({"lr": 0.1}, {"lr": 0.01}, best_by="val_acc"),
        claim(FAST, quantity="change", since=5, fidelity=10, target=0.0),
        claim({"lr": 0.1, "batch_size": 16.0}),
        claim({"lr": np.float64(0.1), "batch_size": np.int64(16)}),
        claim(FAST, quantity="spread", since=5, target=0.0, fidelity=50),
    ],
)
def test_a_claim_that_fits_is_not_refused(good, problems):
    assert problems(claims=(good,)) == ""


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            claim({"lr": 0.1}, {"lr": 0.01}),
            ["3 trials", "{'lr': 0.1}", "16, 64 and 256", "{'lr': 0.1, 'batch_size':",
             "best_by='val_loss'"],
        ),
        (claim({}), ["6 trials", "lr (0.01 and 0.1)", "batch_size (16, 64 and 256)"]),
        (claim({"lr": 0.2, "batch_size": 16}), ["lr=0.2", "0.01 and 0.1"]),
        (claim({"learning_rate": 0.1}), ["'learning_rate'", "batch_size"]),
        (claim({"batchsize": 16}), ["'batchsize'", "mean 'batch_size'"]),
        (claim(FAST, {"lr": 0.1, "batch_size": 16, "rounds": 10}), ["one and the same"]),
        (claim({"lr": 0.1}, kind="gradients", target=None, expected="healthy", best_by="val_acc"),
         ["3 trials", "batch_size"]),
        (claim(FAST, quantity="change", since=5, fidelity=20, target=0.0), ["5 to 20", "10"]),
        (claim(FAST, quantity="spread", since=10, target=0.0), ["rounds beyond 10"]),
        (claim(FAST, fidelity=11), ["round 11", "10 rounds"]),
        (claim(SLOW, FAST, quantity="steps_to", since=12), ["round 12"]),
        (claim(FAST, metric="val_los"), ["metric", "'val_los'", "mean 'val_loss'"]),
        (claim(SLOW, FAST, best_by="val_ac"), ["best_by", "mean 'val_acc'"]),
        (claim(SLOW, kind="direction", target=None, against_metric="loss"), ["against_metric"]),
    ],
)  # fmt: skip
def test_a_claim_that_no_trial_or_several_fit_is_refused(wrong, words, problems):
    said = problems(claims=(wrong,))
    assert "study grid, claim one" in said and all(word in said for word in words), said
    assert len(said.splitlines()) == 1


def test_settings_that_exist_one_by_one_need_a_trial_together(grid, problems):
    points = ({"lr": 0.1, "batch_size": 16}, {"lr": 0.01, "batch_size": 64})
    said = problems(grid={}, points=points, claims=(claim({"lr": 0.1, "batch_size": 64}),))
    assert "together" in said and "'lr': 0.1" in said


def test_two_claims_have_two_names(problems):
    assert "'one'" in problems(claims=(claim(SLOW), claim(FAST)))


def test_an_option_that_takes_a_claim_s_trials_away_is_no_fault(problems, open_claims):
    claims = (claim(SLOW, FAST), claim(FAST, name="two"))
    options = Options(settings={"batch_size": 99})
    assert problems(options, claims=claims) == ""
    said = open_claims(options, claims=claims)
    assert "not be decided" in said and "batch_size=16" in said
    assert "one and two" in said and len(said.splitlines()) == 1, "one line for one reason"
    assert open_claims(Options(epochs=50, replicates=3, seed=4), claims=claims) == ""


def test_a_shorter_run_leaves_late_steps_undecided(problems, open_claims):
    late = (claim(FAST, quantity="change", since=5, fidelity=10, target=0.0),)
    assert problems(Options(scale=0.5), claims=late) == ""
    assert "rounds 5 to 10" in open_claims(Options(scale=0.5), claims=late)


def test_an_option_does_not_hide_a_fault_of_the_study(problems):
    wrong = (claim({"lr": 0.1}),)
    assert "3 trials" in problems(Options(settings={"batch_size": 99}), claims=wrong)


def test_planning_and_report_find_the_same_trials(grid, tmp_path):
    """What fits one planned trial fits one recorded trial, and so for none and several."""
    values = [True, 1.0, "1", None, [1, 2]]
    points = [{"a": value, "b": i % 2} for i, value in enumerate(values)]
    study = dataclasses.replace(grid, grid={}, points=points, fixed={"rounds": 2, "lr": 0.1})
    record = load_record(trained(study, tmp_path / "record", Options()))
    planned = of_plan(make_plan(study, Options()))
    arms = [{"a": value} for value in (*values, "None", (1, 2), 2)]
    arms += [{"b": 0}, {"b": 1}, {"a": True, "b": 0}, {"a": True, "b": 1}, {"c": 1}, {"lr": 0.1}]
    fits = {}
    for arm in arms:
        found, _ = find_trial(record, arm)
        fits[str(arm)] = found is not None
        assert (misfit_of(claim(arm), planned) is None) == (found is not None), arm
    assert len(set(fits.values())) == 2


@pytest.mark.parametrize(
    ("arm", "words"),
    [
        ({"lr": 0.1, "batch_size": 16}, ["4 trials", "best_by"]),
        ({"lr": 0.1, "momentum": 3.0}, ["momentum=3.0", "0.0 to 1.0"]),
        ({"lr": 0.1, "optimizer": "rmsprop"}, ["'rmsprop'", "'sgd' and 'adam'"]),
        ({"lr": 0.1, "momentums": 0.5}, ["'momentums'", "mean 'momentum'"]),
        ({"lr": 0.5, "momentum": 0.5}, ["lr=0.5"]),
    ],
)
def test_of_a_search_what_is_known_of_its_trials_is_checked(arm, words, problems, toy_file):
    search = Search(space=f"{toy_file.stem}:space", n_trials=4)
    said = problems(search=search, claims=(claim(arm),))
    assert all(word in said for word in words), said


def test_of_a_search_what_nobody_knows_is_not_refused(problems, toy_file):
    search = Search(space=f"{toy_file.stem}:space", n_trials=4)
    unknown = (
        claim({"lr": 0.1, "momentum": 0.5}),
        claim({"lr": 0.1}, best_by="val_acc", name="b"),
    )
    assert problems(search=search, claims=unknown) == ""


def test_a_confirmation_has_one_trial_for_each_cell(problems, toy_file):
    def said(*claims):
        return problems(
            search=Search(space=f"{toy_file.stem}:space", n_trials=4, confirm_claims=claims)
        )

    assert said(claim(SLOW, FAST), claim(FAST, name="later", fidelity=500)) == ""
    assert "batch_size=32" in said(claim({"lr": 0.1, "batch_size": 32}))
    several = said(claim({"lr": 0.1}))
    assert "3 trials" in several and "batch_size (16, 64 and 256)" in several
    assert "'val_los'" in said(claim(SLOW, metric="val_los"))


def test_claims_that_a_study_makes_of_its_options_are_checked(grid, toy_file):
    with toy_file.open("a") as file:
        file.write(
            "\ndef more(configs, files):\n"
            "    from tests.checks.conftest import claim\n"
            "    sizes = {config['batch_size'] for config in configs}\n"
            "    return [claim({'lr': 0.1, 'batch_size': min(sizes)}, name='small'),\n"
            "            claim({'lr': 0.1}, name='any')]\n"
        )
    importlib.reload(sys.modules[toy_file.stem])
    study = dataclasses.replace(grid, claims_of=f"{toy_file.stem}:more")
    plan = make_plan(study, Options())
    (said,) = problems_of(plan, Options())
    assert "claim any" in said and "3 trials" in said
    options = Options(settings={"lr": 0.5})
    plan = make_plan(study, options)
    assert len(problems_of(plan, options)) == 1, "small is right as the study makes it"
    assert {"small", "any"} <= set(" ".join(undecided_of(plan)).split()), "no trial has lr 0.1"


@pytest.mark.parametrize("scale", [None, 0.3])
@pytest.mark.parametrize("name", [n for n, study in STUDIES.items() if not study.options])
def test_the_exercise_s_studies_have_no_fault(name, scale):
    options = Options(scale=scale, everywhere=False)
    plan = make_plan(STUDIES[name], options)
    assert problems_of(plan, options) == []


@pytest.mark.parametrize("name", [n for n, study in STUDIES.items() if study.options])
def test_the_exercise_s_image_studies_have_no_fault_with_their_own_options(name):
    options = Options(
        settings={"size": 64}, scale=0.3, optional={"weights": "pretext"}, everywhere=False
    )
    plan = make_plan(STUDIES[name], options)
    assert problems_of(plan, options) == []
    undecided = " ".join(undecided_of(plan))
    assert ("imagenet" in undecided) == (name == "vision-baselines")
