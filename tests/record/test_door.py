"""The door of the tables: odd columns and files are refused in a sentence that names them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sweepbook.record.digest import record_digest
from sweepbook.record.load import load_record
from sweepbook.record.logs import read_log
from sweepbook.record.schema.tables import check_size

CONFIGS = [{"lr": 0.1}, {"lr": 0.01}]
Change = Callable[[pa.Table], pa.Table]
Make = Callable[[pa.ChunkedArray], object]


@pytest.fixture
def record(make_record: Callable[..., Path]) -> Path:
    return make_record(CONFIGS)


def change(file: Path, by: Change) -> None:
    pq.write_table(by(pq.read_table(file)), file)


def with_column(name: str, make: Make) -> Change:
    def by(table: pa.Table) -> pa.Table:
        column = make(table[name].combine_chunks())
        return table.set_column(table.column_names.index(name), name, column)

    return by


def refusal(record: Path) -> str:
    with pytest.raises(ValueError) as caught:
        load_record(record)
    said = str(caught.value)
    assert str(record) in said and len(said) < 500
    return said


def constant(value: object, kind: pa.DataType | None = None) -> Make:
    return lambda column: pa.array([value] * len(column), kind)


ODD = [
    ("reports", "replicate", constant(-1)), ("reports", "replicate", constant(10**9)),
    ("reports", "replicate", constant(3)), ("reports", "replicate", constant(0.5)),
    ("reports", "replicate", constant(True)), ("reports", "replicate", constant("0")),
    ("reports", "replicate", constant(None, pa.int64())), ("reports", "epoch", constant(-1)),
    ("reports", "epoch", constant(np.nan)), ("reports", "epoch", constant(2**62)),
    ("reports", "val_loss", constant("low")), ("reports", "val_loss", constant([1.0])),
    ("reports", "val_acc", constant(1, pa.decimal128(5, 2))),
    ("reports", "val_acc", constant(1, pa.timestamp("ns", "Europe/Berlin"))),
    ("reports", "val_acc", constant({"a": 1})), ("reports", "val_acc", constant(b"\xff")),
    ("reports", "trial_id", constant("../x")), ("reports", "trial_id", constant(3)),
    ("trials", "trial_id", constant("a/b")), ("trials", "trial_id", constant("")),
    ("trials", "status", constant("done")), ("trials", "status", constant(1)),
    ("trials", "n_replicates", constant(None)), ("trials", "n_replicates", constant(0)),
    ("trials", "n_replicates", constant(10**9)),
    ("trials", "last_fidelity", constant(-1)), ("trials", "time_total_s", constant(-1.0)),
    ("trials", "time_total_s", constant("long")), ("trials", "reason", constant(3)),
    ("trials", "config/lr", constant(1, pa.date32())),
]  # fmt: skip


@pytest.mark.parametrize(("table", "column", "make"), ODD)
def test_a_column_of_another_kind_or_out_of_range_is_named(
    record: Path, table: str, column: str, make: Make
) -> None:
    change(record / f"{table}.parquet", with_column(column, make))
    assert column in refusal(record)


NEEDED = [("reports", "trial_id"), ("reports", "replicate"), ("reports", "epoch"),
          ("trials", "trial_id"), ("trials", "status"), ("trials", "n_replicates")]  # fmt: skip


@pytest.mark.parametrize(("table", "column"), NEEDED)
def test_a_column_that_is_missing_is_named(record: Path, table: str, column: str) -> None:
    change(record / f"{table}.parquet", lambda found: found.drop_columns([column]))
    assert column in refusal(record)


def test_two_columns_of_one_name_are_refused(record: Path) -> None:
    change(record / "reports.parquet", lambda t: t.append_column("val_loss", t["val_acc"]))
    assert "val_loss twice" in refusal(record)


def test_texts_that_are_no_utf_8_are_refused(record: Path) -> None:
    def spoilt(column: pa.ChunkedArray) -> object:
        raw = pa.array([b"\xff\xfe"] * len(column), pa.binary())
        return pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())

    change(record / "trials.parquet", with_column("reason", spoilt))
    assert "reason" in refusal(record)


def test_categories_floats_and_unknown_columns_say_the_same_as_plain_ones(record: Path) -> None:
    before = load_record(record)
    change(record / "trials.parquet", with_column("status", lambda c: c.dictionary_encode()))
    change(record / "reports.parquet", with_column("trial_id", lambda c: c.dictionary_encode()))
    change(record / "reports.parquet", with_column("epoch", lambda c: c.cast(pa.float64())))
    again = load_record(record)
    assert record_digest(again) == record_digest(before)
    pd.testing.assert_frame_equal(again.reports, before.reports)
    change(record / "trials.parquet", lambda t: t.append_column("of_later", t["config/lr"]))
    assert load_record(record).trials["of_later"].tolist() == before.trials["config/lr"].tolist()


def test_a_table_that_would_fill_the_memory_is_refused_before_it_is_read() -> None:
    with pytest.raises(ValueError, match="rows"):
        check_size(10**9, 1, 1000)


FILES = ("manifest.json", "trials.parquet", "reports.parquet", "predictions.parquet")


def predictions(record: Path) -> Path:
    row = {"trial_id": "a", "replicate": 0, "split": "test", "row_id": 1, "label": 0,
           "predicted": 1, "probability": 0.5}  # fmt: skip
    pd.DataFrame([row]).to_parquet(record / "predictions.parquet")
    return record


def read_all(record: Path) -> None:
    load_record(record).predictions()


def as_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def as_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def as_link_out(file: Path) -> None:
    there = file.parent.parent / f"out-{file.name}"
    shutil.move(file, there)
    file.symlink_to(there)


def as_circle(file: Path) -> None:
    file.unlink()
    file.symlink_to(file)


def as_half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def as_empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.timeout(10)
@pytest.mark.parametrize("make", [as_pipe, as_folder, as_link_out, as_circle, as_half, as_empty])
@pytest.mark.parametrize("name", FILES)
def test_what_is_no_file_of_the_record_is_named_and_never_waited_for(
    record: Path, name: str, make: Callable[[Path], None]
) -> None:
    make(predictions(record) / name)
    with pytest.raises(ValueError) as caught:
        read_all(record)
    assert str(record / name) in str(caught.value)


@pytest.mark.timeout(10)
def test_parts_and_logs_are_files_in_folders(record: Path) -> None:
    (record / "parts").write_bytes(b"")
    assert str(record / "parts") in refusal(record)
    (record / "parts").unlink()
    (record / "parts").mkdir()
    os.mkfifo(record / "parts" / "00000.parquet")
    assert str(record / "parts/00000.parquet") in refusal(record)
    (record / "logs").mkdir()
    os.mkfifo(record / "logs" / "abc.txt")
    with pytest.raises(ValueError, match=str(record)):
        read_log(record, "abc")


def test_a_link_within_the_record_or_to_the_whole_record_is_followed(record: Path) -> None:
    before = record_digest(load_record(record))
    (record / "kept").mkdir()
    shutil.move(record / "reports.parquet", record / "kept")
    (record / "reports.parquet").symlink_to(record / "kept" / "reports.parquet")
    there = record.parent / "link"
    there.symlink_to(record)
    assert record_digest(load_record(there)) == before
