import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sweepbook.stats import intervals, multiple, shares, winners
from sweepbook.stats.power import detectable_difference, needed_n, needed_range

NUMBERS = st.floats(-1e3, 1e3, allow_subnormal=False).map(lambda x: round(x, 6))
SAMPLES = st.lists(NUMBERS, min_size=2, max_size=12)
TABLES = st.integers(2, 5).flatmap(
    lambda n: st.lists(st.lists(NUMBERS, min_size=n, max_size=n), min_size=1, max_size=6)
)


@given(SAMPLES, st.randoms(use_true_random=False))
def test_t_interval_ignores_the_order_of_replicates(values, random):
    shuffled = random.sample(values, len(values))
    for one, other in zip(
        intervals.t_interval(values)[:3], intervals.t_interval(shuffled)[:3], strict=True
    ):
        assert float(one) == pytest.approx(float(other), rel=1e-9, abs=1e-9)


@given(SAMPLES)
def test_a_mirrored_metric_gives_the_mirrored_interval(values):
    for function in (intervals.t_interval, intervals.prediction_interval):
        plain, mirror = function(values), function([-v for v in values])
        assert float(mirror.low) == pytest.approx(-float(plain.high), abs=1e-9)
        assert float(mirror.high) == pytest.approx(-float(plain.low), abs=1e-9)


def test_t_interval_is_scipys_and_works_along_the_last_axis():
    table = np.random.default_rng(3).normal(size=(2, 3, 5))
    interval = intervals.t_interval(table, level=0.9)
    assert interval.mean.shape == (2, 3) and interval.n == 5
    reference = stats.ttest_1samp(table[1, 2], 0.0).confidence_interval(0.9)
    assert float(interval.low[1, 2]) == pytest.approx(reference.low)
    assert float(interval.high[1, 2]) == pytest.approx(reference.high)


@pytest.mark.parametrize("make", ["t", "prediction", "one_sample"])
def test_nan_is_never_dropped_and_one_value_has_no_bounds(make):
    function = {
        "t": intervals.t_interval,
        "prediction": intervals.prediction_interval,
        "one_sample": intervals.one_sample,
    }[make]
    holed = function([1.0, math.nan, 3.0])
    assert math.isnan(float(holed.mean)) and math.isnan(float(holed.low)) and holed.n == 3
    single = function([2.0])
    assert float(single.mean) == 2.0 and math.isnan(float(single.low)) and single.n == 1
    assert math.isnan(float(function([]).mean))


def test_intervals_of_five_normal_replicates_cover_95_percent():
    random = np.random.default_rng(11)
    samples = random.normal(3.0, 2.0, size=(20_000, 5))
    interval = intervals.t_interval(samples)
    assert 0.94 < np.mean((interval.low <= 3.0) & (interval.high >= 3.0)) < 0.96
    one_more = intervals.prediction_interval(samples)
    following = random.normal(3.0, 2.0, size=20_000)
    assert 0.94 < np.mean((one_more.low <= following) & (one_more.high >= following)) < 0.96
    second_mean = intervals.prediction_interval(samples, m=5)
    means = random.normal(3.0, 2.0, size=(20_000, 5)).mean(axis=1)
    assert 0.94 < np.mean((second_mean.low <= means) & (second_mean.high >= means)) < 0.96


def test_welch_covers_with_unequal_spread():
    random = np.random.default_rng(5)
    wide, narrow = random.normal(1.0, 3.0, (3_000, 5)), random.normal(0.0, 1.0, (3_000, 8))
    found = [intervals.welch_difference(a, b) for a, b in zip(wide, narrow, strict=True)]
    assert 0.93 < np.mean([d.low <= 1.0 <= d.high for d in found]) < 0.97


def test_welch_is_scipys():
    a, b = [1.0, 2.0, 4.0, 7.0], [0.5, 0.4, 0.9]
    found = intervals.welch_difference(a, b)
    reference = stats.ttest_ind(a, b, equal_var=False)
    bounds = reference.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((bounds.low, bounds.high))
    assert intervals.p_value(found) == pytest.approx(reference.pvalue)
    assert found.n == 3


def test_pairs_are_matched_by_replicate_not_by_position():
    a = pd.Series([1.0, 2.0, 4.0], index=[0, 1, 2])
    b = pd.Series([3.5, 1.5, 0.4], index=[2, 1, 0])
    found = intervals.paired_difference(a, b)
    assert found.mean == pytest.approx(np.mean([0.6, 0.5, 0.5]))
    assert found.high - found.low < 0.3  # unpaired spread is ten times this
    with pytest.raises(ValueError, match="same replicates"):
        intervals.paired_difference(a, b.drop(2))


def test_constant_differences_have_an_interval_of_width_zero():
    found = intervals.one_sample([0.5, 0.5, 0.5])
    assert (found.low, found.high) == (0.5, 0.5)
    assert intervals.p_value(found) == 0.0 and intervals.p_value(found, null=0.5) == 1.0
    assert intervals.welch_difference([1.0, 1.0], [0.0, 0.0]).low == 1.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_holm_never_lowers_p_keeps_its_order_and_ignores_the_order_given(p, random):
    adjusted = multiple.holm(p)
    assert np.all(adjusted >= np.asarray(p) - 1e-15) and np.all(adjusted <= 1)
    assert adjusted.max() >= max(p)
    order = random.sample(range(len(p)), len(p))
    assert np.allclose(multiple.holm([p[i] for i in order]), adjusted[order])


