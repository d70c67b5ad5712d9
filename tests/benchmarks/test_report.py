"""The record that the benchmark of the report makes up."""

from benchmarks.report import write_made_up
from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import MISSING
from sweepbook.record.load import load_record


def test_the_made_up_record_can_be_judged(tmp_path):
    write_made_up(tmp_path / "large", n_trials=12, n_seeds=3, n_epochs=6)
    record = load_record(tmp_path / "large")
    assert (len(record.trials), len(record.reports)) == (12, 12 * 3 * 6)
    found = {finding.name: finding.verdict for finding in evaluate(record)}
    assert found["last-is-better"] != MISSING and "best-config" in found
