"""Replicates that share training rows: the corrected resampled t test, by hand and everywhere."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks.folds import SCHEMES, simulate
from sweepbook.aggregates.curves import curve_table, end_table
from sweepbook.stats.choice import with_choice
from sweepbook.stats.intervals import (
    against_one_run,
    one_sample,
    p_value,
    paired_difference,
    prediction_interval,
    t_interval,
    welch_difference,
)
from sweepbook.stats.power import detectable_difference, needed_n, needed_range
from sweepbook.stats.unusual import Unusual, one_more, one_more_of_two
from tests.findings.claims import FIVE, OFF, ON, claim, finding
from tests.records import with_manifest

# differences of five folds: mean 0.02, sd sqrt(0.00025); 1/5 + 1/4 = 0.45
FOLDS = np.array([0.00, 0.01, 0.02, 0.03, 0.04])
SE = math.sqrt(0.00025 * 0.45)  # 0.010607, by hand; naively 0.007071


def test_by_hand():
    found = one_sample(FOLDS, overlap=0.25)
    assert found.se == pytest.approx(0.0106066, rel=1e-5) == pytest.approx(SE)
    assert (found.mean, found.df, found.sd) == pytest.approx((0.02, 4, math.sqrt(0.00025)))
    half = 2.776445 * 0.0106066  # t(0.975, 4) from a table
    assert (found.low, found.high) == pytest.approx((0.02 - half, 0.02 + half), rel=1e-5)
    assert p_value(found) == pytest.approx(2 * stats.t.sf(0.02 / SE, 4))
    assert p_value(found) > 0.05 > p_value(one_sample(FOLDS)), "the correction decides it"
    interval = t_interval(FOLDS, overlap=0.25)
    assert (float(interval.low), float(interval.high)) == pytest.approx((found.low, found.high))


def test_nothing_changes_without_an_overlap():
    assert one_sample(FOLDS, overlap=0.0) == one_sample(FOLDS)
    assert welch_difference(FOLDS, FOLDS + 1, overlap=0.0) == welch_difference(FOLDS, FOLDS + 1)


def test_every_kind_of_comparison_is_corrected():
    wider = math.sqrt(0.45 / 0.2)
    series = pd.Series(FOLDS)
    for plain, own in (
        (one_sample(FOLDS), one_sample(FOLDS, overlap=0.25)),
        (paired_difference(series, 0 * series), paired_difference(series, 0 * series, 0.95, 0.25)),
        (welch_difference(FOLDS, -FOLDS), welch_difference(FOLDS, -FOLDS, overlap=0.25)),
    ):
        assert own.se == pytest.approx(wider * plain.se)
        assert own.high - own.low == pytest.approx(wider * (plain.high - plain.low))
        assert own.sd == pytest.approx(plain.sd), "the spread itself is what it is"
    one_run = against_one_run(FOLDS, overlap=0.25)
    assert one_run.se == pytest.approx(math.sqrt(0.00025 * (1 + 0.25 + 0.45)))
    ahead = prediction_interval(FOLDS, overlap=0.25)
    assert float(ahead.high) == pytest.approx(one_run.high)


def test_one_more_seed_is_one_more_fold():
    found = one_sample(FOLDS, overlap=0.25)
    (grown,) = one_more(FOLDS, found, Unusual(low=-1.0))
    sample = np.append(FOLDS, 0.02 - 1.0)
    assert grown.se == pytest.approx(sample.std(ddof=1) * math.sqrt(1 / 6 + 0.25))
    two = welch_difference(FOLDS, -FOLDS, overlap=0.25)
    grown_two = one_more_of_two(FOLDS, -FOLDS, two, Unusual(low=-1.0))
    var = sample.var(ddof=1) * (1 / 6 + 0.25) + 0.00025 * 0.45
    assert grown_two[0].se == pytest.approx(math.sqrt(var))


def test_what_a_choice_adds_grows_alike():
    pseudo = 3 * FOLDS
    found = with_choice(one_sample(FOLDS, overlap=0.25), FOLDS, pseudo)
    assert found.se == pytest.approx(3 * SE)


def test_no_number_of_folds_decides_what_the_data_do_not_tell():
    assert needed_n(0.2, 1.0) == 199
    assert needed_n(0.2, 1.0, overlap=0.25) is None, "the standard error stays above 0.5"
    n = needed_n(2.0, 1.0, overlap=0.25)
    assert n is not None and n > needed_n(2.0, 1.0)
    assert detectable_difference(1.0, n, overlap=0.25) <= 2.0
    assert detectable_difference(1.0, n - 1, overlap=0.25) > 2.0
    assert needed_range(0.01, 1.0, 5, overlap=0.25).likely is None


@pytest.mark.parametrize("scheme", SCHEMES[:3], ids=lambda scheme: scheme.name)
def test_equal_learners_are_told_apart_in_few_data_sets(scheme):
    found = simulate("nearest mean", scheme, 150)
    assert found.corrected <= 14, "of 150; 7.5 are one in twenty"
    if scheme.repeats > 1:
        assert found.naive > 50


A, B, C = ({"kernel": name} for name in ("linear", "rbf", "poly"))
VALUES = [FIVE + 0.02 + FOLDS / 20, FIVE, FIVE - 0.01 - FOLDS[::-1] / 10]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"kind": "equivalence", "target": 0.02, "smallest": 0.01},
        {"kind": "winner", "arms": [A, B, C], "labels": list("abc")},
        {"kind": "ranking", "arms": [B, A], "labels": list("ab")},
        {"kind": "threshold", "arms": [A], "labels": ["a"], "target": 0.9},
        {"kind": "threshold", "arms": [A], "labels": ["a"], "target": 0.9, "single_run": True},
        {"relative": True},
    ],
)
@pytest.mark.parametrize("paired", [True, False])
def test_a_finding_of_any_kind_is_wider_and_says_why(planted, changes, paired):
    asked = claim(**{"arms": [A, B], "labels": list("ab"), "direction": "higher", **changes})
    plain = planted([A, B, C], [asked], {"val_acc": VALUES})
    plain = with_manifest(plain, data={"paired": paired})
    rows = [finding(with_manifest(plain, data={"overlap": one})) for one in (0.0, 0.25)]
    assert rows[0]["estimate"] == pytest.approx(rows[1]["estimate"]), rows[0]["sentence"]
    sizes = [row["high"] - row["low"] for row in rows]
    least = math.sqrt(0.45 / 0.2) if "single_run" not in changes else math.sqrt(1.7 / 1.2)
    assert sizes[1] >= sizes[0] * least * 0.98  # of a relative one, the scale is bent
    assert rows[1]["p"] > rows[0]["p"]
    said = ["corrected resampled t test" in row["sentence"] for row in rows]
    assert said == [False, True]


def test_tables_and_curves_are_wider(planted):
    plain = planted([ON, OFF], [claim()], {"val_acc": VALUES[:2]})
    own = with_manifest(plain, data={"overlap": 0.25})
    for table in (curve_table, end_table):
        wide, narrow = (table(one, ["val_acc"], one.trials) for one in (own, plain))
        ratio = (wide["high"] - wide["low"]) / (narrow["high"] - narrow["low"])
        assert ratio.dropna().to_numpy() == pytest.approx(math.sqrt(0.45 / 0.2))


def test_repeated_splits_are_warned_of(planted):
    record = planted([ON, OFF], [claim()], {"val_acc": VALUES[:2]})
    once, often = (
        finding(with_manifest(record, data={"overlap": one}))["sentence"] for one in (0.25, 1.0)
    )
    assert "several times" not in once
    assert "may err in more than 5 %" in often
