"""A short form of `make simulate`: verdicts err as rarely as they say; wrong rules are seen."""

from __future__ import annotations

import math

import pytest

from benchmarks.verdicts.counted import counted, gradients, over_rows
from benchmarks.verdicts.page import END, START, written
from benchmarks.verdicts.rates import rate
from benchmarks.verdicts.studies import KINDS
from benchmarks.verdicts.wrong import LIMIT, WRONG, wrong_rows

N_STUDIES = 150
MOST = 0.05 + 3.5 * math.sqrt(0.05 * 0.95 / N_STUDIES)  # what chance makes of 5 %


@pytest.mark.parametrize("planted", KINDS, ids=lambda planted: planted.name)
def test_no_kind_of_verdict_errs_in_more_than_a_twentieth_at_its_edge(planted):
    for errors in ("normal", "t3", "skewed", "bimodal"):
        assert rate(planted, planted.edge, errors, 5, N_STUDIES)["false"] <= MOST, errors


@pytest.mark.parametrize("planted", KINDS, ids=lambda planted: planted.name)
def test_a_clear_effect_is_found_and_never_the_wrong_way_round(planted):
    effect = max(planted.truth)
    found = rate(planted, effect, "normal", 40, 30)
    assert found["false"] == 0 and found["holds"] + found["fails"] > 0.4


def test_counts_classes_and_rows_err_as_rarely():
    for n in (3, 5, 17):
        assert counted("at least 80 % of the seeds fail", 0.8, n, 1000)["false"] <= 0.06
    for errors in ("normal", "skewed", "bimodal"):
        assert gradients(errors, 0.02, 5, N_STUDIES)["false"] <= MOST, errors
    for errors in ("normal", "bimodal"):
        assert over_rows(errors, 1.0, 5, N_STUDIES, 6)["false"] <= MOST, errors


def test_every_rule_that_is_wrong_on_purpose_is_seen():
    rows = wrong_rows(300)
    assert [row["rule"] for row in rows] == list(WRONG)
    for row in rows:
        assert row["false"] > LIMIT >= row["ours"], row


def test_a_page_without_the_marks_is_refused():
    with pytest.raises(ValueError, match="simulated"):
        written(f"{END} {START[:-4]}", None, None)
