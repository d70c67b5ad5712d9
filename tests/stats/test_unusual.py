import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweepbook.stats.intervals import one_sample, p_value, welch_difference
from sweepbook.stats.unusual import Unusual, one_more, one_more_of_two, unusual_seeds

RANDOM = np.random.default_rng(16)
ARMS = st.lists(
    st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 3)), min_size=3, max_size=6),
    min_size=1,
    max_size=6,
)


def test_a_seed_that_fails_is_seen_in_its_distance_from_the_others():
    arms = [RANDOM.normal(0.9, 0.01, size=5) for _ in range(6)]
    arms[2][1] = 0.3
    found = unusual_seeds(arms)
    assert found.low == pytest.approx(-0.6, abs=0.03) and found.high == 0 and found.n == 30


def test_normal_seeds_are_rarely_unusual_however_many_there_are():
    for n_arms in (3, 50):
        found = [unusual_seeds(list(RANDOM.normal(size=(n_arms, 5)))) for _ in range(300)]
        assert np.mean([one.low < 0 or one.high > 0 for one in found]) < 0.2


def test_a_trial_that_scatters_as_a_whole_has_no_seed_that_fails():
    arms = [RANDOM.normal(0.9, 0.01, size=5) for _ in range(6)]
    assert unusual_seeds([*arms, np.array([0.1, 0.3, 0.5, 0.7, 0.9])])[:2] == (0, 0)


def test_trials_without_a_spread_or_with_a_value_missing_tell_nothing():
    assert unusual_seeds([]) == Unusual()
    assert unusual_seeds([np.array([1.0, 9.0]), np.array([1.0, 2.0, math.nan])]) == Unusual()
    assert unusual_seeds([np.ones(5), np.array([1.0, 1.0, 1.0, 1.0, 4.0])]).high == 3


@given(ARMS, st.floats(-100, 100).map(lambda x: round(x, 3)), st.randoms())
def test_unusual_seeds_move_mirror_and_ignore_order(arms, by, random):
    arms = [np.asarray(arm) for arm in arms]
    found = unusual_seeds(arms)
    assert found.low <= 0 <= found.high
    mirror = unusual_seeds([-arm for arm in arms])
    assert (mirror.low, mirror.high) == pytest.approx((-found.high, -found.low))
    random.shuffle(arms)
    assert unusual_seeds(arms) == pytest.approx(found)


def test_arms_without_any_spread_still_see_how_others_fail():
    others = [RANDOM.normal(0.9, 0.01, size=5) for _ in range(5)]
    others[1][2] = 0.2
    found = unusual_seeds([np.ones(5), np.ones(5)], others)
    assert found.low == pytest.approx(-0.7, abs=0.05) and found.n == 35


def test_one_more_seed_is_appended_at_the_same_critical_value():
    values = np.array([1.0, 2.0, 3.0])
    found = one_sample(values)
    (more,) = one_more(values, found, Unusual(-5.0, 0.0, 9))
    again = one_sample(np.array([1.0, 2.0, 3.0, -3.0]))
    assert (more.mean, more.se, more.df) == pytest.approx((again.mean, again.se, found.df))
    assert p_value(more) > p_value(found)
    assert one_more(values, found, Unusual()) == []


def test_of_two_samples_either_may_have_the_unusual_seed():
    x, y = RANDOM.normal(1, 1, 5), RANDOM.normal(0, 1, 4)
    found = welch_difference(x, y)
    more = one_more_of_two(x, y, found, Unusual(-5.0, 0.0, 9))
    grown = welch_difference(np.append(x, np.median(x) - 5), y)
    assert (more[0].mean, more[0].se) == pytest.approx((grown.mean, grown.se))
    assert more[0].mean < found.mean < more[1].mean


def test_the_failing_seed_of_another_trial_takes_back_a_verdict_that_luck_has_made():
    """One seed in five fails: where none of five did, their interval is wrong."""
    plain, guarded, n_samples = 0, 0, 1500
    values = RANDOM.normal(0, 0.2, size=(n_samples, 7, 5))
    values = values - 5 * (RANDOM.random(values.shape) < 0.2) + 1
    for arms in values:  # the true mean is 0
        found = one_sample(arms[0])
        more = one_more(arms[0], found, unusual_seeds(list(arms)))
        plain += p_value(found) <= 0.05
        same = all((one.mean > 0) == (found.mean > 0) for one in more)
        guarded += same and max(p_value(one) for one in (found, *more)) <= 0.05
    assert plain > 0.25 * n_samples and guarded < 0.02 * n_samples
