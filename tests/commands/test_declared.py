"""What a study declares is checked by every command that plans, before anything is written."""

import dataclasses
import io
import sys
import textwrap

import pytest
from rich.console import Console

from sweepbook import ASHA, Claim, cli
from sweepbook.commands import training
from sweepbook.commands.extend import extend
from sweepbook.commands.run import run_studies
from sweepbook.plan.options import Options
from sweepbook.plan.studies import load_studies
from sweepbook.record.origin.derived import Confirms
from sweepbook.tune.worker.run import Assignment, reports

WRONG = """
    from sweepbook import Claim, Fidelity, Metric, Study

    def train(config):
        for n in range(1, config["epochs"] + 1):
            yield {"epoch": n, "val_loss": config["lr"] / n}

    WRONG = Study(
        name="wrong", question="Which rate?", trainable="MODULE:train",
        metric=Metric("val_loss", "min"), fidelity=Fidelity("epoch", "epochs"),
        grid={"lr": (0.1, 0.01), "batch_size": (16, 64, 256)}, fixed={"epochs": 3}, replicates=2,
        figures=({"kind": "curvs", "log_X": True},),
        claims=(
            Claim(
                name="rate", statement="a high rate is worse", kind="direction", metric="val_loss",
                smallest=0.05, reason="any", arms=({"lr": 0.1}, {"lr": 0.01}),
            ),
        ),
    )
"""


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Runs a command line in an empty folder: exit code, lines of stdout, lines of stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["sweepbook", *map(str, arguments)])
        with pytest.raises(SystemExit) as ending:
            cli.main()
        printed = capsys.readouterr()
        return ending.value.code or 0, printed.out.splitlines(), printed.err.splitlines()

    return call


@pytest.fixture
def wrong_file(toy_file):
    toy_file.write_text(textwrap.dedent(WRONG).replace("MODULE", toy_file.stem))
    return toy_file


@pytest.fixture
def trained(monkeypatch):
    """Trains in this process; a list of the trials that were."""
    ids = []

    def train(plans, writers, **rest):
        for plan, writer in zip(plans, writers, strict=True):
            for trial in plan.trials:
                job = Assignment(trial, [str(writer.folder)], list(rest["import_paths"]))
                for report in reports(job):
                    writer.add_rows(trial.trial_id, report["rows"])
                ids.append(trial.trial_id)
                writer.end_trial(trial.trial_id)

    monkeypatch.setattr(training, "train", train)
    return ids


@pytest.fixture
def right(toy_file):
    """A study with a claim that names the length of its trials."""
    (toy,) = load_studies([str(toy_file)])
    claim = Claim(
        name="steep", statement="", kind="direction", metric="val_acc", smallest=0.0, reason="any",
        arms=({"slope": 2.0, "rounds": 3}, {"slope": 1.0, "rounds": 3}),
    )  # fmt: skip
    return dataclasses.replace(toy, claims=(claim,))


def console():
    return Console(file=io.StringIO(), width=200)


def test_run_refuses_every_fault_before_anything_is_written(command, wrong_file, tmp_path):
    before = set(tmp_path.iterdir())
    code, out, err = command("run", wrong_file)
    said = "\n".join(err)
    assert code == 2 and not out
    for word in ("'curvs'", "'log_X'", "'name'", "claim rate", "3 trials", "batch_size"):
        assert word in said
    assert set(tmp_path.iterdir()) - before <= {tmp_path / "__pycache__"}


def test_a_script_is_refused_as_a_command_is(wrong_file, tmp_path):
    with pytest.raises(ValueError, match="claim rate"):
        run_studies(load_studies([str(wrong_file)]), storage=tmp_path / "records")
    assert not (tmp_path / "records").exists()


def test_show_prints_the_plan_and_every_fault(command, wrong_file):
    code, out, err = command("show", wrong_file)
    assert code == 2
    assert any("6 trials of 2 replicates" in line for line in out)
    said = "\n".join(err)
    assert "'log_x'" in said and "3 trials" in said


