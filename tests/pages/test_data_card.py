"""The card of a manifest as sentences, facts and tables, in both pages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweepbook.pages.data_card import data_card
from sweepbook.pages.report import write_report
from sweepbook.record.load import load_record

CARD: dict[str, Any] = {
    "notes": ["Generated, and no faces."],
    "photographs": ["china (CC BY 2.0)", "coffee (CC0)"],
    "classes": {"train": 2, "validation": 2, "test": 2},
    "class_shares": {"train": {"0": 0.5, "1": 0.5}, "test": {"0": 0.25, "1": 0.75}},
    "image_sizes": "64 x 64 pixels, all",
    "near_duplicates": {
        "validation in train": {"images": 40, "near": 0},
        "test in train": {"images": 1400, "near": 3},
    },
    "trivial_signals": {
        "file size": {"accuracy": 0.75, "ci95_low": 0.6, "n": 40, "verdict": "tells"},
        "image size": {"accuracy": None, "ci95_low": None, "n": 40, "verdict": "the same"},
    },
    "repeated_row_ids": {"train": 0, "test": 1},
    "skipped_files": [f"train/fake/{i}.png: damaged" for i in range(25)],
    "warnings": ["Trivial signals tell the classes apart.", "Leak: 3 of 1,400."],
}
DATA: dict[str, Any] = {
    "name": "images",
    "path": "/data/images",
    "sha256": "cd" * 32,
    "rows": {"train": 1500, "validation": 40, "test": 1400},
    "splits": "given",
    "paired": True,
    "class_names": {"0": "fake", "1": "real"},
    "card": CARD,
}


def test_each_kind_of_entry_has_its_form(make_record: Callable[..., Path]) -> None:
    record = load_record(make_record([{"lr": 0.1}], data=DATA))
    card = data_card(record)
    assert card.warnings == CARD["warnings"] and card.notes == CARD["notes"]
    facts = dict(card.facts)
    assert facts["Photographs"] == "china (CC BY 2.0), coffee (CC0)"
    assert facts["Image sizes"] == "64 x 64 pixels, all"
    assert facts["Repeated row ids"] == "train: 0, test: 1"  # a flat mapping stays a fact
    assert facts["Skipped files"].endswith("train/fake/19.png: damaged, and 5 more")
    assert not {"Warnings", "Notes", "Trivial signals", "Near duplicates"} & set(facts)
    assert card.splits.rows[0] == ["train", "1,500", "2"]
    assert card.balance.rows == [
        ["0", "fake", "50.0 %", "25.0 %"],
        ["1", "real", "50.0 %", "75.0 %"],
    ]

    (near, near_table), (signals, signal_table) = card.tables
    assert (near, signals) == ("Near duplicates", "Trivial signals")
    assert near_table.columns == ["", "images", "near"]
    assert near_table.rows == [["validation in train", "40", "0"], ["test in train", "1,400", "3"]]
    assert signal_table.rows == [
        ["file size", "0.75", "0.6", "40", "tells"],
        ["image size", "–", "–", "40", "the same"],
    ]
    assert signal_table.numeric == {"accuracy", "ci95 low", "n"}


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ([{"n": 1000}, {"n": 1000, "lr": 0.1}], "1,000 of 1,500"),
        ([{"n": 1000}, {"n": 20}], "20 to 1,000 of 1,500"),
        ([{"n": 1000}, {"n": None}], "1,000 to 1,500 of 1,500"),
        ([{"n": None}], None),
        ([{"lr": 0.1}], None),
    ],
)
def test_the_card_says_how_many_rows_the_trials_keep(
    make_record: Callable[..., Path], settings: list[dict[str, Any]], shown: str | None
) -> None:
    data = DATA | {"kept_by": {"train": "n", "other": "missing"}}
    record = load_record(make_record(settings, data=data))
    expected = f"train: {shown}" if shown else None
    assert dict(data_card(record).facts).get("Rows kept") == expected


def test_a_card_of_an_earlier_version_tells_the_leak_that_it_knows(
    make_record: Callable[..., Path],
) -> None:
    known = {"test_rows_in_train": 14, "repeated_train_rows": 3}
    record = load_record(make_record([{"lr": 0.1}], data=DATA | {"card": known}))
    (leak,) = data_card(record).warnings
    assert "14 of 1,400 (1.0 %) test rows" in leak and "those of a test row" not in leak
    known = {"test_rows_in_train": 14, "train_rows_in_test": 15}
    record = load_record(make_record([{"lr": 0.1}], data=DATA | {"card": known}, name="later"))
    (leak,) = data_card(record).warnings
    assert "15 of 1,500 (1.0 %) training rows have those of a test row" in leak


def test_the_manifest_is_not_changed(make_record: Callable[..., Path]) -> None:
    record = load_record(make_record([{"lr": 0.1}], data=DATA))
    data_card(record)
    assert record.manifest.data.card == CARD


def test_both_pages_show_warnings_notes_and_tables(
    make_record: Callable[..., Path], tmp_path: Path
) -> None:
    write_report([make_record([{"lr": 0.1}, {"lr": 0.01}], data=DATA)], tmp_path / "out")
    html = (tmp_path / "out" / "report.html").read_text()
    assert html.count("<li>Leak: 3 of 1,400.</li>") == 1, "on the first screen"
    assert "<p>Generated, and no faces.</p>" in html
    assert "<h4>Trivial signals</h4>" in html and "<td>the same</td>" in html
    markdown = (tmp_path / "out" / "report.md").read_text()
    assert markdown.count("- Leak: 3 of 1,400.\n") == 1
    assert "#### Near duplicates\n\n|  | images | near |\n| --- | ---: | ---: |\n" in markdown
    assert "| test in train | 1,400 | 3 |\n" in markdown
