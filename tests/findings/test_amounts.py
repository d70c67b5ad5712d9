"""Amounts as texts, and findings as values and as a table."""

import doctest
import math

import pytest

from sweepbook.findings import amounts
from sweepbook.findings.finding import COLUMNS, Finding, findings_frame
from sweepbook.findings.wording import limits, units


@pytest.mark.parametrize("module", [amounts, limits, units])
def test_examples_in_docstrings(module):
    done = doctest.testmod(module)
    assert done.attempted > 0 and done.failed == 0


def test_a_number_that_is_not_known_is_none_and_empty_in_the_table():
    finding = Finding(name="a", low=math.nan, estimate=0.0, note="")
    assert finding.low is None and finding.estimate == 0.0
    frame = findings_frame([finding, Finding(name="b", low=1.0)])
    assert list(frame.columns) == list(COLUMNS)
    assert frame["low"].isna().tolist() == [True, False]
    assert list(findings_frame([]).columns) == list(COLUMNS)
