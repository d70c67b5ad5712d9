"""What is shown of a claim and what is decided agree, at whatever looks it was decided."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweepbook.findings.arm import Arm
from sweepbook.findings.deciding.comparisons import comparisons
from sweepbook.findings.finding import FAILS, HOLDS
from sweepbook.findings.sequential.compared import Compared
from sweepbook.findings.sequential.design import Design
from sweepbook.findings.sequential.seen import repeated_interval, seen_in, seen_of
from sweepbook.stats.sequential import RULE, spending_of
from sweepbook.stats.unusual import Unusual
from sweepbook.study.claim import Claim
from tests.findings.claims import claim

LOOKS = (3, 5, 9)
BOUNDARIES = spending_of(LOOKS, n_paths=50_000)
DESIGN = Design(
    looks=LOOKS,
    alpha=0.05,
    spending=RULE,
    claims_sha256="",
    frozen={"claims": {"it": {}}, "families": {}, "boundaries": BOUNDARIES.as_json()},
)
FIELDS = {
    "direction": {"smallest": 0.5},
    "winner": {"kind": "winner", "smallest": 0.0},
    "ranking": {"kind": "ranking", "smallest": 0.2},
    "equivalence": {"kind": "equivalence", "target": 0.0, "smallest": 1.0},
}


def compared(kind, seed, spread, unusual, n_looks):
    n_arms = 2 if kind in ("direction", "equivalence") else 3
    rng = np.random.default_rng(seed)
    means = rng.choice([0.0, 0.3, 1.0, 3.0], n_arms)
    values = means[:, None] + spread * rng.standard_normal((n_arms, LOOKS[-1]))
    arms = [{"width": i} for i in range(n_arms)]
    own = Claim(**claim(**{"labels": (), **FIELDS[kind], "arms": arms}))
    looks = []
    for n in LOOKS[:n_looks]:
        cut = [Arm(f"arm {i}", f"t{i}", pd.Series(row[:n])) for i, row in enumerate(values)]
        tests = comparisons(own, cut, unusual=unusual)
        looks.append([seen_in(seen_of(test, n, 20).as_json()) for test in tests])
    return Compared(DESIGN, looks), comparisons(own, cut)[0].band


@given(
    st.sampled_from(sorted(FIELDS)),
    st.integers(0, 10_000),
    st.sampled_from([0.05, 0.3, 1.0]),
    st.sampled_from([Unusual(), Unusual(-2.0, 0.0, 30)]),
    st.integers(1, 3),
    st.integers(1, 4),
)
def test_the_repeated_interval_and_the_state_agree(kind, seed, spread, unusual, n_looks, factor):
    made, (band_low, band_high) = compared(kind, seed, spread, unusual, n_looks)
    ending = made.ending(factor)
    low, high = ending["low"], ending["high"]
    if ending["state"] == HOLDS:
        assert band_low <= low + 1e-6 and high <= band_high + 1e-6
    elif ending["state"] == FAILS:
        assert high <= band_low + 1e-6 or low >= band_high - 1e-6
    assert (ending["state"] in (HOLDS, FAILS)) == (made.p * factor <= 0.05)


def test_a_later_look_never_makes_it_less_sure():
    for seed in range(20):
        p = [compared("direction", seed, 0.5, Unusual(), n)[0].p for n in (1, 2, 3)]
        assert p == sorted(p, reverse=True)


def test_the_repeated_interval_covers_at_all_looks_together():
    rng, missed = np.random.default_rng(6), 0
    own = Claim(**claim(kind="threshold", target=0.0, smallest=0.0, arms=[{"a": 1}], labels=()))
    for values in rng.standard_normal((400, LOOKS[-1])):
        past = []
        for n in LOOKS:
            arm = Arm("a", "t", pd.Series(values[:n]))
            past.append(seen_of(comparisons(own, [arm])[0], n, 20))
        low, high = repeated_interval(BOUNDARIES, past, 0.05)
        missed += not low <= 0 <= high
    assert missed / 400 <= 0.05 + 3.5 * (0.05 * 0.95 / 400) ** 0.5


def test_what_a_look_saw_must_be_complete():
    with pytest.raises(ValueError, match="lacks"):
        seen_in({"label": "a", "n": 5})
