"""Claims on trials that a scheduler may stop are named before the training."""

import pytest

from sweepbook import ASHA
from sweepbook.plan.options import Options
from sweepbook.study.search import Search
from tests.checks.conftest import claim

SLOW, FAST = {"lr": 0.01, "batch_size": 16}, {"lr": 0.1, "batch_size": 16}
STOPS = ASHA(grace_period=2, reduction_factor=3)


def test_claims_on_single_trials_are_named_together_with_what_to_do(open_claims):
    claims = (claim(SLOW, FAST), claim(FAST, SLOW, name="two"))
    said = open_claims(Options(), claims=claims, scheduler=STOPS)
    assert said.count("\n") == 0 and "2 claims" in said and "one and two" in said
    assert "no verdict" not in said and "last round" in said and "--no-scheduler" in said
    alone = open_claims(Options(), claims=claims[:1], scheduler=STOPS)
    assert "a claim" in alone and "one" in alone


def test_what_is_decided_earlier_and_what_is_not_decided_are_told_apart(open_claims):
    level = claim(SLOW, name="level")
    said = open_claims(Options(), claims=(claim(SLOW, FAST), level), scheduler=STOPS)
    without, earlier = said.split("\n")
    assert "stop: level." in without and "no verdict" in without
    assert "stop: one." in earlier and "stricter level" in earlier


def test_a_claim_at_a_step_before_the_first_rung_is_decided_anyway(open_claims):
    early = claim(SLOW, FAST, fidelity=2)
    assert open_claims(Options(), claims=(early,), scheduler=STOPS) == ""
    assert open_claims(Options(), claims=(claim(SLOW, FAST, fidelity=3),), scheduler=STOPS)


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        (Options(), {}),
        (Options(scheduler=False), {"scheduler": STOPS}),
        (Options(), {"scheduler": ASHA(grace_period=10)}),
        (Options(), {"scheduler": STOPS, "claims": ()}),
        (
            Options(),
            {"scheduler": STOPS, "claims": (claim({"lr": 0.1}, best_by="val_loss"),)},
        ),
        (Options(), {"scheduler": STOPS, "grid": {"lr": (0.1,)}, "claims": (claim({"lr": 0.1}),)}),
    ],
    ids=["none", "switched off", "rung at the end", "no claim", "best of several", "one trial"],
)
def test_nothing_is_said_where_no_trial_of_a_claim_may_be_stopped(open_claims, options, changes):
    assert open_claims(options, **{"claims": (claim(SLOW, FAST),), **changes}) == ""


def test_a_claim_that_is_undecided_anyway_is_said_once(open_claims):
    said = open_claims(Options(settings={"lr": 0.5}), claims=(claim(SLOW),), scheduler=STOPS)
    assert said.count("\n") == 0 and "not be decided" in said


def test_the_cells_of_a_search_are_many_trials(open_claims, toy_file):
    search = Search(space=f"{toy_file.stem}:space", n_trials=4)
    claims = (claim({"lr": 0.1}, {"lr": 0.01}, best_by="val_loss"),)
    grid = {"lr": (0.1, 0.01)}
    said = open_claims(Options(), claims=claims, grid=grid, search=search, scheduler=STOPS)
    assert "verdict" not in said and "ASHA" not in said
