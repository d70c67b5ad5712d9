"""What is said when a record goes on, and how many trials it then has at a time."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from sweepbook.commands import training
from sweepbook.commands.extend import extend
from sweepbook.commands.resume import resume
from sweepbook.commands.run import run, run_studies
from sweepbook.plan.options import Options
from sweepbook.plan.studies import load_studies
from sweepbook.record.checkpoints import checkpoint_path, save_checkpoint
from sweepbook.record.load import load_record
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.placement import HERE, Placement

ONE, TWO = Placement(max_concurrent=1), Placement(max_concurrent=2)


@pytest.fixture
def asked(monkeypatch):
    """Trains nothing; fills a list with how many trials at a time each command asked for."""
    limits = []

    def train(plans, writers, *, placement, **rest):
        limits.append(placement.max_concurrent)

    monkeypatch.setattr(training, "train", train)
    return limits


def begin(toy_file, tmp_path, placement, **options):
    studies, settings = load_studies([str(toy_file)]), Options(**options)
    (folder,) = run_studies(
        studies, settings, storage=tmp_path / "records", placement=placement, console=console()
    )
    return folder


def console():
    return Console(file=io.StringIO(), width=300)


def said(command, *arguments, **settings):
    shown = console()
    command(*arguments, console=shown, **settings)
    return shown.file.getvalue()


def test_a_record_goes_on_with_as_many_at_a_time_as_it_began_with(toy_file, tmp_path, asked):
    folder = begin(toy_file, tmp_path, ONE)
    assert "1 trial at a time, as before" in said(resume, folder)
    assert "at a time" in said(extend, folder, Options(replicates=3))
    assert asked == [1, 1, 1]


def test_another_number_counts_and_is_said_and_kept(toy_file, tmp_path, asked):
    folder = begin(toy_file, tmp_path, ONE)
    assert "--max-concurrent is 2 now and was 1 before" in said(resume, folder, placement=TWO)
    assert "2 trials at a time, as before" in said(resume, folder)
    assert "at a time" not in said(resume, folder, placement=TWO), "the same needs no word"
    assert asked == [1, 2, 2, 2]


def test_a_record_without_a_limit_or_of_an_earlier_version_has_none(toy_file, tmp_path, asked):
    folder = begin(toy_file, tmp_path, HERE)
    assert "max_concurrent" not in json.loads((folder / "manifest.json").read_text())
    assert "concurrent" not in said(resume, folder) and asked == [None, None]


def test_trials_that_must_begin_anew_are_told(toy_file, tmp_path, asked):
    folder = begin(toy_file, tmp_path, HERE)
    assert "there is no checkpoint" not in said(resume, folder), "none of them had begun"
    writer = RecordWriter(folder, load_record(folder).manifest)
    for trial_id in writer.trials:
        writer.add_rows(trial_id, [{"replicate": r, "round": 1, "val_acc": 0.5} for r in (0, 1)])
    writer.close()
    kept, lost = writer.trials
    assert "2 trials start from the beginning" in said(resume, folder)
    checkpoint = Path(checkpoint_path(folder, kept))
    checkpoint.parent.mkdir(exist_ok=True)
    checkpoint.write_bytes(b"")
    printed = said(resume, folder)
    assert f"1 trial starts from the beginning, because there is no checkpoint ({lost})" in printed
    assert '"state"' in printed


def with_steps(folder, trial_id, **ending):
    """Has a trial of the record report a step, with a checkpoint of it, and perhaps end."""
    writer = RecordWriter(folder, load_record(folder).manifest)
    writer.add_rows(trial_id, [{"replicate": r, "round": 1, "val_acc": 0.5} for r in (0, 1)])
    save_checkpoint([str(folder)], trial_id, {"fidelity": 1, "state": {}, "rows": []})
    if ending:
        writer.end_trial(trial_id, **ending)
    writer.close()


def test_it_says_in_one_line_what_becomes_of_the_trials(toy_file, tmp_path, asked):
    folder = begin(toy_file, tmp_path, HERE)
    first, second = sorted(load_record(folder).trials["trial_id"])
    line = "0 trials are kept, 0 continue from their checkpoints, 2 are trained from the beginning"
    assert line in said(resume, folder)
    with_steps(folder, first)
    line = "0 trials are kept, 1 continues from its checkpoint at round 1, 1 is trained from the"
    assert line in said(resume, folder)
    with_steps(folder, first, stopped="worse than the other")
    line = "1 trial is kept, 0 continue from their checkpoints, 1 is trained from the beginning\n"
    assert line in said(resume, folder)
    with_steps(folder, second)
    assert "1 trial is kept, 1 continues from its checkpoint at round 1" in said(resume, folder)


def test_an_extension_says_once_what_becomes_of_the_trials(toy_file, tmp_path, asked):
    folder = begin(toy_file, tmp_path, HERE)
    assert said(extend, folder, Options(replicates=3)).count(" kept, ") == 1


def test_a_resume_without_a_scheduler_says_what_to_do_instead(toy_file, tmp_path):
    with pytest.raises(ValueError, match="--no-scheduler") as caught:
        run_again(tmp_path / "record", Options(scheduler=False))
    assert "never" in str(caught.value) and "STUDY --no-scheduler" in str(caught.value)
    with pytest.raises(ValueError) as caught:
        run_again(tmp_path / "record", Options(seed=3))
    assert "--no-scheduler" not in str(caught.value)


def gpus_of(folder):
    manifest = load_record(folder).manifest
    return manifest.study.gpus, sorted(trial.gpus for trial in manifest.trials)


def test_what_is_left_goes_on_with_another_share_of_a_gpu(toy_file, tmp_path, asked, monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    folder = begin(toy_file, tmp_path, HERE, gpus=0.25)
    ended, _ = load_record(folder).trials["trial_id"]
    with_steps(folder, ended, stopped="worse than the other")
    run_again(folder, Options())
    assert gpus_of(folder) == (0.25, [0.25, 0.25])
    run_again(folder, Options(gpus=0.5))
    assert gpus_of(folder) == (0.5, [0.25, 0.5]), "what has ended stays as it was trained"
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    with pytest.raises(ValueError, match="a trial asks for 1 GPU, and this machine has 0: "):
        run_again(folder, Options(gpus=1))
    assert gpus_of(folder) == (0.5, [0.25, 0.5]), "a refused command changes nothing"


def test_trials_that_have_gpus_by_their_device_go_on_with_a_share(
    toy_file, tmp_path, asked, monkeypatch
):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    text = toy_file.read_text().replace('"rounds": 3}', '"rounds": 3, "device": "cuda"}')
    toy_file.write_text(text)
    folder = begin(toy_file, tmp_path, HERE)
    assert gpus_of(folder) == (0, [1, 1])
    run_again(folder, Options(gpus=0.5))
    assert gpus_of(folder) == (0.5, [0.5, 0.5]), "also what a search suggests later"


def test_an_extension_goes_on_with_another_share_of_a_gpu(toy_file, tmp_path, asked, monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    folder = begin(toy_file, tmp_path, HERE, gpus=0.25)
    run_again(folder, Options(gpus=1, replicates=3))
    assert gpus_of(tmp_path / "records" / "toy-2") == (1, [1, 1])
    assert gpus_of(folder) == (0.25, [0.25, 0.25])


@pytest.mark.parametrize(("began", "now", "where"), [(0, 0.5, "the CPU"), (0.5, 0, "GPUs")])
def test_a_resume_moves_no_trial_between_the_cpu_and_gpus(
    toy_file, tmp_path, asked, monkeypatch, began, now, where
):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    folder = begin(toy_file, tmp_path, HERE, gpus=began)
    with pytest.raises(ValueError, match=f"began on {where}, .* in a new record"):
        run_again(folder, Options(gpus=now))


def run_again(record, options):
    nothing = {"storage": None, "name": None, "optuna_storage": None, "warm_start": ()}
    run(
        *([], options, [], None),
        **(nothing | {"cache": True, "force": False, "placement": HERE}),
        record=str(record),
        console=console(),
    )


@pytest.mark.parametrize(
    "name, said_as", [("max_failures", "max-failures"), ("max_node_losses", "max-node-losses")]
)
def test_a_record_goes_on_with_its_own_numbers_of_retries(
    toy_file, tmp_path, monkeypatch, name, said_as
):
    used = []
    monkeypatch.setattr(
        training,
        "train",
        lambda *_, placement, **rest: used.append(getattr(placement.limits(), name)),
    )
    folder = begin(toy_file, tmp_path, Placement(**{name: 0}))
    assert f"--{said_as} is 0, as before" in said(resume, folder)
    assert said_as not in said(resume, folder, placement=Placement(**{name: 7}))
    assert f"--{said_as} is 7, as before" in said(extend, folder, Options(replicates=3))
    assert used == [0, 0, 7, 7]


def test_a_record_that_was_told_no_retries_has_the_usual_ones(toy_file, tmp_path, asked):
    folder = begin(toy_file, tmp_path, HERE)
    assert "--max-" not in said(resume, folder)
    assert (HERE.limits().max_failures, HERE.limits().max_node_losses) == (1, 3)
    assert "retries" not in json.loads((folder / "manifest.json").read_text())
