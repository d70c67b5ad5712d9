import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import typer

from search_spaces import STUDIES
from sweepbook import cli
from sweepbook.plan.options import value_of
from sweepbook.plan.plan import make_plan
from sweepbook.study.option import Option

ROOT = Path(__file__).parents[2]


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Runs a command line on the exercise in an empty folder: (exit code, what was printed)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments):
        if arguments and arguments[0] in ("list", "show", "run", "report"):
            arguments = [*arguments, "--project", ROOT]
        monkeypatch.setattr(sys, "argv", ["sweepbook", *map(str, arguments)])
        with pytest.raises(SystemExit) as ending:
            cli.main()
        printed = capsys.readouterr()
        return ending.value.code or 0, " ".join((printed.out + printed.err).split())

    return call


def test_list_names_every_study(command):
    code, printed = command("list")
    assert code == 0
    assert len(STUDIES) >= 5
    assert all(name in printed for name in STUDIES)


def test_the_version_is_the_installed_one(command):
    code, printed = command("--version")
    assert code == 0 and printed == f"sweepbook {metadata.version('sweepbook')}"


@pytest.mark.parametrize("program", ["C:/tools/sweepbook.exe", "-m"])
def test_on_windows_the_command_says_what_to_do_and_shows_no_traceback(program):
    code = f"import sys; sys.platform = 'win32'; sys.argv = [{program!r}]; import sweepbook.cli"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and "(WSL)" in done.stderr


def test_on_windows_the_import_fails_with_what_to_do():
    code = "import sys; sys.platform = 'win32'; import sweepbook"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1].startswith("ImportError: ") and "(WSL)" in done.stderr


def test_list_needs_neither_torch_nor_ray():
    code = (
        "import sys; sys.argv = ['sweepbook', 'list']\n"
        "from sweepbook.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "assert not {'torch', 'ray'} & set(sys.modules), 'torch or ray imported'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_warning_about_the_data_stands_before_the_plan(command, write_cities, tmp_path):
    folder = write_cities(tmp_path / "data", {"train": 60, "validation": 40, "test": 40})
    for file in folder.glob("*.csv"):
        file.write_text(file.read_text().replace(",long,lat,", ",lat,long,"))
    code, printed = command("show", "learning-rate", "epochs", "--data", folder)
    assert code == 0 and printed.count("swapped") == 1
    assert printed.index("swapped") < printed.index("4 trials")


@pytest.mark.timeout(60)
def test_show_of_very_many_trials_names_the_first_and_the_last(command, toy_file):
    text = toy_file.read_text()
    grid = '{"slope": tuple(range(500)), "other": tuple(range(200))}'
    toy_file.write_text(text.replace('{"slope": (1.0, 2.0)}', grid))
    code, printed = command("show", toy_file)
    assert code == 0 and len(printed) < 10_000
    assert "100,000 trials of 2 replicates" in printed and "99,950 trials" in printed


def test_show_gives_space_trials_and_cost(command):
    code, printed = command("show", "learning-rate", "--scale", "0.1")
    assert code == 0
    for shown in ("1e-05", "0.01", "4 trials of 5 replicates, 20 epochs", "one core"):
        assert shown in printed


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["run", "batchnorm"], "no study 'batchnorm': did you mean batch-norm"),
        (["run"], "no study is named"),
        (["run", "epochs", "--set", "lrr=1"], "no setting 'lrr': did you mean lr"),
        (["run", "epochs", "--set", "lr"], "--set must be KEY=VALUE, got 'lr'"),
        (["run", "epochs", "--set", "lr=0"], "lr must lie in"),
        (["run", "epochs", "--set", "lr=0,1"], "--set lr: '0,1' looks like a number"),
        (["run", "epochs", "--set", "lr=NaN"], "--set lr is nan"),
        (["run", "epochs", "--replicates", "0"], "--replicates must be at least 1, got 0"),
        (["run", "epochs", "--scale", "-1"], "at most 1000, got -1.0"),
        (["run", "epochs", "--data", "nowhere"], "nowhere"),
        *(
            (["run", "epochs", f"--name={name}"], f"letter, a digit or _, got {name!r}")
            for name in ("../x", "", "a b", " x", ".x", "-x", "a\nb", "a?")
        ),
        (["run", "epochs", "--address", ""], "--address must be HOST:PORT or auto, got ''"),
        (
            ["run", "epochs", "--storage", "ftp://x/y"],
            "ftp://x/y: must be a folder, s3://... or gs://",
        ),
        (["run", "--resume", "nowhere"], "nowhere: no such folder"),
        (["run", "epochs", "--resume", "nowhere"], "--resume takes a record"),
        (["run", "--resume", "nowhere", "--name", "x"], "--resume takes a record"),
        (["run", "--resume", "nowhere", "--storage", "records"], "--resume takes a record"),
        (["run", "--resume", "nowhere", "--no-cache"], "--resume takes a record"),
        (["run", "--max-concurrent", "0", "epochs"], "--max-concurrent must be at least 1, got 0"),
        (["run", "--max-node-losses", "-1", "epochs"], "--max-node-losses must be at least 0"),
        (["run", "tuned-mlp", "--address", "auto"], "is a search: with --address give --max-con"),
        (["run", "tuned-mlp", "--gpus-per-trial", "99"], "a trial asks for 99 GPU"),
        (["run", "epochs", "--weights", "pretext"], "study epochs takes no --weights"),
        (["run", "epochs", "--skip-corrupt"], "study epochs takes no --skip-corrupt"),
        (
            ["run", "vision-tuned", "--weights", "no/where"],
            "--weights: there is no file 'no/where'",
        ),
        (["run", "vision-tuned", "--weights"], "option --weights needs a value: Pretrained"),
        (["run", "vision-tuned", "--weights", "--skip-corrupt"], "option --weights needs a value"),
        (["run", "vision-tuned", "--skip-corrupt=yes"], "option --skip-corrupt takes no value"),
        (["run", "vision-tuned", "--weight", "x"], "no option --weight: did you mean --weights?"),
        (["run", "epochs", "--replicate", "3"], "no option --replicate: did you mean --replicat"),
        (["run", "--resume", "x", "--replicate", "3"], "no option --replicate: did you mean"),
        (["run", "epochs", "--nocache"], "no option --nocache: did you mean --no-cache?"),
        (["run", "epochs", "-x"], "no option -x: --help lists"),
        (["run", "all", "--skip-corupt"], "did you mean --skip-corrupt?"),
        (["show", "epochs", "--epoch", "3"], "no option --epoch: did you mean --epochs?"),
        (["report", "nowhere"], "nowhere"),
        (["shwo"], "shwo"),
    ],
)
def test_bad_usage_is_told_with_exit_code_2_and_writes_nothing(
    command, tmp_path, arguments, message
):
    code, printed = command(*arguments)
    assert code == 2
    assert message in printed
    assert os.listdir(tmp_path) == []
    assert command("show", "epochs")[0] == 0, "good use still works"


