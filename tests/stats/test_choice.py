"""One of several trials for each replicate, chosen by the others."""

import numpy as np
import pytest

from sweepbook.stats.choice import (
    chosen_values,
    leave_one_out_picks,
    pseudo_values,
    with_choice,
)
from sweepbook.stats.intervals import one_sample

# arm 0 is best over all seeds by its lucky first one, which alone does not choose it
SCORES = np.array([[9.0, 4.0, 4.0], [5.0, 5.0, 5.0]])
VALUES = np.array([[8.0, 3.0, 3.0], [4.0, 4.5, 5.0]])


def test_each_replicate_is_scored_by_what_the_others_choose():
    assert leave_one_out_picks(SCORES, "max").tolist() == [1, 0, 0]
    assert chosen_values(VALUES, SCORES, "max").tolist() == [4.0, 3.0, 3.0]
    assert leave_one_out_picks(-SCORES, "min").tolist() == [1, 0, 0]


def test_ties_go_to_the_first_and_one_replicate_chooses_for_itself():
    assert leave_one_out_picks([[0.1 + 0.2, 0.3], [0.3, 0.1 + 0.2]], "max").tolist() == [0, 0]
    assert leave_one_out_picks([[1.0], [2.0]], "max").tolist() == [1]


def test_many_tables_at_once_are_as_one_by_one():
    rng = np.random.default_rng(0)
    scores, values = rng.normal(size=(2, 4, 3, 5))
    together = chosen_values(values, scores, "min"), pseudo_values(values, scores, "min")
    for i in range(4):
        assert chosen_values(values[i], scores[i], "min") == pytest.approx(together[0][i])
        assert pseudo_values(values[i], scores[i], "min") == pytest.approx(together[1][i])


def test_without_a_real_choice_the_interval_stays():
    values = np.array([[3.0, 4.0, 6.0], [0.0, 0.0, 0.0]])
    assert pseudo_values(values, values, "max") == pytest.approx(values[0])
    found = one_sample(values[0])
    assert with_choice(found, values[0], values[0]) == found
    one = one_sample([1.0])
    assert with_choice(one, [1.0], [1.0]) is one


def test_a_choice_that_changes_widens_the_interval_about_the_same_mean():
    values, pseudo = (f(VALUES, SCORES, "max") for f in (chosen_values, pseudo_values))
    found = one_sample(values)
    wider = with_choice(found, values, pseudo)
    assert wider.mean == found.mean
    assert wider.se == pytest.approx(np.std(pseudo, ddof=1) / np.sqrt(3))
    assert wider.high - wider.low > 2 * (found.high - found.low)
    assert wider.df == 2
    over_rows = found._replace(se=1.0, df=400.0)
    assert 2 < with_choice(over_rows, values, pseudo).df < 400