def test_holm_by_hand_and_nan_is_no_comparison():
    assert multiple.holm([0.01, math.nan, 0.04, 0.03]).tolist() == pytest.approx(
        [0.03, math.nan, 0.06, 0.06], nan_ok=True
    )


@given(TABLES, st.randoms(use_true_random=False))
def test_winner_ignores_order_and_mirrors(table, random):
    scores = np.asarray(table)
    plain = winners.leave_one_out_winner(scores, "max")
    mirror = winners.leave_one_out_winner(-scores, "min")
    rows = random.sample(range(len(scores)), len(scores))
    columns = random.sample(range(scores.shape[1]), scores.shape[1])
    moved = winners.leave_one_out_winner(scores[rows][:, columns], "max")
    assert mirror.corrected == pytest.approx(-plain.corrected, abs=1e-9)
    assert mirror.advantage == pytest.approx(plain.advantage, abs=1e-9)
    assert moved.corrected == pytest.approx(plain.corrected, abs=1e-9)
    assert moved.naive == pytest.approx(plain.naive, abs=1e-9)


def test_leaving_one_out_removes_the_advantage_of_the_best_of_seven_equal_arms():
    random = np.random.default_rng(2)
    found = [winners.leave_one_out_winner(random.normal(size=(7, 5)), "max") for _ in range(2_000)]
    assert np.mean([w.naive for w in found]) == pytest.approx(0.6, abs=0.05)
    assert np.mean([w.corrected for w in found]) == pytest.approx(0.0, abs=0.05)


def test_winner_by_hand_and_with_too_little():
    found = winners.leave_one_out_winner([[3.0, 3.0, 0.0], [2.0, 2.0, 2.0]], "max")
    # without 0: 1.5 < 2; without 1: 1.5 < 2; without 2: 3 > 2, which then scores 0
    assert found.scores.tolist() == [2.0, 2.0, 0.0]
    assert found.picks.tolist() == [1.0, 2.0]
    assert math.isnan(winners.leave_one_out_winner([[1.0], [2.0]], "max").corrected)
    assert math.isnan(winners.leave_one_out_winner([[1.0, math.nan]], "max").corrected)


def test_power_matches_simulation_and_the_two_questions_agree():
    size = detectable_difference(1.0, 5)
    samples = np.random.default_rng(8).normal(size, 1.0, size=(20_000, 5))
    interval = intervals.t_interval(samples)
    rejected = np.mean((interval.low > 0) | (interval.high < 0))
    assert rejected == pytest.approx(0.8, abs=0.015)
    assert needed_n(size * 1.001, 1.0) == 5
    assert needed_n(detectable_difference(1.0, 7, paired=False) * 1.001, 1.0, paired=False) == 7


def test_needed_n_at_the_edges():
    assert needed_n(0.0, 1.0) is None
    assert needed_n(1e-9, 1.0) is None  # more than anyone trains
    assert needed_n(math.nan, 1.0) is None
    assert needed_n(0.3, 0.0) == 2
    assert needed_n(-0.5, 1.0) == needed_n(0.5, 1.0) == 34
    assert math.isnan(detectable_difference(1.0, 1))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_factors_reject_what_holm_rejects(p):
    factors = multiple.holm_factors(p, 0.05)
    assert ((np.asarray(p) * factors <= 0.05) == (multiple.holm(p) <= 0.05)).all()


def test_a_needed_number_comes_with_what_the_replicates_leave_open_about_it():
    found = needed_range(0.5, 1.0, 5)
    assert found.low < found.likely == 34 and found.high is None  # its interval holds 0
    found = needed_range(0.5, 1.0, 60)
    assert found.low < found.likely < found.high < 100
    assert needed_range(math.nan, 1.0, 5).likely is None


@given(st.integers(0, 40), st.integers(0, 40))
def test_an_exact_share_errs_at_each_end_in_at_most_a_fortieth(k, extra):
    n = k + extra
    found = shares.exact_share(k, n)
    assert 0 <= found.low <= found.high <= 1
    if 0 < k:
        assert stats.binom.sf(k - 1, n, found.low) == pytest.approx(0.025)
    if 0 < extra:
        assert stats.binom.cdf(k, n, found.high) == pytest.approx(0.025)


@given(st.integers(0, 40), st.integers(0, 40))
def test_wilson_mirrors_and_stays_a_share(k, extra):
    n = k + extra
    share, rest = shares.wilson_interval(k, n), shares.wilson_interval(extra, n)
    if n == 0:
        assert math.isnan(float(share.mean))
        return
    assert 0 <= float(share.low) <= k / n <= float(share.high) <= 1
    assert float(rest.low) == pytest.approx(1 - float(share.high), abs=1e-12)


def test_mixture_counts_chance_and_diverged_replicates():
    found = shares.at_chance([0.10, 0.12, 0.93, 0.95, math.nan], threshold=0.15)
    assert (found.k, found.n, found.is_mixed) == (3, 5, True)
    assert not shares.at_chance([0.9, 0.8], 0.15).is_mixed
    assert not shares.at_chance([0.1, 0.1], 0.15).is_mixed


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: intervals.t_interval([1.0, 2.0], level=95), r"level must lie in \(0, 1\).*95"),
        (lambda: intervals.prediction_interval([1.0], m=0), "m must be at least 1"),
        (lambda: winners.leave_one_out_winner([1.0], "max"), "n_arms"),
        (lambda: shares.wilson_interval(3, 2), "k = 3, n = 2"),
        (lambda: detectable_difference(1.0, 5, power=1.0), "power"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
