"""What every trial is asked, on the page: one line each, the answers in a folded table."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sweepbook.pages.report import write_report
from sweepbook.record.load import load_record

Make = Callable[..., Path]
CONFIGS = [{"lr": lr} for lr in (0.1, 0.01, 0.001, 0.0001)]
DATA = {"name": "d", "sha256": None, "paired": True, "rows": {}, "splits": "one per replicate"}
GAP = "Training accuracy is below validation accuracy: "


@pytest.fixture
def learnt(make_record: Make) -> Make:
    """make_record, of nets whose training accuracy lies 3 points below validation accuracy."""

    def make(at: str = "records/demo", **rest: object) -> Path:
        folder = make_record(CONFIGS, at=at, **{"data": DATA, **rest})
        reports = pd.read_parquet(folder / "reports.parquet")
        noise = 0.001 * np.random.default_rng(0).standard_normal(len(reports))
        reports["train_acc"] = reports["val_acc"] - 0.03 + noise
        reports.to_parquet(folder / "reports.parquet")
        return folder

    return make


def pages(out: Path) -> tuple[str, str]:
    return (out / "report.html").read_text(), (out / "report.md").read_text()


def test_a_question_is_a_line_with_a_table_folded_below(learnt: Make, tmp_path: Path) -> None:
    write_report(learnt(), tmp_path / "out")
    html, markdown = pages(tmp_path / "out")
    line = f"{GAP}4 of 4 trials yes, 0 no, 0 undecided."
    (folded,) = re.findall(
        rf'<details class="asked">\s*<summary>{line}</summary>(.*?)</details>', html, re.DOTALL
    )
    assert all(f"<td>lr {lr}</td>" in folded for lr in ("0.1", "0.01", "0.001", "0.0001"))
    assert "-3.0" in folded and "points" in folded
    assert f"{line} Smallest difference that matters: 0.5 points.\n" in markdown
    findings = pd.read_csv(tmp_path / "out" / "findings.csv")
    assert (findings["question"] == "gap").sum() == 4
    assert "0 no, 0 undecided" in html and html.count("is below validation accuracy") == 1


def test_a_trial_of_several_records_stands_in_the_first_of_them(
    learnt: Make, tmp_path: Path
) -> None:
    """Trials that studies share are trained once: the same trial_id is in both records."""
    first = learnt(at="records/first", name="shared")
    second = learnt(at="records/second", name="shared", endings={})
    manifest = json.loads((second / "manifest.json").read_text())
    manifest["study"]["name"] = "other"
    (second / "manifest.json").write_text(json.dumps(manifest))
    trials = pd.read_parquet(second / "trials.parquet")
    own = trials.index[0]
    reports = pd.read_parquet(second / "reports.parquet")
    reports["trial_id"] = reports["trial_id"].replace(trials.loc[own, "trial_id"], "own")
    trials.loc[own, "trial_id"] = "own"
    trials.to_parquet(second / "trials.parquet")
    reports.to_parquet(second / "reports.parquet")
    assert len(load_record(second).trials) == 4
    write_report([first, second], tmp_path / "out")
    html, markdown = pages(tmp_path / "out")
    for page in (html, markdown):
        assert page.count(f"{GAP}4 of 4 trials yes") == 2
        assert "3 trials of this record stand in the table of shared." in page
    tables = re.findall(rf"<summary>{GAP}.*?<tbody>(.*?)</tbody>", html, re.DOTALL)
    assert [table.count("<tr>") for table in tables] == [4, 1]


def test_a_warning_about_data_that_records_share_is_told_once(
    make_record: Make, tmp_path: Path
) -> None:
    data = {**DATA, "card": {"warnings": ["Leak: 3 of 1,400."]}}
    records = [make_record(CONFIGS[:1], at=f"records/{i}", name=f"s{i}", data=data) for i in "ab"]
    write_report(records, tmp_path / "out")
    html, markdown = pages(tmp_path / "out")
    assert html.count("Leak: 3 of 1,400.") == markdown.count("Leak: 3 of 1,400.") == 1
