import math
import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
from pyarrow.fs import _MockFileSystem

from sweepbook.record import writer as record_module
from sweepbook.record.ledger import PHASES, column
from sweepbook.record.load import load_record
from sweepbook.record.manifest import Data
from sweepbook.record.planned import Trial
from sweepbook.record.rows import trials_frame
from sweepbook.record.storage import lock as lock_module
from sweepbook.record.storage import places
from sweepbook.record.storage.lock import lock
from sweepbook.record.writer import RecordWriter
from tests.records import typed

MANIFEST = {
    "schema_version": 1,
    "study": {
        "name": "toy",
        "metric": {"name": "val_acc", "mode": "max"},
        "fidelity": {"unit": "round", "setting": "rounds"},
    },
    "data": {"name": "none"},
    "started": "now",
    "ended": None,
}


def trial(trial_id="a", n_replicates=2, max_fidelity=3, **config):
    return Trial(
        trial_id=trial_id,
        trainable="x:y",
        config={"rounds": max_fidelity, **config},
        stacked=False,
        seed=0,
        n_replicates=n_replicates,
        unit="round",
        max_fidelity=max_fidelity,
        metric="val_acc",
        cpus=1,
        gpus=0,
        cost_s=1.0,
    )


def manifest(*trials, **changes):
    return replace(typed(MANIFEST), trials=trials, **changes)


def writer(folder, *trials):
    return RecordWriter(folder, manifest(*trials))


def rows(*values, start=1):
    """One row per replicate and step: values[step][replicate]."""
    return [
        {"round": step, "replicate": r, "val_acc": value, "time_s": 0.1}
        for step, both in enumerate(values, start)
        for r, value in enumerate(both)
    ]


def test_a_finished_trial_keeps_last_and_best_apart(tmp_path):
    out = writer(tmp_path / "r", trial())
    out.start_trial("a")
    out.add_rows("a", rows((0.1, 0.3), (0.5, 0.7), (0.4, 0.4)))
    out.end_trial("a")
    assert out.close() == {"finished": 1}
    record = load_record(tmp_path / "r")
    (row,) = record.trials.to_dict("records")
    assert (row["status"], row["reason"]) == ("finished", "reached round 3")
    assert row["val_acc_last"] == pytest.approx(0.4)
    assert (row["val_acc_best"], row["val_acc_best_at"]) == (pytest.approx(0.6), 2)
    assert list(record.reports["val_acc"]) == [0.1, 0.5, 0.4, 0.3, 0.7, 0.4]
    assert record.manifest.status == "complete"
    assert len(record.manifest.record_digest) == 64


@pytest.mark.parametrize(
    "end, status, reason",
    [
        ({"error": "Traceback\nValueError: boom"}, "failed", "round 1 of 3: ValueError: boom"),
        ({"stopped": "rung 1: 0.2 < 0.3"}, "stopped", "rung 1: 0.2 < 0.3"),
        ({}, "finished", "its trainable ended at round 1 of 3"),
    ],
)
def test_an_ending_has_its_reason(tmp_path, end, status, reason):
    out = writer(tmp_path / "r", trial())
    out.add_rows("a", rows((0.1, 0.3)))
    out.end_trial("a", **end)
    out.close()
    (row,) = load_record(tmp_path / "r").trials.to_dict("records")
    assert row["status"] == status
    assert reason in row["reason"]


def test_divergence_is_counted_and_never_averaged_away(tmp_path):
    nan = math.nan
    out = writer(tmp_path / "r", trial("a"), trial("b"))
    out.add_rows("a", rows((0.5, 0.5), (nan, 0.9), (nan, 0.9)))
    out.add_rows("b", rows((nan, math.inf)))
    assert out.end_trial("a") == "finished"
    assert out.end_trial("b") == "diverged"
    out.close()
    a, b = load_record(tmp_path / "r").trials.sort_values("trial_id").to_dict("records")
    assert a["reason"] == "reached round 3; 1 of 2 replicates diverged"
    assert a["n_diverged"] == 1 and math.isnan(a["val_acc_last"])
    assert (a["val_acc_best"], a["val_acc_best_at"]) == (0.5, 1)
    assert b["reason"] == "all 2 replicates NaN or infinite at round 1"


