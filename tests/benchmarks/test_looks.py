"""The simulation of several looks: its vector form is the product's, and both err rarely."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.looks.comparison import LOOKS, RULES, design_for, ended
from benchmarks.looks.page import END, START, written
from benchmarks.looks.paths import STATES, ends_of, rates_of
from benchmarks.looks.studies import KINDS, study_rows
from benchmarks.verdicts.errors import draw


@pytest.mark.parametrize("errors", ["normal", "t3", "skewed", "bimodal"])
def test_many_paths_at_once_end_as_each_does_by_the_product_s_functions(errors):
    rng = np.random.default_rng(5)
    values, others = 0.4 + draw(rng, errors, (6, LOOKS[-1])), draw(rng, errors, (6, 3, LOOKS[-1]))
    designs = [design_for(), design_for(unlimited=True)]
    for rule in RULES:
        states, ns = ends_of(rule, values, others)
        found = [(STATES[state], n) for state, n in zip(states.tolist(), ns.tolist(), strict=True)]
        assert found == [ended(rule, values[i], others[i], designs) for i in range(6)], rule


def test_the_rule_errs_rarely_and_naive_looks_often():
    by_rule = {row["rule"]: row for row in rates_of("normal", 0.0, 0, 2000)}
    assert by_rule["decide"]["false"] <= 0.065
    assert by_rule["at every look, t test alone"]["false"] > 0.12
    far = {row["rule"]: row for row in rates_of("normal", 1.0, 6, 500)}["decide"]
    assert far["decided"] > 0.9 and far["false"] == 0


@pytest.mark.more
def test_whole_studies_go_through_the_judge():
    rows = study_rows("normal", 10)
    assert [row["kind"] for row in rows] == list(KINDS)
    assert all(row["false"] <= 0.3 for row in rows)


def test_a_page_without_the_marks_is_refused():
    with pytest.raises(ValueError, match="simulated"):
        written(f"{END} {START[:-4]}", None, None)
