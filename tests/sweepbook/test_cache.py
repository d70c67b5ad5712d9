import dataclasses
import json

import pandas as pd
import pytest

from analysis.load import load_record
from sweepbook.cache import take_known_trials, take_started_trials
from sweepbook.checkpoints import load_checkpoint, save_checkpoint
from sweepbook.plan import Trial
from sweepbook.record import RecordWriter


def trial(trial_id, rounds=2):
    return Trial(
        trial_id=trial_id, trainable="x:y", config={"rounds": rounds}, stacked=False, seed=0,
        n_replicates=2, unit="round", max_fidelity=rounds, metric="val_acc",
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
        "data": {"name": "none"},
        "versions": {"torch": "1"},
        "code_sha256": "abc",
        "started": "now",
        "ended": None,
        "trials": [dataclasses.asdict(t) for t in trials],
        **changes,
    }
    return RecordWriter(folder, json.loads(json.dumps(manifest)), trials)


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
    (out.folder / "checkpoints" / "a.pt").write_bytes(b"state")
    predictions = {"trial_id": ["a"], "replicate": [0], "split": ["test"], "row_id": [7]}
    predictions |= {"label": [1], "predicted": [2], "probability": [0.5]}
    pd.DataFrame(predictions).to_parquet(out.folder / "parts" / "predictions-a.parquet")
    out.close()
    return tmp_path


def test_a_finished_trial_is_taken_whole_and_named_in_the_manifest(storage):
    new = writer(storage / "new", "a", "b")
    assert take_known_trials([new]) == {"a": "old"}
    assert new.trials["b"]["status"] == "pending", "an interrupted trial is trained"
    new.close()
    old, record = load_record(storage / "old"), load_record(storage / "new")
    mine = record.reports.query("trial_id == 'a'").reset_index(drop=True)
    theirs = old.reports.query("trial_id == 'a'").reset_index(drop=True)
    pd.testing.assert_frame_equal(mine[theirs.columns], theirs)
    assert record.manifest["taken"] == {"a": "old"}
    assert list(record.predictions()["row_id"]) == [7]
    assert (storage / "new" / "checkpoints" / "a.pt").read_bytes() == b"state"
    columns = ["trial_id", "status", "reason", "time_total_s", "last_fidelity"]
    pd.testing.assert_frame_equal(record.trials[columns][:1], old.trials[columns][:1])


@pytest.mark.parametrize(
    "changes", [{"versions": {"torch": "2"}}, {"code_sha256": "other"}], ids=["versions", "code"]
)
def test_nothing_is_taken_across_versions_or_code(storage, changes):
    new = writer(storage / "new", "a", **changes)
    assert take_known_trials([new]) == {}
    new.close()


def test_nothing_is_taken_from_files_that_are_no_records(tmp_path):
    for name, text in (("odd", "{"), ("empty", "{}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(text)
    new = writer(tmp_path / "new", "a")
    assert take_known_trials([new]) == {}
    new.close()


def test_a_longer_trial_goes_on_from_the_furthest_checkpoint_of_a_shorter_one(tmp_path):
    for name, reached in (("one", 1), ("two", 2), ("long", 5)):
        old = writer(tmp_path / name, name)
        rows = [{"replicate": r, "round": reached, "val_acc": 0.5} for r in (0, 1)]
        save_checkpoint([str(old.folder)], name, reached, {"at": reached}, rows)
        old.close()
    new = longer(tmp_path / "new")
    assert take_started_trials([new]) == {"new": "two"}, "not the one that is longer than asked"
    content = load_checkpoint([str(new.folder)], "new")
    assert content is not None and content["state"] == {"at": 2}
    assert [row["round"] for row in content["rows"]] == [2, 2]
    new.close()
    other = longer(tmp_path / "other", seed=1)
    assert take_started_trials([other]) == {}, "another seed is another trial"
    other.close()


def longer(folder, **changes):
    """A record of one trial of three rounds."""
    planned = dataclasses.replace(trial("new", rounds=3), **changes)
    out = writer(folder, "new")
    manifest = {**out.manifest, "trials": [dataclasses.asdict(planned)]}
    out.close()
    for path in (folder / "manifest.json", folder / "trials.parquet"):
        path.unlink()
    return RecordWriter(folder, manifest, [planned])
