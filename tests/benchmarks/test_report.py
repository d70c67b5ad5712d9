"""The record that the benchmark of the report makes up, and its row among the results."""

from benchmarks.measure import Timing
from benchmarks.report import ROOT, write_made_up
from benchmarks.report_row import report_goal, with_row
from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import MISSING
from sweepbook.record.load import load_record


def test_the_made_up_record_can_be_judged(tmp_path):
    write_made_up(tmp_path / "large", n_trials=12, n_seeds=3, n_epochs=6)
    record = load_record(tmp_path / "large")
    assert (len(record.trials), len(record.reports)) == (12, 12 * 3 * 6)
    found = {finding.name: finding.verdict for finding in evaluate(record)}
    assert found["last-is-better"] != MISSING and "best-config" in found


def test_a_row_takes_the_place_of_the_earlier_one_and_of_nothing_else():
    page = (ROOT / "benchmarks/results.md").read_text()
    first = with_row(page, report_goal(Timing((21.0, 22.0, 23.0)), 8))
    again = with_row(first, report_goal(Timing((11.0, 12.0, 13.0)), 8))
    assert again.count("`sweepbook report`") == first.count("`sweepbook report`") == 1
    (row,) = (line for line in again.split("\n") if "`sweepbook report`" in line)
    assert "12.0 s" in row and row.endswith("| <= 1 | yes |")
    assert "22.0 s" in first and "22.0 s" not in again
    others = [line for line in page.split("\n") if "`sweepbook report`" not in line]
    assert [line for line in again.split("\n") if line != row] == others
