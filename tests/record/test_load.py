"""load_record: what a reader gets from complete, growing and broken records."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sweepbook.record.load import load_record, with_known_files
from sweepbook.record.storage import frames
from sweepbook.record.storage.places import place

Make = Callable[..., Path]
CONFIGS = [{"lr": 0.1}, {"lr": 0.01}]


def edit_manifest(folder: Path, **changes: Any) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))


def test_frames_are_sorted_by_their_keys_and_iterate_as_trials_and_reports(
    make_record: Make,
) -> None:
    record = load_record(make_record(CONFIGS, epochs=4, n_replicates=3))
    trials, reports = record
    assert len(trials) == 2 and len(reports) == 2 * 3 * 4
    assert trials["trial_id"].is_monotonic_increasing
    key = ["trial_id", "replicate", "epoch"]
    assert reports[key].equals(reports[key].sort_values(key, ignore_index=True))
    assert (record.study, record.unit, record.metric, record.mode) == (
        "demo",
        "epoch",
        "val_loss",
        "min",
    )


def test_a_known_file_counts_as_its_name_and_another_as_itself(make_record: Make) -> None:
    folder = make_record([{"weights": "/own.pth"}, {"weights": "/other.pth"}, {"weights": None}])
    study = json.loads((folder / "manifest.json").read_text())["study"]
    edit_manifest(
        folder,
        study=study | {"known_files": {"f370": "imagenet"}},
        files={"/own.pth": "f37072fd", "/other.pth": "0123"},
    )
    record = load_record(folder)
    counted = with_known_files(record).trials
    assert record.trials["config/weights"].isin(["/own.pth"]).sum() == 1, "as it was recorded"
    assert set(counted["config/weights"].dropna()) == {"imagenet", "/other.pth"}
    rest = record.trials.columns.drop("config/weights")
    pd.testing.assert_frame_equal(counted[rest], record.trials[rest])


def test_parts_and_compacted_records_load_equal(make_record: Make) -> None:
    whole = load_record(make_record(CONFIGS, at="whole"))
    parts = load_record(make_record(CONFIGS, at="parts", parts=5))
    pd.testing.assert_frame_equal(whole.reports, parts.reports)
    pd.testing.assert_frame_equal(whole.trials, parts.trials)


def test_of_rows_with_one_key_the_last_part_wins_also_over_reports_parquet(
    make_record: Make,
) -> None:
    folder = make_record(CONFIGS)
    row = pd.read_parquet(folder / "reports.parquet").head(1)
    (folder / "parts").mkdir()
    for number, loss in ((9, 7.0), (10, 8.0), (2, 6.0)):
        row.assign(val_loss=loss).to_parquet(folder / "parts" / f"{number:05d}.parquet")
    reports = load_record(folder).reports
    key = ["trial_id", "replicate", "epoch"]
    assert not reports.duplicated(key).any()
    assert reports.merge(row[key])["val_loss"].tolist() == [8.0]


def test_a_file_that_its_writer_replaces_meanwhile_is_read_as_it_was_or_is(
    make_record: Make,
) -> None:
    folder = make_record([{"lr": 0.1, "width": width} for width in range(50)])
    few = make_record(CONFIGS, at="few") / "trials.parquet"
    many, ends = folder / "trials.parquet", threading.Event()
    versions = [many.read_bytes(), few.read_bytes()]

    def replace_it() -> None:
        for version in itertools.cycle(versions):
            (folder / "next").write_bytes(version)
            os.replace(folder / "next", many)
            if ends.is_set():
                return

    writer = threading.Thread(target=replace_it)
    writer.start()
    try:
        numbers = {len(frames.read_table(place(many))) for _ in range(200)}
    finally:
        ends.set()
        writer.join()
    assert numbers <= {2, 50}


def test_files_that_are_being_written_and_predictions_are_no_reports(make_record: Make) -> None:
    folder = make_record(CONFIGS, parts=2)
    before = load_record(folder).reports
    shutil.copy(folder / "parts" / "00001.parquet", folder / "parts" / "00001.parquet.tmp")
    (folder / "parts" / ".00002.parquet").write_bytes(b"half")
    one = {"trial_id": ["a"], "replicate": [0], "split": ["test"], "row_id": [3], "label": [1],
           "predicted": [1], "probability": [0.5]}  # fmt: skip
    pd.DataFrame(one).to_parquet(folder / "parts" / "predictions-a.parquet")
    record = load_record(folder)
    pd.testing.assert_frame_equal(record.reports, before)
    assert record.predictions()["row_id"].tolist() == [3]


def test_a_record_without_predictions_gives_an_empty_frame_with_columns(make_record: Make) -> None:
    predictions = load_record(make_record(CONFIGS)).predictions()
    assert predictions.empty and "probability" in predictions


@pytest.mark.parametrize(("ended", "expected"), [(None, "running"), ("2026-01-01", "interrupted")])
def test_a_trial_without_ending_is_interrupted_once_the_study_has_ended(
    make_record: Make, ended: str | None, expected: str
) -> None:
    folder = make_record(CONFIGS, ended=ended, status="running")
    trials = pd.read_parquet(folder / "trials.parquet")
    trials["status"] = [None, "running"]
    trials.to_parquet(folder / "trials.parquet")
    assert load_record(folder).trials["status"].tolist() == [expected, expected]


def test_a_record_that_has_only_begun_is_empty_and_not_an_error(make_record: Make) -> None:
    folder = make_record(CONFIGS)
    (folder / "trials.parquet").unlink()
    (folder / "reports.parquet").unlink()
    trials, reports = load_record(folder)
    assert trials.empty and reports.empty
    assert {"trial_id", "status"} <= set(trials) and {"replicate", "epoch"} <= set(reports)


def test_parts_that_vanish_while_reading_are_looked_for_again(
    make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:

    folder = make_record(CONFIGS, parts=3)
    expected = load_record(folder).reports
    listed = frames.part_paths

    def compact_after_listing(path: Path) -> list[Path]:
        paths = listed(path)
        if paths:
            expected.to_parquet(folder / "reports.parquet")
            shutil.rmtree(folder / "parts")
        return paths

    monkeypatch.setattr(frames, "part_paths", compact_after_listing)
    pd.testing.assert_frame_equal(load_record(folder).reports, expected)


def test_predictions_that_are_compacted_while_reading_are_looked_for_again(
    make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:

    folder = make_record(CONFIGS, parts=3)
    row = {"trial_id": "t", "replicate": 0, "split": "test", "row_id": 1, "label": 0,
           "predicted": 1, "probability": 0.5}  # fmt: skip
    frame = pd.DataFrame([row, row | {"row_id": 2}])
    for i in range(2):
        path = folder / "parts" / f"predictions-{i}.parquet"
        frame.iloc[[i]].to_parquet(path)
    record = load_record(folder)
    read = frames.read_table

    def compact_before_reading(path: Path, *known: object) -> object:
        if (folder / "parts").is_dir():
            frame.to_parquet(folder / "predictions.parquet")
            shutil.rmtree(folder / "parts")
        return read(path, *known)

    monkeypatch.setattr(frames, "read_table", compact_before_reading)
    assert record.predictions()["row_id"].tolist() == [1, 2]


def test_predictions_that_keep_vanishing_are_refused(
    make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:

    record = load_record(make_record(CONFIGS, parts=1))
    Path(record.path / "parts" / "predictions-a.parquet").write_bytes(b"")

    def gone(path: Path, known: object) -> object:
        raise FileNotFoundError(path)

    monkeypatch.setattr(frames, "read_table", gone)
    with pytest.raises(ValueError, match="vanish while they are read"):
        record.predictions()


def break_folder(folder: Path) -> None:
    shutil.rmtree(folder)


def break_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def break_json(folder: Path) -> None:
    (folder / "manifest.json").write_text("{")


def break_version(folder: Path) -> None:
    edit_manifest(folder, schema_version=99)


def break_study(folder: Path) -> None:
    edit_manifest(folder, study={"name": "demo"})


def break_scheduler(folder: Path) -> None:
    study = json.loads((folder / "manifest.json").read_text())["study"]
    edit_manifest(folder, study=study | {"scheduler": "hyperband"})


def break_reports(folder: Path) -> None:
    (folder / "reports.parquet").write_bytes(b"PAR1 no")


def break_key(folder: Path) -> None:
    reports = pd.read_parquet(folder / "reports.parquet").drop(columns="epoch")
    reports.to_parquet(folder / "reports.parquet")


def break_trials(folder: Path) -> None:
    (folder / "trials.parquet").unlink()


@pytest.mark.parametrize(
    ("breaking", "said"),
    [
        (break_folder, "no such folder"),
        (break_manifest, "manifest.json"),
        (break_json, "JSON"),
        (break_version, "schema_version must be 1, got 99"),
        (break_study, "study.question must be a text"),
        (break_scheduler, "hyperband"),
        (break_reports, "reports.parquet: cannot be read"),
        (break_key, "lack the columns ['epoch']"),
        (break_trials, "no trial"),
    ],
)
def test_what_is_no_record_is_refused_with_its_path(
    make_record: Make, breaking: Callable[[Path], None], said: str
) -> None:
    folder = make_record(CONFIGS)
    breaking(folder)
    with pytest.raises(ValueError) as caught:
        load_record(folder)
    assert said in str(caught.value) and str(folder) in str(caught.value)


def test_analysis_needs_neither_torch_nor_ray() -> None:
    code = (
        "import sys, sweepbook.record.load, sweepbook.pages.report\n"
        "heavy = {'torch', 'ray', 'trainables', 'analysis', 'search_spaces'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert done.stdout.strip() == "[]"
