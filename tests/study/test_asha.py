import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweepbook import ASHA


@given(st.integers(1, 500), st.integers(2, 10), st.integers(0, 5000), st.integers(0, 3))
def test_rungs_are_powers_from_the_grace_period_up_to_max_t(grace, factor, above, bracket):
    rungs = ASHA(grace_period=grace, reduction_factor=factor).rungs(grace + above, bracket)
    assert list(rungs) == sorted(set(rungs))
    assert all(isinstance(rung, int) and rung <= grace + above for rung in rungs)
    assert list(rungs) == [grace * factor ** (bracket + k) for k in range(len(rungs))]
    assert grace * factor ** (bracket + len(rungs)) > grace + above, "none is left out"


@pytest.mark.parametrize(
    "max_t, factor, rungs",
    [
        (243, 3, (1, 3, 9, 27, 81, 243)),
        (1000, 10, (1, 10, 100, 1000)),
        (100, 3, (1, 3, 9, 27, 81)),
    ],
)
def test_no_rung_is_lost_to_a_logarithm(max_t, factor, rungs):
    assert ASHA(reduction_factor=factor).rungs(max_t) == rungs


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"grace_period": 20, "max_t": 10}, r"grace_period .*max_t \(10\), got 20"),
        ({"grace_period": 0}, "grace_period must be a whole number >= 1, got 0"),
        ({"grace_period": 1.5}, "grace_period must be a whole number >= 1, got 1.5"),
        ({"reduction_factor": 1}, "reduction_factor must be a whole number >= 2, got 1"),
        ({"brackets": 0}, "brackets must be a whole number >= 1, got 0"),
        ({"max_t": 9.0}, "max_t must be a whole number or None, got 9.0"),
        ({"max_t": 10, "brackets": 3}, "brackets is 3.* max_t 10"),
    ],
)
def test_a_wrong_value_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        ASHA(**settings)


def test_it_is_bound_to_the_longest_trial_and_scaled_like_the_trials():
    assert ASHA(grace_period=5).bound(50) == ASHA(grace_period=5, max_t=50)
    assert ASHA(max_t=20).bound(50).max_t == 20
    assert ASHA(max_t=80).bound(50).max_t == 50
    assert ASHA(grace_period=5, max_t=40).bound(10, scale=0.2) == ASHA(grace_period=1, max_t=8)
    with pytest.raises(ValueError, match=r"grace_period .*max_t \(10\), got 20"):
        ASHA(grace_period=20).bound(10)


def test_it_is_a_frozen_value():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ASHA().max_t = 3
