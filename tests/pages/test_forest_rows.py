"""The declared claims as rows of a forest plot: where bars lie, and what stands beside them."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweepbook.findings.finding import FAILS, HOLDS, MISSING, OPEN, Finding
from sweepbook.pages.forest import Row, band, place, rows_of

NUMBERS = st.floats(-1e6, 1e6)


def row(kind: str = "direction", **changes: Any) -> Row:
    """The row of one claim: half as large again as matters, give or take as much as matters."""
    scaled: dict[str, Any] = {
        "name": "a-claim", "scale": "smallest difference", "estimate": 1.5, "low": 0.5,
        "high": 2.5, "guard_low": math.nan, "guard_high": math.nan, "band_low": 1.0,
        "band_high": math.inf,
    }  # fmt: skip
    finding = {key: changes.pop(key) for key in [*changes] if key not in scaled}
    told = {"verdict": OPEN, "estimate": 1.5, "low": 0.5, "high": 2.5, "unit": "points", "n": 5}
    one = Finding(name="a-claim", kind=kind, claim="A is higher", **(told | finding))
    (found,) = rows_of("study", [one], pd.DataFrame([scaled | changes]))
    return found


def test_a_row_is_called_by_its_title_or_else_by_what_is_claimed() -> None:
    assert row(title="Wide is better").label == "Wide is better"
    assert row().label == "A is higher"


@given(NUMBERS, NUMBERS)
def test_the_axis_keeps_the_order_and_stays_on_the_plot(one: float, other: float) -> None:
    assert 0 <= place(one) <= 100
    assert one >= other or place(one) <= place(other)
    assert place(-one) == pytest.approx(100 - place(one), abs=0.011)


def test_a_bar_lies_where_its_claim_says() -> None:
    as_claimed = row(estimate=2.0, low=1.2, high=2.8)
    lower = row(estimate=-2.0, low=-2.8, high=-1.2, band_low=-math.inf, band_high=-1.0)
    assert as_claimed.bar == lower.bar, "what is claimed lies to the right, whatever its sign"
    assert as_claimed.bar is not None and as_claimed.bar.low is not None
    assert as_claimed.bar.low > band()[1]
    same = row("equivalence", estimate=0.2, low=-0.5, high=0.9, band_low=-1.0, band_high=1.0)
    assert same.is_same and same.bar is not None
    assert band()[0] < (same.bar.low or 0) < (same.bar.high or 0) < band()[1]


def test_a_claim_inside_the_band_is_marked_whatever_its_kind() -> None:
    healthy = row("gradients", estimate=0.1, low=-0.2, high=0.4, band_low=-1.0, band_high=1.0)
    assert healthy.is_same and not row("gradients").is_same


def test_a_bar_that_leaves_the_axis_says_so() -> None:
    found = row(estimate=400.0, low=-50.0, high=900.0).bar
    assert found is not None and (found.below, found.above) == (True, True)
    inside = row().bar
    assert inside is not None and (inside.below, inside.above) == (False, False)


def test_a_claim_about_seeds_or_without_a_trial_has_no_bar() -> None:
    seeds = row("mixture", found="5 of 5", scale="share of the seeds")
    assert (seeds.bar, seeds.seeds, seeds.numbers) == (None, "5 of 5 seeds at chance", "")
    nothing = Finding(name="a-claim", kind="direction", claim="A is higher", verdict=MISSING)
    (gone,) = rows_of("study", [nothing], pd.DataFrame())
    assert (gone.bar, gone.numbers, gone.sample) == (None, "", "")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"verdict": OPEN}, "the interval is too wide"),
        ({"verdict": OPEN, "needed_low": 9}, "too few seeds"),
        ({"verdict": OPEN, "overturned": True}, "one more unusual seed would overturn it"),
        ({"verdict": HOLDS, "n_seeds": 3}, "weak"),
        ({"verdict": FAILS, "n_seeds": 40}, ""),
    ],
)
def test_a_row_says_what_its_verdict_lacks(said: dict[str, Any], why: str) -> None:
    assert row(**said).why == why


def test_the_numbers_name_the_rival_and_a_level_that_is_not_95() -> None:
    assert row(arm="a", against="b").numbers == "+1.5 points (+0.50 to +2.5)"
    found = row("winner", rival="c", level=0.975).numbers
    assert found.startswith("against c: +1.5 points") and "97.5 %" in found
    assert row("ranking", rival="b against a").numbers.startswith("b against a: +1.5")
