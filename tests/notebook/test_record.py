"""A record as a notebook holds it: the report's figures and findings, and itself at a glance."""

import re

import pandas as pd
import pytest
from matplotlib.figure import Figure

import sweepbook
from sweepbook.pages.studies.claims import finding_table
from sweepbook.record import load

CONFIGS = [{"lr": 0.1}, {"lr": 0.01}, {"lr": 0.001}]
FIGURES = [
    {"kind": "curves", "name": "loss", "metrics": ["val_loss"], "by": ["lr"]},
    {"kind": "curves", "name": "demo-accuracy", "metrics": ["val_acc"], "by": ["lr"]},
    {"kind": "table", "name": "last", "metrics": ["val_acc"], "by": ["lr"]},
]


@pytest.fixture
def record(make_record):
    return sweepbook.load_record(make_record(CONFIGS, figures=FIGURES))


def test_its_two_frames_are_those_of_the_record(record):
    trials, reports = record
    other = load.load_record(record.path)
    pd.testing.assert_frame_equal(trials, other.trials)
    pd.testing.assert_frame_equal(reports, other.reports)
    assert sweepbook.load_record(record).trials.equals(trials), "a record can be read again"


def test_a_figure_is_found_by_its_name_or_its_kind(record):
    assert isinstance(record.figure("loss"), Figure)
    assert isinstance(record.figure("accuracy"), Figure), "without the study's name"
    numbers = record.numbers("table")  # there is one
    assert set(numbers["config/lr"] if "config/lr" in numbers else numbers["lr"]) == {
        0.1,
        0.01,
        0.001,
    }
    drawn = {each.name: each for each in sweepbook.draw_all(record)}
    pd.testing.assert_frame_equal(record.numbers("loss"), drawn["loss"].numbers)


@pytest.mark.parametrize("name", ["curves", "losses", ""])
def test_a_name_that_no_figure_or_two_have_is_refused_with_those_that_there_are(record, name):
    with pytest.raises(ValueError, match="loss.*demo-accuracy.*last"):
        record.figure(name)


def test_a_table_is_no_figure(record):
    with pytest.raises(ValueError, match=re.escape("record.numbers('last')")):
        record.figure("last")


def test_its_findings_are_the_report_s(record):
    pd.testing.assert_frame_equal(record.findings(), finding_table(record))
    assert len(record.findings())


def test_a_notebook_shows_its_status_its_best_trials_and_its_verdicts(make_record):
    claim = {"name": "higher", "statement": "A rate of 0.1 <b>wins</b>.", "kind": "direction"}
    claim |= {"metric": "val_acc", "smallest": 0.0, "reason": "any", "direction": "higher"}
    claim |= {"arms": [{"lr": 0.1}, {"lr": 0.001}]}
    endings = {1: {"status": "failed", "reason": "failed", "last": 3}}
    made = make_record(CONFIGS, claims=[claim], endings=endings, study={"question": "a<b?"})
    record = sweepbook.load_record(made)
    page = record._repr_html_()
    assert "2 finished, 1 failed" in page and "a&lt;b?" in page
    table = sweepbook.trial_table(record)
    best = table["val_loss_best"].min()
    assert f"{best:.3g}"[:4] in page
    assert "<b>wins" not in page and "wins" in page
    (verdict,) = record.findings().query("name == 'higher'")["verdict"]
    assert f">{verdict}<" in page
    assert "2 finished, 1 failed" in repr(record) and str(record.path) in repr(record)


def test_a_record_without_a_row_shows_itself_too(make_record):
    record = sweepbook.load_record(make_record(CONFIGS))
    empty = sweepbook.Record(
        record.path, record.manifest, record.trials.head(0), record.reports.head(0)
    )
    assert "no trial yet" in repr(empty) and "no trial yet" in empty._repr_html_()


@pytest.mark.parametrize("as_list", [True, False])
def test_a_report_is_written_of_records_themselves(record, tmp_path, as_list):
    page = sweepbook.write_report([record] if as_list else record, tmp_path / "out")
    by_path = sweepbook.write_report([str(record.path)], tmp_path / "other")
    assert page.read_text() == by_path.read_text()
