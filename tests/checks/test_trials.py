"""A search that is too small for its report is told so before it is trained."""

import sys

import pytest
from ray import tune

from sweepbook import Search
from sweepbook.plan.options import Options


@pytest.mark.parametrize("n_trials, is_told", [(12, True), (19, True), (20, False)])
def test_fewer_than_ten_trials_for_each_searched_setting_are_named(
    grid, open_claims, n_trials, is_told
):
    module = grid.trainable.partition(":")[0]
    opened = {"lr": tune.uniform(0.1, 1.0), "batch_size": tune.randint(1, 9)}
    sys.modules[module].space = lambda: opened
    search = Search(space=f"{module}:space", n_trials=n_trials, n_random=30)
    said = open_claims(Options(), search=search, grid={}, claims=())
    if not is_told:
        assert said == ""
        return
    assert f"{n_trials} trials, {n_trials} of them drawn at random" in said and "for 20" in said
