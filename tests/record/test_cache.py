import dataclasses
import json
import math

import pandas as pd
import pytest

from sweepbook.record.cache import take_known_trials
from sweepbook.record.load import load_record
from sweepbook.record.planned import Trial
from sweepbook.record.provenance import PART_OF_CODE
from sweepbook.record.writer import RecordWriter
from tests.records import typed


def trial(trial_id):
    return Trial(
        trial_id=trial_id, trainable="x:y", config={"rounds": 2}, stacked=False, seed=0,
        n_replicates=2, unit="round", max_fidelity=2, metric="val_acc",
        cpus=1, gpus=0, cost_s=1.0,
    )  # fmt: skip


def writer(folder, *trial_ids, **changes):
    trials = [trial(i) for i in trial_ids]
    manifest = {
        "schema_version": 1,
        "study": {
            "name": "toy",
            "metric": {"name": "val_acc", "mode": "max"},
            "fidelity": {"unit": "round", "setting": "rounds"},
        },
        "data": {"name": "none", "sha256": "d4"},
        "versions": {"torch": "1"},
        "code_sha256": "abc",
        "started": "now",
        "ended": None,
        "trials": [dataclasses.asdict(t) for t in trials],
        **changes,
    }
    return RecordWriter(folder, typed(json.loads(json.dumps(manifest))))


@pytest.fixture
def storage(tmp_path):
    """A storage with a record in which trial a has finished and trial b was interrupted."""
    out = writer(tmp_path / "old", "a", "b")
    out.start_trial("a")
    steps = [(n, r) for n in (1, 2) for r in (0, 1)]
    rows = [{"replicate": r, "round": n, "val_acc": n + r / 10, "time_s": 0.5} for n, r in steps]
    out.add_rows("a", rows)
    out.end_trial("a")
    out.add_rows("b", rows[:2])
    (tmp_path / "old" / "checkpoints" / "a.pt").write_bytes(b"state")
    (tmp_path / "old" / "logs").mkdir()
    (tmp_path / "old" / "logs" / "a.txt").write_bytes(b"printed")
    predictions = {"trial_id": ["a"], "replicate": [0], "split": ["test"], "row_id": [7]}
    predictions |= {"label": [1], "predicted": [2], "probability": [0.5]}
    pd.DataFrame(predictions).to_parquet(tmp_path / "old" / "parts" / "predictions-a.parquet")
    out.close()
    return tmp_path


@pytest.mark.parametrize("code", [None, f"{PART_OF_CODE}abc"])
def test_a_trial_of_unknown_code_is_not_taken_which_is_said(tmp_path, code):
    old = writer(tmp_path / "old", "a", code_sha256=code)
    old.start_trial("a")
    old.add_rows("a", [{"replicate": r, "round": 2, "val_acc": 0.5} for r in (0, 1)])
    old.end_trial("a")
    old.close()
    new = writer(tmp_path / "new", "a", code_sha256=code)
    taken, said = take_known_trials([new])
    new.close()
    assert not taken
    assert len(said) == 1 and "old" in said[0] and "code" in said[0]


def test_a_finished_trial_is_taken_whole_and_named_in_the_manifest(storage):
    new = writer(storage / "new", "a", "b")
    assert take_known_trials([new]) == ({"a": "old"}, [])
    assert new.trials["b"]["status"] == "pending", "an interrupted trial is trained"
    new.close()
    old, record = load_record(storage / "old"), load_record(storage / "new")
    mine = record.reports.query("trial_id == 'a'").reset_index(drop=True)
    theirs = old.reports.query("trial_id == 'a'").reset_index(drop=True)
    pd.testing.assert_frame_equal(mine[theirs.columns], theirs)
    assert record.manifest.taken == {"a": "old"}
    assert list(record.predictions()["row_id"]) == [7]
    assert (storage / "new" / "checkpoints" / "a.pt").read_bytes() == b"state"
    assert (storage / "new" / "logs" / "a.txt").read_bytes() == b"printed"
    columns = ["trial_id", "status", "reason", "time_total_s", "last_fidelity"]
    pd.testing.assert_frame_equal(record.trials[columns][:1], old.trials[columns][:1])


def test_a_trial_that_diverged_at_its_first_step_is_taken_as_it_was(tmp_path):
    out = writer(tmp_path / "old", "a")
    out.start_trial("a")
    out.add_rows("a", [{"replicate": r, "round": 1, "val_acc": math.nan} for r in (0, 1)])
    out.end_trial("a")
    out.close()
    new = writer(tmp_path / "new", "a")
    assert take_known_trials([new]) == ({"a": "old"}, [])
    new.close()
    record = load_record(tmp_path / "new")
    assert list(record.trials["status"]) == ["diverged"] and len(record.reports) == 2


@pytest.mark.parametrize("has_digest", [True, False])
def test_no_edited_number_is_taken_which_is_said(storage, has_digest):
    old = storage / "old"
    pd.read_parquet(old / "reports.parquet").assign(val_acc=9.0).to_parquet(
        old / "reports.parquet"
    )
    if not has_digest:
        content = json.loads((old / "manifest.json").read_text())
        content.pop("record_digest")
        (old / "manifest.json").write_text(json.dumps(content))
    new = writer(storage / "new", "a", "b")
    taken, said = take_known_trials([new])
    new.close()
    assert not taken and len(said) == 1
    assert "no trial is reused" in said[0] and "digest" in said[0]


@pytest.mark.parametrize(
    "changes", [{"versions": {"torch": "2"}}, {"code_sha256": "other"}], ids=["versions", "code"]
)
def test_nothing_is_taken_across_versions_or_code(storage, changes):
    new = writer(storage / "new", "a", **changes)
    assert take_known_trials([new]) == ({}, [])
    new.close()


def test_nothing_is_taken_from_files_that_are_no_records(tmp_path):
    for name, text in (("odd", "{"), ("empty", "{}"), ("list", "[]")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(text)
    new = writer(tmp_path / "new", "a")
    assert take_known_trials([new]) == ({}, [])
    new.close()


def test_a_damaged_neighbour_is_named_and_stops_nothing(storage):
    (storage / "old" / "reports.parquet").write_bytes(b"PAR1 cut off")
    new = writer(storage / "new", "a")
    taken, (line,) = take_known_trials([new])
    assert taken == {}
    assert str(storage / "old") in line
    new.close()


def test_nothing_is_taken_where_the_data_has_no_hash(storage):
    manifest = json.loads((storage / "old" / "manifest.json").read_text())
    manifest["data"]["sha256"] = None
    (storage / "old" / "manifest.json").write_text(json.dumps(manifest))
    new = writer(storage / "new", "a")
    assert take_known_trials([new]) == ({}, [])
    new.close()
