"""What people get wrong about a program is refused before anything is written."""

import sys
import uuid

import pytest

from sweepbook import cli

STUDY = """
from sweepbook import Fidelity, Metric, Program, Search, Study

def space():
    from ray import tune
    return {{"width": tune.choice([True, False]), "depth": tune.randint(1, 9)}}

STUDY = Study(
    name="s", question="?", trainable=Program({program}),
    metric=Metric({metric!r}, "min"), fidelity=Fidelity("epoch", "epochs"),
    **dict(grid={{"lr": [0.1, 0.2]}}, fixed={{"epochs": 2}}, replicates=2) | dict({fields}),
)
"""
RIGHT = '"python train.py --lr {lr} --epochs {epochs} --seed {seed}"'


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """refused(program, fields) gives what `sweepbook run` says of such a study."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    (tmp_path / "train.py").write_text("")

    def run(program, fields="", metric="val_loss", word="run"):
        file = tmp_path / f"study_{uuid.uuid4().hex}.py"
        file.write_text(STUDY.format(program=program, fields=fields, metric=metric))
        monkeypatch.setattr(sys, "argv", ["sweepbook", word, file.name])
        with pytest.raises(SystemExit) as ending:
            cli.main()
        assert ending.value.code == 2
        assert not (tmp_path / "records").exists()
        error = capsys.readouterr().err
        assert "Traceback" not in error
        return " ".join(error.split())

    return run


@pytest.mark.parametrize(
    "program, words",
    [
        ('"python train.py {lr} {seed}"', ["{epochs}", "--epochs {epochs}", "env EPOCHS"]),
        ('""', ["must name a program"]),
        ("[]", ["must name a program"]),
        ("3", ["command", "a text or a list", "3"]),
        ("""'python train.py "a'""", ["cannot be split", "quotation"]),
        ('"python train.py {lr"', ["'{lr'", "{{"]),
        ('"python train.py {}"', ["'{}'", "{{"]),
        ('"python train.py {lr:.2f}"', ["{lr:.2f}", "{name}"]),
        ("""'python train.py \\'{"a": 1}\\''""", ['{"a": 1}', "{{"]),
        ('"python train.py x{options}"', ["options", "x{options}"]),
        ('"python train.py {lr} {seed}", metrics="jsn"', ["'json', 'pairs'", "'jsn'"]),
        ('"python train.py {lr} {seed}", metrics="(?P<val_loss>"', ["regular expression"]),
        ('"python train.py {lr} {seed}", settings="env"', ["settings", "'environment'", "'env'"]),
        ('"python train.py {lr} {seed}", stream="out"', ["'stderr'", "'out'"]),
        ('"python train.py {lr} {seed}", timeout_s=0', ["timeout_s", "> 0"]),
        ('"python train.py", settings="json"', ["{config_file}"]),
        ('"python train.py {config_file}"', ["{config_file}", 'settings="json"']),
        ('"python train.py {lr} {seed}", folder=3', ["folder", "a text", "3"]),
    ],
)
def test_a_program_that_means_nothing_is_refused_where_it_is_made(refused, program, words):
    text = refused(program)
    for word in words:
        assert word in text, text


@pytest.mark.parametrize(
    "program, words",
    [
        ('"python train.py {lr} {sed}"', ["{sed}", "did you mean 'seed'", "{lr}"]),
        ('"python train.py {lr} {seed} {opt.beta}"', ["{opt.beta}"]),
        ('"python train.py {seed}"', ["lr varies", "--lr {lr}"]),
        ('"python train.py --lr {lr}"', ["never uses {seed}", "2 replicates", "replicates=1"]),
        ('"pythn train.py {lr} {seed}"', ["'pythn'", "not found in PATH"]),
        ('"./train.sh {lr} {seed}"', ["./train.sh", "not found"]),
        ('"./train.py {lr} {seed}"', ["cannot be executed", "chmod +x"]),
        ('"python tain.py {lr} {seed}"', ["'tain.py'", "did you mean 'train.py'"]),
        ('"python train.py {lr} {seed} | tee log"', ["'|'", '"sh", "-c"']),
        ('"cd a && python train.py {lr} {seed}"', ["'&&'", '"sh", "-c"']),
        ('"python train.py {lr} {seed} > log"', ["'>'"]),
        ('"python train.py {lr} {seed} 2>&1"', ["'2>'"]),
        ('"python train.py {lr} {seed} --data $HOME/data"', ["'$H'"]),
        ('"python train.py {lr} {seed} --data ~/data"', ["'~'"]),
        (RIGHT + ', folder="nowhere"', ["nowhere does not exist"]),
        (RIGHT + r', metrics=r"loss (?P<loss>\d+)"', ["no group", "val_loss", "loss"]),
    ],
)
def test_a_program_that_cannot_run_is_refused_at_planning(refused, program, words):
    for word in ("run", "show"):
        text = refused(program, word=word)
        for part in words:
            assert part in text, text


@pytest.mark.parametrize(
    "value, words",
    [("True", ['"--x"', "True"]), ("None", ["None", "a text or a number"]),
     ("[1, 2]", ["[1, 2]", "config_file"]), ("{'a': 1}", ["{'a': 1}"])],
)  # fmt: skip
@pytest.mark.parametrize("command", ["python train.py {x} {lr} {seed}",
                                     "python train.py {options} {seed}"])  # fmt: skip
def test_values_that_programs_read_differently_are_no_arguments(refused, command, value, words):
    text = refused(repr(command), f'fixed={{"epochs": 2, "x": {value}}}')
    for part in words:
        assert part in text, text


@pytest.mark.parametrize(
    "program, fields, metric, words",
    [
        (RIGHT + ', metrics="pairs"', "", "val loss", ["'val loss'", "JSON"]),
        (RIGHT + ', metrics="(?P<x>.)"', "", "val/loss", ["'val/loss'", "letters"]),
        (RIGHT, "stacked=True", "val_loss", ["stacked"]),
        ('"python train.py {lr} {seed} {checkpoint_dir}"',
         'fixed={"epochs": 2, "checkpoint_dir": "x"}', "val_loss", ["rename"]),
        ('"python train.py", settings="environment"', 'fixed={"epochs": 2, "PATH": "x"}',
         "val_loss", ["'PATH'", "rename"]),
        (RIGHT, 'search=Search(space=__name__ + ":space", n_trials=12)', "val_loss",
         ["width varies", "depth varies"]),
        ('"python train.py {lr} {seed} {width} {depth}"',
         'search=Search(space=__name__ + ":space", n_trials=12)', "val_loss", ["width is True"]),
    ],
)  # fmt: skip
def test_studies_that_do_not_go_with_programs_are_refused(refused, program, fields, metric, words):
    text = refused(program, fields, metric)
    for part in words:
        assert part in text, text


@pytest.mark.parametrize(
    "program",
    [
        RIGHT,
        '"python train.py {options} {seed}"',
        '"python train.py", settings="environment"',
        '"python train.py --config {config_file}", settings="yaml"',
        """["sh", "-c", 'python train.py "$0" "$1" | cat', "{lr}", "{seed}", "{epochs}"]""",
        """'sh -c "python train.py $0 $1 > log" {lr} {seed} {epochs}'""",
        '"python train.py {lr} {seed} {epochs} --url http://a/?b=1 --power 2^8 a~b"',
        '"env EPOCHS={epochs} python -m train {lr} {seed}", folder="."',
    ],
)
def test_what_can_run_is_shown(program, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    (tmp_path / "train.py").write_text("")
    file = tmp_path / f"study_{uuid.uuid4().hex}.py"
    file.write_text(STUDY.format(program=program, fields="", metric="val_loss"))
    monkeypatch.setattr(sys, "argv", ["sweepbook", "show", file.name])
    with pytest.raises(SystemExit) as ending:
        cli.main()
    assert not ending.value.code, capsys.readouterr().err
    assert "trainable" in capsys.readouterr().out


def test_studies_of_one_command_do_not_share_trials_of_other_programs(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "train.py").write_text(f"print('val_loss={len(name)}')")
        text = STUDY.format(program=RIGHT, fields="", metric="val_loss")
        file = tmp_path / name / f"study_{name}_{uuid.uuid4().hex}.py"
        file.write_text(text.replace('name="s"', f'name="{name}"'))
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/study_*.py"))
    monkeypatch.setattr(sys, "argv", ["sweepbook", "run", *files])
    with pytest.raises(SystemExit) as ending:
        cli.main()
    assert ending.value.code == 2 and not (tmp_path / "records").exists()
    error = " ".join(capsys.readouterr().err.split())
    assert "separate commands" in error
