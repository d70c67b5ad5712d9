"""Boundaries of several looks: known values, what they must never do, and how often they err."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from sweepbook.stats.counting import crosses, repeated_share, upper_limits
from sweepbook.stats.eprocess import Unlimited, e_value
from sweepbook.stats.giving_up import conditional_power
from sweepbook.stats.paths import t_paths
from sweepbook.stats.sequential import Spending, check_looks, spending_of
from sweepbook.stats.shares import exact_share

LOOKS = (5, 10, 15, 20, 30, 40, 60)
SPENDING = spending_of(LOOKS)
FEW = spending_of((3, 5, 9), n_paths=50_000)
LEVELS = st.floats(1e-6, 0.5)


def limits(spending: Spending, alpha: float) -> np.ndarray:
    """|t| of each look that decides."""
    levels = np.array([spending.nominal(n, alpha) for n in spending.looks])
    return -special.stdtrit(np.array(spending.looks) - 1, levels / 2)


def test_the_boundaries_are_those_that_are_known():
    known = [5.89, 3.74, 3.27, 3.06, 2.69, 2.56, 2.29]
    assert limits(SPENDING, 0.05) == pytest.approx(known, abs=0.02)


def test_the_first_look_and_a_single_one_are_the_exact_quantile():
    assert SPENDING.nominal(5, 0.05) == pytest.approx(0.05 * 5 / 60, rel=1e-9)
    assert spending_of((7,), n_paths=1000).nominal(7, 0.05) == pytest.approx(0.05, rel=1e-9)


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 7])
def test_all_looks_together_err_as_often_as_they_say(alpha):
    paths = np.abs(t_paths(LOOKS, 200_000, np.random.default_rng(1)))
    wrong = (paths >= limits(SPENDING, alpha)[:, None]).any(axis=0).mean()
    assert wrong == pytest.approx(alpha, abs=4 * math.sqrt(alpha / 200_000))


def test_far_out_where_few_paths_are_they_err_no_more():
    alpha = 0.0004
    assert alpha < SPENDING.alphas[-1]
    paths = np.abs(t_paths(LOOKS, 400_000, np.random.default_rng(2)))
    wrong = (paths >= limits(SPENDING, alpha)[:, None]).any(axis=0).mean()
    assert wrong <= alpha + 3 * math.sqrt(alpha / 400_000)


@given(st.sampled_from(FEW.looks), LEVELS, LEVELS)
def test_a_smaller_alpha_never_decides_what_a_larger_one_does_not(n, one, other):
    low, high = sorted((one, other))
    assert FEW.nominal(n, low) <= FEW.nominal(n, high)
    assert FEW.nominal(n, high) <= high
    assert FEW.level(n, low) <= FEW.level(n, high)


@given(st.sampled_from(FEW.looks), LEVELS)
def test_the_level_of_a_p_value_is_the_alpha_that_decides_it(n, alpha):
    for rule in (FEW, Unlimited()):
        p = rule.nominal(n, alpha)
        assert rule.level(n, p) <= alpha * (1 + 1e-6) or p == 0
        assert rule.level(n, min(p * 1.001 + 1e-12, 1.0)) >= alpha * (1 - 1e-6)


def test_a_p_value_that_is_not_known_decides_nothing():
    assert FEW.level(5, math.nan) == Unlimited().level(5, math.nan) == 1.0


def test_boundaries_are_read_as_they_were_written():
    again = Spending.from_json(FEW.as_json())
    assert again.nominal(9, 0.05) == pytest.approx(FEW.nominal(9, 0.05), rel=1e-5)
    with pytest.raises(ValueError, match="lack"):
        Spending.from_json({"looks": [5]})
    with pytest.raises(ValueError, match="each look"):
        Spending.from_json({"looks": [5, 9], "alphas": [0.5], "levels": [[0.1]]})


@pytest.mark.parametrize("looks", [(), (1, 5), (5, 5), (9, 5)])
def test_looks_that_cannot_be_are_refused(looks):
    with pytest.raises(ValueError, match="looks"):
        check_looks(looks)


def test_what_lies_outside_is_refused():
    for rule in (FEW, Unlimited()):
        with pytest.raises(ValueError, match="alpha"):
            rule.nominal(5, 0.7)
    with pytest.raises(ValueError, match="looks"):
        FEW.level(4, 0.1)


def test_the_e_value_has_the_mean_1_and_rarely_ever_reaches_20():
    looks = tuple(range(2, 41))
    paths = t_paths(looks, 20_000, np.random.default_rng(3)).astype(float)
    e = np.array(
        [[e_value(t, n) for t in row[:4000]] for row, n in zip(paths, looks, strict=True)]
    )
    assert e.mean(axis=1)[:10] == pytest.approx(1, abs=0.25)
    assert (e.max(axis=0) >= 20).mean() <= 0.05
    # given all that came before, its mean is no larger: after a large value and a small one alike
    before, after = e[8], e[12]
    for part in (before > 1, before <= 1):
        assert after[part].mean() <= before[part].mean() * 1.15


def test_an_e_process_needs_enough_seeds():
    assert Unlimited().nominal(2, 0.05) == 0.0
    assert 0 < Unlimited().nominal(5, 0.05) < 0.05


def test_conditional_power_is_the_formula_where_all_shrinks_with_the_seeds():
    t, n, n_max, critical = 1.5, 20, 60, 2.29
    f = n / n_max
    formula = special.ndtr((t / math.sqrt(f) - critical) / math.sqrt(1 - f))
    assert conditional_power(t, 1.0, 1.0, n, n_max, critical) == pytest.approx(formula)
    # what seeds do not shrink keeps it from being decided
    assert conditional_power(1.5, 0.1, 1.0, n, n_max, critical) < 0.01 < formula


def test_conditional_power_at_its_ends():
    assert conditional_power(1.0, 0.1, 0.1, 60, 60, 2.29) == 1.0
    assert conditional_power(-1.0, 0.1, 0.1, 60, 60, 2.29) == 0.0
    assert conditional_power(0.5, 0.0, 0.0, 20, 60, 2.29) == 1.0
    assert math.isnan(conditional_power(math.nan, 1.0, 1.0, 20, 60, 2.29))


def test_one_look_at_a_count_is_the_exact_interval():
    for k in (0, 3, 17):
        ours, exact = repeated_share([k], [17]), exact_share(k, 17)
        assert ours == pytest.approx((exact.low, exact.high), abs=1e-6)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_counts_cross_at_their_share_as_rarely_as_they_may(share):
    drawn = np.random.default_rng(4).random((20_000, 60)) < share
    ks = np.stack([drawn[:, :n].sum(axis=1) for n in LOOKS], axis=1)
    reached = (ks >= np.array(upper_limits(LOOKS, share, 0.025))).any(axis=1).mean()
    assert 0.005 < reached <= 0.025 + 4 * math.sqrt(0.025 / 20_000)


def test_all_of_many_seeds_are_at_least_four_in_five():
    assert not crosses([5, 10, 15], LOOKS, 0.8, 0.025)
    assert crosses([5, 10, 15, 20, 30], LOOKS, 0.8, 0.025)
    low, high = repeated_share([5, 10, 15, 20, 30], LOOKS)
    assert low > 0.8 and high == 1.0
