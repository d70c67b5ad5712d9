"""The report of a record that was decided look by look: figure, table, words."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from sweepbook.pages.report import write_report
from sweepbook.record.load import load_record
from tests.findings.claims import claim
from tests.findings.sequential.looks import decided_record

CLAIMS = [claim(arms=[{"lr": 0.1}, {"lr": 0.01}], labels=[], metric="val_loss")]


def decided_folder(make_record, **rest):
    folder = make_record([{"lr": 0.1}, {"lr": 0.01}], n_replicates=10, claims=CLAIMS, **rest)
    decided = decided_record(load_record(folder), (3, 5, 10))
    (folder / "manifest.json").write_text(json.dumps(decided.manifest.as_json()))
    return folder


def test_the_report_shows_the_looks_and_what_seeds_never_cover(make_record, tmp_path):
    page = write_report([decided_folder(make_record)], tmp_path / "out")
    text, markdown = page.read_text(), (tmp_path / "out" / "report.md").read_text()
    for said in (text, markdown):
        assert "More seeds never cover another split" in said
        assert "repeated interval" in said and "Looks and boundaries" in said
    limits = pd.read_csv(next((tmp_path / "out" / "figures").glob("*-boundaries.csv")))
    assert limits["n"].tolist() == [3, 5, 10]
    assert limits["boundary"].is_monotonic_decreasing and limits["done"].any()
    paths = pd.read_csv(next((tmp_path / "out" / "figures").glob("*-looks.csv")))
    assert set(paths["claim"]) == {"it"} and paths["n"].is_monotonic_increasing


def test_other_reports_have_none_of_it(make_record, tmp_path):
    folder = make_record([{"lr": 0.1}, {"lr": 0.01}], n_replicates=3, claims=CLAIMS)
    page = write_report([folder], tmp_path / "out").read_text()
    assert "repeated interval" not in page and "Looks and boundaries" not in page


def test_a_broken_history_leaves_a_report_that_says_so(make_record, tmp_path):
    folder = decided_folder(make_record)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["decide"]["judged"] = [{"look": 1}]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.warns(RuntimeWarning, match="lacks a value"):
        page = write_report([folder], tmp_path / "out")
    assert "lacks a value" in page.read_text()