@pytest.mark.parametrize(
    "value, message",
    [
        ("(lambda x: x, abs)", "study toy: setting slope is <function <lambda>"),
        ("({0: 1.0}, {1: 1.0})", "study toy: setting slope is {0: 1.0} (dict)"),
        ("{1.0, 2.0}", "grid of toy: slope is a set"),
    ],
)
def test_a_config_that_a_record_cannot_keep_leaves_no_record(
    command, toy_file, tmp_path, value, message
):
    toy_file.write_text(toy_file.read_text().replace("(1.0, 2.0)", value))
    code, printed = command("run", toy_file)
    assert code == 2
    assert message in printed and "Traceback" not in printed
    assert not (tmp_path / "records" / "toy").exists()


def test_the_first_line_names_every_command():
    said = (
        " ".join((cli.__doc__ or "").split()).partition(".")[0].removeprefix("The command line: ")
    )
    names = [c.name or getattr(c.callback, "__name__", "") for c in cli.app.registered_commands]
    assert said.split(", ") == names


def test_help_says_where_records_are_kept(command):
    code, printed = command("run", "--help")
    assert code == 0
    about = printed.partition("--storage PLACE")[2].partition("--name")[0]
    assert all(place in about for place in ("s3://BUCKET", "gs://BUCKET", "Default: records"))


def test_every_help_text_is_a_sentence():
    commands = typer.main.get_command(cli.app).commands.values()
    helps = {(c.name, p.name): p.help or "" for c in commands for p in c.params}
    assert len(helps) > 40
    assert not {k: v for k, v in helps.items() if not re.fullmatch(r"[A-Z].*\.", v, re.DOTALL)}
    assert all(re.match(r"[A-Z].*\.", command.help) for command in commands)