def test_the_record_can_be_read_while_it_grows(tmp_path):
    out = writer(tmp_path / "r", trial("a"), trial("b"))
    out.start_trial("a")
    out.add_rows("a", rows((0.1, 0.3)))
    out.flush()
    out.add_rows("a", rows((0.2, 0.4), start=2))
    growing = load_record(tmp_path / "r")
    assert set(growing.trials["status"]) == {"running"}, "not ended"
    assert list(growing.reports["round"]) == [1, 1]
    out.flush()
    assert list(load_record(tmp_path / "r").reports["round"]) == [1, 2, 1, 2]
    out.close()
    ended = load_record(tmp_path / "r").trials
    assert list(ended["status"]) == ["interrupted"] * 2
    assert set(ended["reason"]) == {"interrupted at round 2 of 3", "not started"}


def test_a_trial_that_was_interrupted_before_its_first_report_says_so(tmp_path):
    out = writer(tmp_path / "r", trial("a"))
    out.start_trial("a")
    out.close()
    (ended,) = load_record(tmp_path / "r").trials.to_dict("records")
    assert (ended["status"], ended["reason"]) == ("interrupted", "interrupted before round 1 of 3")


def test_a_trial_that_fails_before_its_first_report_says_so(tmp_path):
    out = writer(tmp_path / "r", trial("a"))
    out.start_trial("a")
    out.end_trial("a", error="ValueError: boom")
    out.close()
    (ended,) = load_record(tmp_path / "r").trials.to_dict("records")
    assert ended["status"] == "failed"
    assert ended["reason"] == "error before round 1 of 3: ValueError: boom"


def test_rows_that_come_twice_are_written_once(tmp_path):
    out = writer(tmp_path / "r", trial())
    out.add_rows("a", rows((0.1, 0.3), (0.2, 0.4)))
    out.flush()
    out.add_rows("a", rows((0.1, 0.3), (0.2, 0.4), (0.3, 0.5)))
    out.end_trial("a")
    out.close()
    assert list(load_record(tmp_path / "r").reports["round"]) == [1, 2, 3, 1, 2, 3]


def test_a_continued_record_keeps_what_it_had(tmp_path):
    first = writer(tmp_path / "r", trial("a"), trial("b"))
    first.add_rows("a", rows((0.1, 0.1), (0.2, 0.2), (0.3, 0.3)))
    first.end_trial("a")
    first.add_rows("b", rows((0.5, 0.5)))
    first.close()
    before = load_record(tmp_path / "r").manifest
    second = RecordWriter(tmp_path / "r", before)
    assert second.trials["a"]["status"] == "finished"
    second.start_trial("b")
    second.add_rows("b", rows((0.5, 0.5), (0.6, 0.6), (0.7, 0.7)))
    second.end_trial("b")
    assert second.close() == {"finished": 2}
    record = load_record(tmp_path / "r")
    assert len(record.reports) == 12
    once = writer(tmp_path / "once", trial("b"), trial("a"))
    once.add_rows("b", rows((0.5, 0.5), (0.6, 0.6), (0.7, 0.7)))
    once.end_trial("b")
    once.add_rows("a", rows((0.1, 0.1), (0.2, 0.2), (0.3, 0.3)))
    once.end_trial("a")
    once.close()
    digests = [load_record(tmp_path / n).manifest.record_digest for n in ("r", "once")]
    assert digests[0] == digests[1], "interrupted and uninterrupted records are equal"


