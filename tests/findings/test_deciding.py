"""From values to verdicts, without a record: what is shown and what is said agree."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweepbook.findings.arm import Arm
from sweepbook.findings.deciding.comparisons import SAME_FOR_ALL, comparisons
from sweepbook.findings.deciding.counts import counted_verdict
from sweepbook.findings.deciding.outcomes import Outcome
from sweepbook.findings.deciding.verdicts import ALPHA, Decision, decide
from sweepbook.findings.finding import FAILS, HOLDS, OPEN
from sweepbook.findings.question import Question
from sweepbook.stats.intervals import t_interval
from sweepbook.stats.shares import exact_share
from sweepbook.stats.unusual import Unusual
from sweepbook.study.claim import Claim
from tests.findings.claims import claim

NUMBERS = st.floats(-5, 5).map(lambda x: round(x, 3))
KINDS = st.sampled_from(["winner", "ranking", "direction"])


def declared(**fields) -> Claim:
    return Claim(**claim(**{"labels": (), **fields}))


def arms_of(*samples) -> list[Arm]:
    return [
        Arm(f"arm {i}", f"t{i}", pd.Series(np.asarray(sample, dtype="float64")))
        for i, sample in enumerate(samples)
    ]


def decided(*pairs, unusual: Unusual = Unusual(), family: str = "") -> list[Decision]:  # noqa: B008
    """The decisions of (claim fields, samples), made together."""
    questions, results = [], {}
    for i, (fields, samples) in enumerate(pairs):
        arms = arms_of(*samples)
        settings = [{"width": j} for j in range(len(arms))]
        own = declared(**{"name": f"c{i}", "family": family, "arms": settings, **fields})
        questions.append(Question(claim=own))
        results[own.name] = Outcome(arms, comparisons(own, arms, unusual=unusual))
    found = decide(questions, results)
    return [found[question.claim.name] for question in questions]


@st.composite
def studies(draw):
    n = draw(st.integers(2, 6))
    pairs = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(KINDS)
        n_arms = 2 if kind == "direction" else draw(st.integers(2, 5))
        samples = [draw(st.lists(NUMBERS, min_size=n, max_size=n)) for _ in range(n_arms)]
        pairs.append(({"kind": kind, "smallest": draw(st.sampled_from([0.0, 0.5]))}, samples))
    unusual = draw(st.sampled_from([Unusual(), Unusual(-3.0, 0.0, 30), Unusual(-2.0, 4.0, 30)]))
    return pairs, unusual, draw(st.sampled_from(["", "together"]))


@given(studies())
def test_the_interval_that_is_shown_and_the_verdict_always_agree(study):
    pairs, unusual, family = study
    for found in decided(*pairs, unusual=unusual, family=family):
        assert found.test is not None
        low, high = found.test.interval(found.level)
        reach_low, reach_high = found.test.guarded_interval(found.level)
        band_low, band_high = found.test.band
        if found.verdict == HOLDS:
            assert band_low <= reach_low and reach_high <= band_high
        elif found.verdict == FAILS:
            assert reach_high <= band_low or reach_low >= band_high
        elif not found.overturned:
            assert low <= found.test.edge <= high


def test_all_comparisons_of_a_winner_must_hold_and_none_is_corrected_for_it():
    values = np.array([0.0, 0.1, -0.1, 0.05, -0.05])
    rivals = [np.roll(values, i) for i in range(1, 7)]
    (found,) = decided(({"kind": "winner", "smallest": 0.0}, [values + 0.2, *rivals]))
    assert found.verdict == HOLDS and found.level == 0.95
    largest = max(test.p for test in comparisons(declared(kind="winner", smallest=0.0,
        arms=[{"width": i} for i in range(7)]), arms_of(values + 0.2, *rivals)))  # fmt: skip
    assert found.test.p == largest


def test_one_of_many_that_does_not_hold_is_corrected_for():
    values = np.array([0.0, 0.1, -0.1, 0.05, -0.05])
    rivals = [np.roll(values, i) + 0.01 for i in range(1, 5)]
    (found,) = decided(({"kind": "winner", "smallest": 0.0}, [values, *rivals]))
    assert found.verdict == OPEN and found.level == 1 - ALPHA / 4
    (found,) = decided(({"kind": "winner", "smallest": 0.0}, [values - 3, *rivals]))
    assert found.verdict == FAILS and found.p_adjusted == pytest.approx(4 * found.test.p)


def test_an_unusual_seed_of_the_study_overturns_a_verdict_and_never_makes_one():
    values = [1.0, 1.1, 0.9, 1.05, 0.95]
    alone = {"kind": "threshold", "target": 0.0, "smallest": 0.5, "arms": [{}]}
    (found,) = decided((alone, [values]))
    assert found.verdict == HOLDS and not found.overturned
    (found,) = decided((alone, [values]), unusual=Unusual(-2.0, 0.0, 30))
    assert found.verdict == OPEN and found.overturned
    wide = [5.0, -4.0, 3.0, -2.0, 0.0]
    (found,) = decided((alone, [wide]), unusual=Unusual(-2.0, 0.0, 30))
    assert found.verdict == OPEN and not found.overturned


def test_a_printed_single_run_scatters_like_the_seeds_beside_it():
    values = [0.4, 0.6, 0.5, 0.55, 0.45]
    alone = {"kind": "threshold", "target": 0.3, "smallest": 0.0, "arms": [{}]}
    assert decided((alone, [values]))[0].verdict == HOLDS
    found = decided((alone | {"single_run": True}, [values]))[0]
    assert found.verdict == OPEN
    plain = t_interval(values)
    low, high = found.test.interval(0.95)
    assert (high - low) / float(plain.high - plain.low) == pytest.approx(math.sqrt(6))


def test_a_printed_difference_of_two_single_runs_scatters_too():
    a, b = [0.9, 0.8, 0.85, 0.95, 0.9], [0.4, 0.42, 0.3, 0.41, 0.45]
    same = {"kind": "equivalence", "target": 0.4, "smallest": 0.1}
    for paired in (True, False):
        arms = arms_of(a, b)
        widths = []
        for single_run in (False, True):
            own = declared(**same, name="c", arms=[{"w": 0}, {"w": 1}], single_run=single_run)
            low, high = comparisons(own, arms, paired=paired)[0].interval(0.95)
            widths.append(high - low)
        assert widths[1] / widths[0] == pytest.approx(math.sqrt(6))


def test_two_models_that_every_seed_gives_alike_are_not_told_apart_by_seeds():
    same = [
        Arm(f"a{i}", f"t{i}", pd.Series([0.9 + i / 328] * 5), same_for_all=True) for i in (0, 1)
    ]
    own = declared(name="c", arms=[{"width": 0}, {"width": 1}], smallest=0.0, direction="lower")
    tests = comparisons(own, same)
    found = decide([Question(claim=own)], {"c": Outcome(same, tests)})["c"]
    assert found.verdict == OPEN and math.isnan(tests[0].p)
    assert "rows" in SAME_FOR_ALL


def test_looks_make_the_level_stricter_and_are_no_comparisons():
    values = np.array([0.0, 0.1, -0.1, 0.05, -0.05])
    arms = [dataclasses.replace(arm, looks=3) for arm in arms_of(values + 0.6, values)]
    own = declared(name="c", arms=[{"w": 0}, {"w": 1}], smallest=0.5)
    result = Outcome(arms, comparisons(own, arms))
    found = decide([Question(claim=own)], {"c": result})["c"]
    assert found.level == pytest.approx(1 - ALPHA / 3) and found.n_family == 1


@pytest.mark.parametrize(
    ("k", "n", "fails", "learns"),
    [
        (17, 17, "holds", "does not hold"),
        (16, 16, "undecided", "does not hold"),
        (3, 3, "undecided", "does not hold"),
        (2, 3, "mixed", "mixed"),
        (0, 3, "does not hold", "undecided"),
        (0, 17, "does not hold", "holds"),
        (2, 10, "does not hold", "mixed"),
    ],
)
def test_a_count_is_decided_by_its_exact_bound(k, n, fails, learns):
    share = exact_share(k, n)
    assert counted_verdict(share) == fails
    assert counted_verdict(share, learns=True) == learns
