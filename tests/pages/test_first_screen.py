"""What stands first: what a run reduced, what was found, and what is open."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from sweepbook import Published, PublishedValue, higher
from sweepbook.findings.finding import MIXED, OPEN, Finding
from sweepbook.pages.first.banner import reduced
from sweepbook.pages.first.claims import left_open
from sweepbook.pages.first.facts import facts
from sweepbook.pages.forest import rows_of
from sweepbook.pages.report import write_report
from sweepbook.record.load import Record, load_record
from sweepbook.study.project import find_project
from tests.records import with_manifest

Make = Callable[..., Path]
CONFIGS = [{"lr": 0.1}, {"lr": 0.01}]


def claims(n: int) -> list[dict[str, Any]]:
    """Claims that one learning rate is better, each for another smallest difference."""
    made = (
        higher("val_acc", CONFIGS[0], than=CONFIGS[1], by=0.01 * (i + 1), because="any",
               name=f"claim-{i}", statement=f"statement {i}")
        for i in range(n)
    )  # fmt: skip
    return [json.loads(json.dumps(vars(claim))) for claim in made]


def section_of_claims(*findings: Finding) -> Any:
    return SimpleNamespace(rows=rows_of("study", findings, pd.DataFrame()))


@pytest.fixture
def record(make_record: Make) -> Record:
    return load_record(make_record(CONFIGS))


def told(*records: Record) -> str:
    return " ".join(reduced(records))


def test_a_run_as_declared_has_nothing_to_say(record: Record) -> None:
    assert reduced([record]) == []


def test_what_a_run_reduced_is_said_once_for_all_studies(record: Record) -> None:
    short = with_manifest(record, scale=0.3)
    assert told(short, short).count("0.3 of the declared epochs") == 1
    assert "0.3" not in told(with_manifest(record, scale=1.0))
    changed = with_manifest(record, overrides={"train_rows": 22000, "epochs": None})
    assert "train rows 22,000" in told(changed) and "epochs" not in told(changed)
    both = told(changed, record)
    assert "Record demo ran with train rows 22,000" in both


def test_a_changed_setting_is_said_with_what_was_declared_and_one_that_is_as_declared_is_not(
    record: Record,
) -> None:
    given = {"size": 64, "width": 2000, "depth": 3}
    replaced = {"width": [4000, 8000], "depth": [None]}
    said = told(with_manifest(record, overrides=given, replaced=replaced))
    assert "width 2,000 (declared: 4,000 and 8,000)" in said
    assert "depth 3 (declared: none)" in said and "size" not in said


def test_kept_rows_are_said_as_a_part_of_all(make_record: Make) -> None:
    sampled = load_record(make_record([{"n": 20, "lr": lr} for lr in (0.1, 0.2)]))
    data = {"kept_by": {"train": "n"}}
    said = told(with_manifest(sampled, data=data, overrides={"n": 20}))
    assert "kept 20 of 80 train rows" in said and "ran with" not in said


def test_other_data_than_the_published_are_named_with_what_those_are(record: Record) -> None:
    value = PublishedValue(settings={}, fidelity=1, metric="val_acc", value=0.9)
    about = "They have 100,000 training rows."
    published = Published(source="a book", data="theirs", values=[value], about=about)
    study = with_manifest(record).manifest.study
    object.__setattr__(study, "published", published)
    assert "europe (80 train" in told(record) and "not the published ones" in told(record)
    assert about in told(record)


def test_two_records_of_one_study_are_told_apart(make_record: Make) -> None:
    whole = load_record(make_record(CONFIGS, at="records/whole"))
    part = with_manifest(load_record(make_record(CONFIGS, at="records/part")), scale=0.3)
    assert told(part, whole) == "Record part had 0.3 of the declared epochs."
    longer = with_manifest(part, scale=2.0)
    assert told(longer) == "This study had 2 times the declared epochs."


def test_trouble_is_no_secret_of_a_folded_part(make_record: Make) -> None:
    failed = load_record(make_record(CONFIGS, endings={1: {"status": "failed", "error": "x"}}))
    assert "1 trial failed" in told(failed)


def test_a_trial_of_two_records_is_counted_once(record: Record) -> None:
    assert facts([record]).startswith("2 trials with 3 seeds each")
    assert facts([record, record]).startswith("2 trials (4 with those that studies share) with 3")


@pytest.mark.parametrize(("n_studies", "n_claims", "shown"), [(1, 3, 3), (3, 4, 8), (9, 1, 8)])
def test_at_most_eight_headlines_and_each_study_has_its_turn(
    make_record: Make, tmp_path: Path, n_studies: int, n_claims: int, shown: int
) -> None:
    folders = [
        make_record(CONFIGS, at=f"records/s{i}", name=f"s{i}", claims=claims(n_claims))
        for i in range(n_studies)
    ]
    page = write_report(folders, tmp_path / "out").read_text()
    (listed,) = re.findall(r'<ul class="headlines">(.*?)</ul>', page, re.DOTALL)
    led = re.findall(r'href="#study-(\w+)"', listed)
    assert len(led) == shown and len(set(led)) == min(n_studies, 8)
    assert led == sorted(led)


def test_every_declared_claim_stands_open_with_its_verdict(
    make_record: Make, tmp_path: Path
) -> None:
    gone = claims(3)
    gone[2]["arms"] = [{"lr": 7}, {"lr": 8}]
    page = write_report([make_record(CONFIGS, claims=gone)], tmp_path / "out").read_text()
    rows = re.findall(r'<tr id="claim-demo-(claim-\d)">(.*?)</tr>', page, re.DOTALL)
    assert [name for name, _ in rows] == ["claim-0", "claim-1", "claim-2"]
    for place, (_, row) in enumerate(rows):
        summary = re.findall(r"<summary>(.*?)</summary>", row, re.DOTALL)
        assert f"statement {place}" in summary[0]
        assert re.search(r'class="verdict [a-z-]+"', row.split("</details>")[1])
    for name in ("claim-0", "claim-1"):
        assert f'href="#claim-demo-{name}"' in page, "the first screen leads to the row"


@pytest.mark.parametrize("lacking", ["reports", "metric"])
def test_a_claim_is_shown_although_nothing_can_decide_it(
    make_record: Make, tmp_path: Path, lacking: str
) -> None:
    folder = make_record(CONFIGS, claims=claims(2))
    reports = pd.read_parquet(folder / "reports.parquet")
    kept = reports[:0] if lacking == "reports" else reports.drop(columns="val_loss")
    kept.to_parquet(folder / "reports.parquet")
    page = write_report([folder], tmp_path / "out").read_text()
    for name in ("claim-0", "claim-1"):
        (row,) = re.findall(rf'<tr id="claim-demo-{name}">(.*?)</tr>', page, re.DOTALL)
        assert "not available" in row
    assert "2 claims of demo" in page


def test_open_claims_are_counted_with_what_they_lack(make_record: Make) -> None:
    section = section_of_claims(
        Finding(name="a", verdict=OPEN, kind="direction", needed_low=7),
        Finding(name="b", verdict=OPEN, kind="direction"),
        Finding(name="c", verdict=OPEN, kind="direction", declared="after"),
        Finding(name="d", verdict=MIXED, kind="mixture"),
    )
    said = left_open([section])
    assert said.startswith("2 claims are undecided") and "too few seeds (1)" in said
    assert "too wide (1)" in said


def test_a_name_of_a_study_gives_no_anchor_twice(make_record: Make, tmp_path: Path) -> None:
    names = ("data", "published", "words", "claims", "found", "repeat")
    folders = [make_record(CONFIGS, at=f"records/{name}", name=name) for name in names]
    page = write_report(folders, tmp_path / "out").read_text()
    anchors = re.findall(r'\bid="([^"]+)"', page)
    assert sorted(anchors) == sorted(set(anchors))


def test_a_report_of_several_studies_is_called_as_its_project_says(
    make_record: Make, tmp_path: Path
) -> None:
    three = [make_record(CONFIGS, at=f"records/s{i}", name=f"s{i}") for i in range(3)]
    settings = tmp_path / "pyproject.toml"
    settings.write_text('[tool.sweepbook]\nstudies = []\ntitle = "Rates & <nets>"\n')
    project = find_project(tmp_path)
    page = write_report(three, tmp_path / "out", project=project).read_text()
    assert "<h1>Rates &amp; &lt;nets&gt;</h1>" in page
    assert "<h1>3 studies: s0, s1 and s2</h1>" in write_report(three, tmp_path / "out").read_text()
    one = write_report(three[:1], tmp_path / "out", project=project).read_text()
    assert "<h1>Which setting is better?</h1>" in one
    settings.write_text("[tool.sweepbook]\nstudies = []\ntitle = 3\n")
    with pytest.raises(ValueError, match="title of"):
        write_report(three, tmp_path / "out", project=find_project(tmp_path))
