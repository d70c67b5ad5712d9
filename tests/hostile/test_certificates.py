"""Numbers that somebody has made up: none is certified, and none moves into another record."""

import os
import shutil

import pandas as pd
import pytest

from sweepbook.commands.confirm import confirm
from sweepbook.commands.extend import extend
from sweepbook.commands.resume import resume
from sweepbook.commands.verify import check, check_digests, verify
from sweepbook.pages.report import write_report
from sweepbook.plan.options import Options
from sweepbook.record.checkpoints import save_checkpoint
from tests.hostile.crafted import edit, give_its_digest


def change(record, table="reports", **columns):
    """Changes columns of a table: a value, or a function of the frame."""
    frame = pd.read_parquet(record / f"{table}.parquet")
    given = {name.replace("__", "/"): value for name, value in columns.items()}
    frame.assign(**given).to_parquet(record / f"{table}.parquet")


@pytest.fixture
def edited(valid):
    """A copy of the record with another metric in every row, but with the old digest."""
    record = valid.with_name("edited")
    shutil.copytree(valid, record)
    change(record, val_acc=999.0)
    return record


def test_a_planted_checkpoint_is_not_trained_anew(valid, tmp_path):
    """A trial's id that is a path would have named the record's own checkpoint as a new one."""
    outside = tmp_path / "outside"
    (outside / "checkpoints").mkdir(parents=True)
    change(valid, val_acc=0.999)
    for i, trial_id in enumerate(pd.read_parquet(valid / "trials.parquet")["trial_id"]):
        rows = pd.read_parquet(valid / "reports.parquet").query("trial_id == @trial_id")
        rows = rows.drop(columns="trial_id").to_dict("records")
        path = str(outside / "checkpoints" / f"{i}")
        checkpoint = {"fidelity": 3, "state": [{"at": 3}, {"at": 3}], "rows": rows}
        save_checkpoint([str(outside)], path, checkpoint)
        for table in ("trials", "reports"):
            change(
                valid,
                table,
                trial_id=lambda f, old=trial_id, new=path: f["trial_id"].replace({old: new}),
            )

        def rename(content, old=trial_id, new=path):
            for trial in content["trials"]:
                trial["trial_id"] = new if trial["trial_id"] == old else trial["trial_id"]

        edit(valid, rename)
    before = {p: p.stat().st_mtime_ns for p in outside.rglob("*")}
    try:
        give_its_digest(valid)
        found, _ = verify(valid, n_trials=2, seed=0, most=None)
    except ValueError as error:  # the id is no id
        found = [str(error)]
    assert found, "it has certified invented numbers"
    assert {p: p.stat().st_mtime_ns for p in outside.rglob("*")} == before


def test_invented_numbers_with_the_right_digest_differ_when_retrained(edited):
    give_its_digest(edited)
    found, _ = verify(edited, n_trials=1, seed=0, most=None)
    assert "differs when retrained: val_acc" in found[0]


def test_a_table_that_shows_other_settings_than_were_trained_is_found(valid):
    change(valid, "trials", config__slope=lambda f: f["config/slope"] * 10)
    give_its_digest(valid)
    found, _ = verify(valid, n_trials=2, seed=0, most=None)
    assert len(found) == 2 and all("config/slope is" in line for line in found)


def test_steps_behind_the_end_of_what_is_retrained_are_found(valid):
    reports = pd.read_parquet(valid / "reports.parquet")
    more = reports[reports["round"] == 3].assign(round=4, val_acc=1e9)
    pd.concat([reports, more]).to_parquet(valid / "reports.parquet")
    change(valid, "trials", max_fidelity=4, last_fidelity=4)
    give_its_digest(valid)
    found, _ = verify(valid, n_trials=2, seed=0, most=None)
    assert any("max_fidelity is 4" in line for line in found)


def test_invented_predictions_are_found(valid, home, tmp_path):
    ids = pd.read_parquet(valid / "trials.parquet")["trial_id"]
    frame = pd.DataFrame({"trial_id": ids, "replicate": 0, "split": "test", "row_id": 1})
    frame = frame.assign(label=1, predicted=1, probability=1.0)
    frame.to_parquet(valid / "predictions.parquet")
    found, _ = verify(valid, n_trials=1, seed=0, most=None)
    assert "predictions are recorded, but retraining gave none" in found[0]


def test_no_edited_number_moves_into_another_record(edited, home, quiet, untrained):
    taking = [
        lambda: extend(edited, Options(replicates=3), console=quiet, force=True),
        lambda: confirm(edited, by=None, replicates=2, seed=1, force=True, console=quiet),
        lambda: resume(edited, console=quiet),
    ]
    before = sorted(os.listdir(home / "records"))
    for take in taking:
        with pytest.raises(ValueError, match="edited: its tables do not have the digest"):
            take()
    edit(edited, lambda content: content.pop("record_digest"))
    for take in taking[:2]:
        with pytest.raises(ValueError, match="edited has no digest"):
            take()
    assert sorted(os.listdir(home / "records")) == before


def test_the_report_says_on_top_that_a_digest_does_not_match(edited, valid, tmp_path):
    page = write_report([valid, edited], tmp_path / "report").read_text(encoding="utf-8")
    text = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    for said in (page, text):
        assert said.index("Do not rely on these numbers") < said.index("What was found")
        assert "edited: its tables do not have the digest" in said
    good = write_report([valid], tmp_path / "good").read_text(encoding="utf-8")
    assert "Do not rely" not in good


def test_the_digests_of_a_whole_storage_are_checked(edited, valid, quiet, home):
    assert not check_digests(home / "records", quiet)
    said = quiet.file.getvalue()
    assert "1 of 2 records failed" in said
    give_its_digest(edited)
    (home / "records" / "damaged").mkdir()
    (home / "records" / "damaged" / "manifest.json").write_text("{")
    assert not check_digests(home / "records", quiet)
    shutil.rmtree(home / "records" / "damaged")
    assert check_digests(home / "records", quiet)
    with pytest.raises(ValueError, match="holds no record"):
        check_digests(home, quiet)


def test_without_trials_to_retrain_no_code_is_needed(valid, home, quiet):
    (file,) = home.glob("own_*.py")
    text = file.read_text()
    file.write_text(text.replace("% 97", "% 96"))
    assert "code has changed" in verify(valid, 0, 0, None)[0][0]
    file.unlink()
    assert check(valid, trials=0, seed=0, epochs=None, console=quiet)
    assert "was not compared" in quiet.file.getvalue()


def test_a_trial_without_settings_is_not_sound(valid, quiet):
    edit(valid, lambda content: content["trials"][0].update(config="touch x"))
    with pytest.raises(ValueError, match="config must be an object"):
        check(valid, trials=0, seed=0, epochs=None, console=quiet)