def test_a_record_that_another_driver_has_written_since_it_was_read_is_left_alone(tmp_path):
    writer(tmp_path / "r", trial("a")).close()
    read = load_record(tmp_path / "r").manifest
    other = RecordWriter(tmp_path / "r", load_record(tmp_path / "r").manifest)
    other.add_trial(trial("b"))  # as a search adds one
    other.close()
    files = {path: path.read_bytes() for path in (tmp_path / "r").rglob("*.*")}
    with pytest.raises(ValueError, match="another process .*/r .*try again"):
        RecordWriter(tmp_path / "r", read, as_read=True)
    assert {path: path.read_bytes() for path in files} == files
    now = load_record(tmp_path / "r").manifest
    again = RecordWriter(tmp_path / "r", now, as_read=True)  # the lock is free
    again.close()


def test_a_second_driver_is_refused_and_the_lock_dies_with_its_process(tmp_path):
    code = (
        "import sys, time; from sweepbook.record.storage.lock import lock; "
        f"held = lock({str(tmp_path)!r}); print('held', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None and other.stdout.readline() == "held\n"
    with pytest.raises(ValueError, match=f"being written by process {other.pid}"):
        lock(tmp_path)
    other.kill()
    other.wait()
    other.stdout.close()
    lock(tmp_path).close()


def test_a_full_disk_leaves_the_record_as_at_its_last_part(tmp_path, monkeypatch):
    out = writer(tmp_path / "r", trial())
    out.add_rows("a", rows((0.1, 0.3)))
    out.flush()
    out.add_rows("a", rows((0.2, 0.4), start=2))

    def full(handle):
        os.ftruncate(handle, 9)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            out.flush()
    assert list(load_record(tmp_path / "r").reports["round"]) == [1, 1]
    assert not list((tmp_path / "r").rglob("*.tmp"))
    out.close()
    assert list(load_record(tmp_path / "r").reports["round"]) == [1, 2, 1, 2]


def test_a_store_that_is_away_between_two_parts_loses_no_row(tmp_path, monkeypatch):
    memory, said, away = _MockFileSystem(), [], []
    memory.create_dir("bucket/r/parts")

    def file_system(*_):
        if away:
            raise OSError("could not connect")
        return memory

    monkeypatch.setattr(places, "_file_system", file_system)
    monkeypatch.setattr(lock_module, "SETTLE_S", 0.0)
    monkeypatch.setattr(record_module, "FLUSH_EVERY_S", 0.0)
    out = RecordWriter("s3://bucket/r", manifest(trial()), said.append)
    out.add_rows("a", rows((0.1, 0.3)))
    away.append(True)
    out.flush_if_due()
    out.flush_if_due()
    (line,) = said  # the driver goes on meanwhile
    assert "storage s3://bucket/r" in line and "(could not connect)" in line
    assert "in 1 s, for at most 300 s" in line
    away.clear()
    out._due = 0.0
    out.flush_if_due()
    (again,) = said[1:]
    assert "storage s3://bucket/r" in again and "again after 0 s" in again
    assert list(load_record("s3://bucket/r").reports["round"]) == [1, 1]
    out.add_rows("a", rows((0.2, 0.4), start=2))
    assert out.close() == {"interrupted": 1}
    assert list(load_record("s3://bucket/r").reports["round"]) == [1, 2, 1, 2]
    assert [part.name for part in (out.folder / "parts").iterdir()] == []


def test_settings_of_several_kinds_and_lists_can_be_recorded(tmp_path):
    out = writer(
        tmp_path / "r",
        trial("a", depth=3, layers=[1, 2], mode="x"),
        trial("b", depth="all", layers=[], mode="y"),
    )
    out.add_rows("a", [{**row, "batch_losses": [0.1, 0.2]} for row in rows((0.1, 0.2))])
    out.close()
    record = load_record(tmp_path / "r")
    assert list(record.trials["config/depth"]) == ["3", '"all"']
    assert list(record.trials["config/layers"]) == ["[1, 2]", "[]"]
    assert [list(v) for v in record.reports["batch_losses"]] == [[0.1, 0.2]] * 2


def test_a_record_s_phases_sum_to_each_trial_s_time_and_survive_a_kill(tmp_path, monkeypatch):
    at = [0.0]
    monkeypatch.setattr("sweepbook.record.ledger.time", SimpleNamespace(monotonic=lambda: at[0]))
    first = writer(tmp_path / "r", trial("a"), trial("b"))
    for trial_id in "ab":
        first.start_trial(trial_id)
    at[0] += 3
    first.add_rows("a", rows((0.1, 0.3)))
    first.add_spent("a", [0, 1, 0, 0, 1, 0, 0, 0])
    first.flush()
    first._lock.close()  # killed: nobody closes the record
    again = writer(tmp_path / "r", trial("a"), trial("b"))
    again.start_trial("a")
    at[0] += 5
    again.add_spent("a", [0, 0, 0, 0, 5, 0, 0, 0])
    again.end_trial("a")
    again.close()
    trials = load_record(tmp_path / "r").trials.set_index("trial_id")
    assert dict(trials["time_total_s"]) == {"a": 8, "b": 3}
    assert trials.loc["a", ["time_start_s", "time_import_s", "time_train_s"]].tolist() == [1, 1, 6]
    phases = trials[[column(phase) for phase in PHASES]]
    pd.testing.assert_series_equal(phases.sum(axis=1), trials["time_total_s"], check_names=False)


def test_a_setting_that_some_trials_do_not_have_stays_what_it_is():
    weights, lr = ["imagenet", None, "pretext"], [0.1, None, 1.0]
    rows = [
        {"rung": None, "cutoff": None, "config/weights": w, "config/lr": x, "config/mixed": m}
        for w, x, m in zip(weights, lr, [1, None, "one"], strict=True)
    ]
    frame = trials_frame(rows)
    assert frame["config/weights"].isna().tolist() == [False, True, False]
    assert frame["config/weights"].dropna().tolist() == ["imagenet", "pretext"]
    assert frame["config/lr"].dropna().tolist() == [0.1, 1.0]
    assert frame["config/mixed"].tolist() == ["1", "null", '"one"']


def test_settings_that_python_takes_for_equal_stay_apart():
    def column(*values):
        return trials_frame([{"rung": None, "cutoff": None, "config/x": v} for v in values])[
            "config/x"
        ].tolist()

    assert column(3, 3.0, None) == ["3", "3.0", "null"]
    assert column(1, True) == ["1", "true"]
    assert column(3, 5.0) == [3, 5]


def test_predictions_are_kept_with_the_contract_s_columns_alone(tmp_path):
    data = Data({"name": "none", "test_groups": {"name": "region", "of": [0, 0]}})
    out = RecordWriter(tmp_path / "r", manifest(trial(), data=data), [trial()])
    out.start_trial("a")
    out.add_rows("a", rows((0.1, 0.3), (0.5, 0.7), (0.4, 0.4)))
    columns = ["trial_id", "replicate", "split", "row_id", "label", "predicted", "probability"]
    values = [["a", "a"], [0, 0], ["test", "test"], [5, 7], [0, 1], [0, 1], [0.9, 0.8]]
    part = pd.DataFrame(dict(zip(columns, values, strict=True)))
    part.to_parquet(tmp_path / "r" / "parts" / "predictions-a.parquet")
    out.end_trial("a")
    out.close()
    assert list(pd.read_parquet(tmp_path / "r" / "predictions.parquet")) == columns


@pytest.mark.parametrize("value, fits", [(None, True), (math.nan, False)])
def test_a_metric_without_a_value_is_of_no_kind_after_a_resume_either(tmp_path, value, fits):
    first, second = rows((0.5, 0.5))
    told = [{**first, "note": value}, second]
    out = writer(tmp_path / "r", trial())
    assert out.misfit(told) is None
    out.add_rows("a", told)
    assert (out.misfit([{"note": "good"}]) is None) == fits
    out.close()
    again = writer(tmp_path / "r", trial())
    assert (again.misfit([{"note": "good"}]) is None) == fits
    again.close()