def test_the_list_of_commands_cuts_none_short_in_80_columns(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    code, printed = command("--help")
    assert code == 0 and "run" in printed and "..." not in printed.partition("Commands:")[2]


def test_confirm_sets_ray_s_environment_before_a_study_file_is_imported(command, monkeypatch):
    from sweepbook.tune.cluster.environment import ENVIRONMENT

    monkeypatch.setattr(os, "environ", dict(os.environ))
    for key in ENVIRONMENT:
        os.environ.pop(key, None)
    there = []

    def confirmation(record, **rest):
        there.append(ENVIRONMENT.items() <= os.environ.items())
        return {}

    monkeypatch.setattr("sweepbook.commands.confirm.confirm", confirmation)
    assert command("confirm", "records/search", "--seed", 1)[0] == 0
    assert there == [True]


def test_a_text_that_looks_like_a_file_is_one_wherever_the_worker_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.pth").write_bytes(b"")
    absolute = str(tmp_path / "own.pth")
    weights = Option("weights", "name_or_file", "Where to start.")
    assert value_of(weights, "own.pth") == value_of(weights, "./own.pth") == absolute
    assert value_of(weights, "pretext") == "pretext"
    assert value_of(Option("note", "text", "A note."), "own.txt") == "own.txt"
    assert value_of(Option("quick", "flag", "Be quick."), "") is True


def test_a_study_s_own_options_reach_its_trials_and_are_shown(command):
    own = ("--weights", "pretext", "--skip-corrupt")
    code, printed = command("show", "vision-baselines", *own)
    assert code == 0
    assert "--weights NAME|FILE" in printed and "Leave out image files that are damaged" in printed
    assert "skip_corrupt True" in printed and "pretext" in printed
    before, after = command("show", *own, "vision-tuned"), command("show", "vision-tuned", *own)
    assert before == after and before[0] == 0
    assert command("show", "vision-tuned", "--weights=pretext", "--skip-corrupt") == after


def test_an_option_of_a_study_file_follows_its_name(command, counted, toy_file):
    code, printed = command("show", toy_file, "--weights", "some")
    assert code == 0 and "weights some" in printed
    code, printed = command("show", "epochs", toy_file, "--weights", "some")
    assert code == 2 and "study epochs takes no --weights" in printed


def test_under_all_an_option_goes_to_the_studies_that_declare_it(monkeypatch, command):
    seen = {}

    def run(studies, options, **rest):
        seen.update({study.name: make_plan(study, options) for study in studies[-2:]}, of=options)
        return {}

    monkeypatch.setattr("sweepbook.commands.run.run_studies", run)
    assert command("run", "all", "--skip-corrupt", "--scale", "0.1")[0] == 0
    assert not seen["of"].everywhere and seen["of"].optional == {"skip_corrupt": True}
    assert {name for name in seen if name != "of"} == {"vision-baselines", "pretext"}
    assert all(seen[name].a_config["skip_corrupt"] for name in seen if name != "of")


def test_a_storage_that_cannot_be_made_is_named(command, tmp_path):
    (tmp_path / "file").write_text("kept")
    code, printed = command("run", "epochs", "--storage", "file")
    assert code == 2
    assert "'file'" in printed
    assert (tmp_path / "file").read_text() == "kept"


def test_an_optuna_storage_that_cannot_be_opened_is_named(command, tmp_path):
    storage = f"sqlite:///{tmp_path}/no/where.db"
    code, printed = command("run", "tuned-mlp", "--optuna-storage", storage)
    assert code == 2
    assert f"--optuna-storage {storage} cannot be opened" in printed
    assert os.listdir(tmp_path / "records") == []


def test_resume_refuses_another_folder_s_files(command, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("kept")
    code, printed = command("run", "--resume", "notes")
    assert code == 2
    assert "notes" in printed
    assert os.listdir(tmp_path / "notes") == ["a.txt"]


def test_a_manifest_tells_a_search_s_options_too(tmp_path):
    from sweepbook.plan.manifest import new_manifest
    from sweepbook.plan.options import Options

    options = Options(optional={"weights": "pretext"}, settings={"batch_size": 16})
    plan = make_plan(STUDIES["vision-tuned"], options)
    manifest = new_manifest(plan, options, ["sweepbook"], [])
    assert manifest.overrides == {"weights": "pretext", "batch_size": 16, "epochs": None}
    assert manifest.search.configs[0]["weights"] == "pretext"
