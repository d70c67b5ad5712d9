"""More replicates or epochs for a record: what is kept, what goes on, what is trained anew."""

import contextlib
import io

import pandas as pd
import pytest
from rich.console import Console

from sweepbook.commands import training
from sweepbook.commands.extend import extend
from sweepbook.commands.run import run_studies
from sweepbook.plan.options import Options
from sweepbook.plan.studies import load_studies
from sweepbook.record.digest import record_digest
from sweepbook.record.load import load_record
from sweepbook.record.logs import log_path, read_log
from sweepbook.record.storage.files import make_folder, write_bytes
from sweepbook.record.storage.lock import lock
from sweepbook.tune.worker.run import Assignment, reports

COLUMNS = ["trial_id", "replicate", "round", "val_acc"]


@pytest.fixture
def trained(monkeypatch):
    """Trains in this process; fills a list with (config, rounds that a trial trained here)."""
    steps = []

    def train(plans, writers, **rest):
        for plan, writer in zip(plans, writers, strict=True):
            for trial in plan.trials:
                if writer.trials[trial.trial_id]["status"] != "finished":
                    job = Assignment(trial, [str(writer.folder)], list(rest["import_paths"]))
                    made = list(reports(job))
                    for report in made:
                        writer.add_rows(trial.trial_id, report["rows"])
                    steps.append((trial.config["slope"], [r["fidelity"] for r in made]))
                    writer.end_trial(trial.trial_id)

    monkeypatch.setattr(training, "train", train)
    return steps


@pytest.fixture
def run(toy_file, tmp_path, trained):
    """run(options, extendable) -> the toy study's record, trained."""

    def call(name, options=None, extendable=False):
        if extendable:
            text = toy_file.read_text().replace("replicates=2,", "replicates=2, extendable=True,")
            toy_file.write_text(text)
        (folder,) = run_studies(
            load_studies([str(toy_file)]), options or Options(), storage=tmp_path / "records",
            name=name, console=console(), cache=False,
        )  # fmt: skip
        trained.clear()
        return folder

    return call


def console():
    return Console(file=io.StringIO(), width=200)


def extended(folder, **options):
    shown = console()
    (new,) = extend(folder, Options(**options), console=shown)
    return load_record(new), " ".join(shown.file.getvalue().split())


def numbers(record):
    return record.reports[COLUMNS]


def test_more_epochs_of_an_extendable_study_go_on_from_its_checkpoints(run, trained):
    folder = run("short", extendable=True)
    before = {p: (folder / p).read_bytes() for p in ("manifest.json", "reports.parquet")}
    old = load_record(folder).trials["trial_id"][0]
    make_folder(folder / "logs")
    write_bytes(log_path(folder, old), b"rounds 1 to 3")
    longer, said = extended(folder, epochs=5)
    assert longer.name == "short-2"
    assert [rounds for _, rounds in trained] == [[4, 5]] * 2, "rounds 1 to 3 are not trained again"
    assert "0 trials are kept, 2 continue from their checkpoints, 0 are trained" in said
    whole = load_record(run("whole", Options(epochs=5)))
    pd.testing.assert_frame_equal(numbers(longer), numbers(whole))
    assert record_digest(longer) == record_digest(whole)
    assert set(longer.manifest.extends.continued) == set(longer.trials["trial_id"])
    (new,) = (i for i, source in longer.manifest.extends.continued.items() if source == old)
    assert read_log(longer.path, new) == b"rounds 1 to 3", "and its log goes on"
    assert {p: (folder / p).read_bytes() for p in before} == before, "the old record stays"
    twice, _ = extended(longer.path, scale=2)
    assert set(twice.trials["last_fidelity"]) == {10}
    assert twice.manifest.scale == 2


def test_more_epochs_of_any_other_study_are_trained_from_the_beginning(run, trained):
    longer, said = extended(run("short"), epochs=5)
    assert [rounds for _, rounds in trained] == [[1, 2, 3, 4, 5]] * 2
    assert "0 continue from their checkpoints, 2 are trained from the beginning" in said
    assert set(longer.manifest.extends.anew) == set(longer.trials["trial_id"])


def test_more_replicates_are_another_training_even_of_an_extendable_study(run, trained):
    folder = run("few", extendable=True)
    more, _ = extended(folder, replicates=3)
    assert [rounds for _, rounds in trained] == [[1, 2, 3]] * 2
    assert more.manifest.n_replicates == 3
    both = numbers(more).merge(
        numbers(load_record(folder)).drop(columns="trial_id"), on=["replicate", "round", "val_acc"]
    )
    assert len(both) == 2 * 2 * 3, "the first replicates have the same seeds"


def test_a_trial_that_does_not_change_is_kept_whole(run, trained, toy_file):
    text = toy_file.read_text().replace("grid=", "points=[{'rounds': 3}, {'rounds': 5}], grid=")
    toy_file.write_text(text.replace("fixed={'rounds': 3}", "").replace('"rounds": 3}', "}"))
    folder = run("mixed", extendable=True)
    assert sorted(load_record(folder).trials["last_fidelity"]) == [3, 3, 5, 5]
    longer, said = extended(folder, epochs=5)
    assert "2 trials are kept, 0 continue" in said and trained == []
    assert list(longer.trials["last_fidelity"]) == [5, 5], "the short ones became the same"
    assert longer.manifest.status == "complete"
    kept = load_record(folder).reports
    kept = kept[kept["trial_id"].isin(longer.trials["trial_id"])]
    pd.testing.assert_frame_equal(longer.reports, kept.reset_index(drop=True))


@pytest.mark.parametrize(
    "options, why",
    [
        ({"replicates": 1}, "fewer replicates .*has 2, got 1"),
        ({"epochs": 2}, "fewer rounds .*has 3, got 2"),
        ({"scale": 0.5}, "fewer rounds .*has 3, got 2"),
        ({"epochs": 3}, "short has all of this already"),
    ],
)
def test_less_than_before_or_nothing_new_is_refused_and_nothing_written(run, options, why):
    folder = run("short")
    with pytest.raises(ValueError, match=why):
        extended(folder, **options)
    assert [p.name for p in folder.parent.iterdir()] == ["short"]


def test_a_record_that_is_being_written_is_not_extended(run):
    folder = run("short")
    with (
        contextlib.closing(lock(folder)),
        pytest.raises(ValueError, match="is being written by process"),
    ):
        extended(folder, epochs=5)


def test_an_extension_of_the_current_folder_has_its_name(run, trained, monkeypatch):
    monkeypatch.chdir(run("short", extendable=True).path)
    longer, _ = extended(".", epochs=5)
    assert longer.name == "short-2"
    assert longer.manifest.extends.record == "short"
    assert load_record(".").name == "short"
