from dataclasses import asdict

import pandas as pd
import pytest

from sweepbook.pages.report import write_report
from sweepbook.study.claim import Claim

CLAIM = Claim(
    name="on-better",
    statement="on is better",
    kind="direction",
    metric="val_acc",
    smallest=0.005,
    reason="half a point",
    arms=({"on": True}, {"on": False}),
)
CONFIGS = [{"on": True}, {"on": False}]


@pytest.fixture
def record(make_record):
    def make(at, seed, **rest):
        return make_record(CONFIGS, at=at, seed=seed, claims=[asdict(CLAIM)], **rest)

    return make


def test_a_repeat_has_its_section_and_table(record, tmp_path):
    first, again = record("a/demo", 0), record("b/demo", 1)
    page = write_report([first], tmp_path / "out", [again]).read_text()
    assert "Repeated with another seed" in page
    assert "other splits, initial weights and orders (seeds 0 and 1)" in page
    table = pd.read_csv(tmp_path / "out" / "repeat.csv")
    (row,) = table[table["name"] == "on-better"].to_dict("records")
    assert row["declared"]
    assert row["verdict"] == row["verdict_again"]
    assert row["estimate"] == row["estimate_again"], "the two records hold the same numbers"
    assert row["inside"]
    assert "0 have opposite verdicts" in page
    write_report([first], tmp_path / "out")
    assert not (tmp_path / "out" / "repeat.csv").exists(), "no table of an earlier report"


def test_without_a_repeat_there_is_no_such_section(record, tmp_path):
    page = write_report([record("a/demo", 0)], tmp_path / "out").read_text()
    assert "Repeated with another seed" not in page
    assert not (tmp_path / "out" / "repeat.csv").exists()


def test_a_given_split_is_not_called_repeated(record, tmp_path):
    given = {"name": "europe-csv", "path": None, "sha256": "ab", "splits": "given"}
    data = {**given, "rows": {}, "card": {}, "class_names": {}}
    records = [record(f"{place}/demo", seed, data=data) for seed, place in enumerate("ab")]
    page = write_report(records[:1], tmp_path / "out", records[1:]).read_text()
    assert "other initial weights and orders (seeds 0 and 1)" in page


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"seed": 0}, "has the same seed as"),
        ({"seed": 1, "epochs": 4}, "same study, data, files and length"),
        ({"seed": 1, "name": "other"}, "same study, data, files and length"),
    ],
)
def test_what_repeats_nothing_is_refused_and_nothing_written(record, tmp_path, changes, message):
    first, again = record("a/demo", 0), record("b/demo", **changes)
    with pytest.raises(ValueError, match=message):
        write_report([first], tmp_path / "out", [again])
    assert not (tmp_path / "out").exists()
