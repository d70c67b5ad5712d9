"""The command that replays a record: what it writes, what it says, what it refuses."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from sweepbook import cli
from sweepbook.replay.run import FILES, Wanted, replay


@pytest.fixture
def write_record(tmp_path):
    """write_record(n, endings): n trials of 9 epochs, 3 replicates; the last of them is best."""

    def write(n=8, **endings):
        folder = tmp_path / "records" / "lr"
        folder.mkdir(parents=True)
        rng = np.random.default_rng(0)
        reports = [
            {"trial_id": f"t{i}", "replicate": r, "epoch": epoch, "time_s": 1.0 + i,
             "val_loss": 2.0 - 0.1 * i + 1 / epoch + 0.001 * rng.random()}
            for i in range(n) for r in range(3) for epoch in range(1, 10)
        ]  # fmt: skip
        trials = [
            {"trial_id": f"t{i}", "status": endings.get(f"t{i}", "finished"), "config/lr": 0.1**i,
             "study": "lr", "reason": None, "error": None, "seed": 0, "n_replicates": 3,
             "fidelity_unit": "epoch", "last_fidelity": 9, "time_total_s": 9.0}
            for i in range(n)
        ]  # fmt: skip
        pd.DataFrame(reports).to_parquet(folder / "reports.parquet")
        pd.DataFrame(trials).to_parquet(folder / "trials.parquet")
        study = {"name": "lr", "question": "?", "trainable": "x:y"}
        study |= {"metric": {"name": "val_loss", "mode": "min"}}
        study |= {"fidelity": {"unit": "epoch", "setting": "epochs"}}
        manifest = {"schema_version": 1, "study": study, "status": "complete"}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return folder

    return write


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Runs `sweepbook replay ARGUMENTS` in an empty folder: (exit code, what was printed)."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["sweepbook", "replay", *map(str, arguments)])
        with pytest.raises(SystemExit) as ending:
            cli.main()
        printed = capsys.readouterr()
        return ending.value.code or 0, " ".join((printed.out + printed.err).split())

    return call


def test_it_writes_table_figure_and_page_and_again_the_same(command, write_record, tmp_path):
    record = write_record()
    code, printed = command(record, "--orders", 40)
    assert (code, printed) == (0, "replay/replay.md")
    first = {name: (tmp_path / "replay" / name).read_bytes() for name in FILES}
    assert command(record, "--orders", 40)[0] == 0
    assert {name: (tmp_path / "replay" / name).read_bytes() for name in FILES} == first
    table = pd.read_csv(tmp_path / "replay" / "replay.csv")
    assert set(zip(table["n_workers"], table["grace_period"], strict=True)) == {
        (n, g) for n in (1, 4, 8) for g in (1, 3)
    }
    assert set(table["reduction_factor"]) == {2, 3, 4}
    assert (table["kept"] == 1).all(), "the order of these curves never changes"
    assert (table["share_q025"] <= table["share"]).all()
    page = first["replay.md"].decode()
    assert "8 full curves of 8 trials, 72 epochs." in page
    assert "is lr 0.0000001: 1.4" in page
    assert (
        "winner. State such a difference with --margin." in page
        and table["kept_close"].isna().all()
    )
    assert len([line for line in page.splitlines() if line.startswith("| ")]) == 1 + len(table)


def test_a_margin_says_which_trials_are_as_good(command, write_record, tmp_path):
    code, _ = command(write_record(), "--orders", 40, "--margin", 0.15, "--workers", 1)
    assert code == 0
    page = (tmp_path / "replay" / "replay.md").read_text()
    assert "2 trials, the winner included, are as good" in page and "0.15" in page
    table = pd.read_csv(tmp_path / "replay" / "replay.csv")
    assert (table["kept_close"] >= table["kept"]).all() and table["kept_close"].notna().all()


def test_one_setting_in_equal_times_is_what_was_asked_for(command, write_record, tmp_path):
    options = ["--grace-period", 2, "--reduction-factor", 5, "--workers", 500, "--equal-times"]
    code, _ = command(write_record(t0="stopped"), *options, "--orders", 10, "--jitter", 0)
    assert code == 0
    (row,) = pd.read_csv(tmp_path / "replay" / "replay.csv").to_dict("records")
    assert (row["grace_period"], row["reduction_factor"], row["n_workers"]) == (2, 5, 500)
    assert (row["n_trials"], row["time_full"]) == (7, 9)
    page = (tmp_path / "replay" / "replay.md").read_text()
    assert "Left out, without a full curve: 1 stopped. A scheduler stopped the worse" in page
    assert "Every epoch takes the same time; a trial starts at no cost." in page


@pytest.mark.parametrize(
    "options, message",
    [
        (["--workers", 0], "--workers must be at least 1, got 0"),
        (["--orders", 1], "--orders must be at least 2, got 1"),
        (["--seed", -1], "--seed must be at least 0, got -1"),
        (["--margin", -0.1], "--margin must be a number of at least 0"),
        (["--jitter", 3], "--jitter must lie in 0 .. 2, got 3"),
        (["--grace-period", 10], "max_t (9), got 10"),
        (["--reduction-factor", 1], "reduction_factor must be a whole number >= 2, got 1"),
    ],
)
def test_wrong_values_are_named_before_anything_is_written(
    command, write_record, tmp_path, options, message
):
    code, printed = command(write_record(), *options)
    assert code == 2 and message in printed
    assert not (tmp_path / "replay").exists()


def test_records_and_folders_that_do_not_fit_are_refused(command, write_record, tmp_path):
    assert command("gone")[0] == 2
    record = write_record(n=2, t0="stopped")
    code, printed = command(record)
    assert code == 2 and "at least 2 trials that trained to their own end" in printed
    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.tex").touch()
    frame = pd.read_parquet(record / "trials.parquet").assign(status="finished")
    frame.to_parquet(record / "trials.parquet")
    code, printed = command(record, "--out", full)
    assert code == 2 and "holds no earlier replay" in printed
    assert [path.name for path in full.iterdir()] == ["thesis.tex"]


def test_a_replay_needs_neither_torch_nor_ray():
    code = (
        "import sys, sweepbook.replay\n"
        "assert not {'torch', 'ray'} & set(sys.modules), 'torch or ray imported'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_progress_leaves_nothing_on_a_terminal(write_record, tmp_path, capsys):
    wanted = Wanted(n_orders=2, workers=[1], grace_periods=[1])
    replay(write_record(), tmp_path / "out", wanted, Console(force_terminal=False))
    assert not capsys.readouterr().out.strip()