def test_show_says_what_is_trained_drawn_and_decided(command, wrong_file):
    text = wrong_file.read_text().replace('"curvs", "log_X": True', '"ledger", "name": "time"')
    wrong_file.write_text(text.replace('0.1}, {"lr": 0.01}', '1}, {"lr": 2}').replace(
        "(0.1, 0.01)", "(1, 2)").replace('"batch_size": (16, 64, 256)', '"b": (1,)'))  # fmt: skip
    code, out, err = command("show", wrong_file)
    said = " ".join(" ".join(out).split())
    assert code == 0 and not err
    assert "2 trials of 2 replicates" in said
    assert "time ledger" in said
    assert 'rate val_loss of "lr 1" is higher than of "lr 2", by at least 0.05' in said
    assert "mean of the last 5 epochs" in said


def test_show_names_the_claims_that_an_option_takes_the_trials_of(command, toy_file):
    text = toy_file.read_text().replace("from sweepbook import", "from sweepbook import Claim,")
    claim = (
        'claims=(Claim(name="steep", statement="", kind="threshold", metric="val_acc", target=1, '
        'smallest=0, reason="any", arms=({"slope": 2.0},)),)'
    )
    toy_file.write_text(text.replace("replicates=2,", f"replicates=2, {claim},"))
    code, out, _ = command("show", toy_file, "--set", "slope=5")
    said = " ".join(" ".join(out).split())
    assert code == 0 and "not be decided in this run" in said and "slope=2.0: steep" in said
    code, out, _ = command("show", toy_file)
    assert code == 0 and "not be decided" not in " ".join(out)


def test_a_run_with_an_option_says_so_and_trains(right, trained, tmp_path):
    shown = console()
    run_studies([right], Options(epochs=5), storage=tmp_path / "records", console=shown)
    assert "rounds=3: steep" in " ".join(shown.file.getvalue().split()) and len(trained) == 2


def test_a_run_warns_of_claims_on_trials_that_may_be_stopped(right, trained, tmp_path):
    stopping = dataclasses.replace(right, scheduler=ASHA(grace_period=1, reduction_factor=2))
    shown = console()
    run_studies([stopping], storage=tmp_path / "records", console=shown)
    said = shown.file.getvalue()
    assert said.count("--no-scheduler") == 1 and "steep" in said


def test_show_prints_the_scheduler_of_a_grid(command, toy_file):
    text = toy_file.read_text().replace("from sweepbook import", "from sweepbook import ASHA,")
    text = text.replace("replicates=2,", "replicates=2, scheduler=ASHA(grace_period=2),")
    toy_file.write_text(text)
    code, out, _ = command("show", toy_file)
    said = " ".join(out)
    assert code == 0 and "ASHA(grace_period=2, " in said and "early" in said
    code, out, _ = command("show", toy_file, "--no-scheduler")
    assert code == 0 and "ASHA" not in " ".join(out)


def test_an_extension_says_which_claims_it_leaves_undecided(right, trained, tmp_path):
    (folder,) = run_studies([right], storage=tmp_path / "records", console=console())
    shown = console()
    extend(folder, Options(epochs=5), console=shown)
    assert "rounds=3: steep" in " ".join(shown.file.getvalue().split())
    shown = console()
    extend(folder, Options(replicates=3), console=shown)
    assert "not be decided" not in shown.file.getvalue()


def test_a_confirmation_trains_what_is_left_of_a_search_and_says_what_lacks(
    right, trained, tmp_path
):
    confirms = Confirms(record="search", record_digest=None, seed=0, by=("slope",), trials=())
    figures = ({"kind": "order", "name": "order"}, {"kind": "tabel", "name": "last"})
    left = dataclasses.replace(right, grid={"slope": (2.0,)}, name="toy-confirm", figures=figures)
    shown = console()
    run_studies([left], storage=tmp_path / "records", console=shown, confirms=confirms)
    assert shown.file.getvalue().count("steep") == 1 and len(trained) == 1
    assert "'tabel'" in shown.file.getvalue() and "'order'" not in shown.file.getvalue()
