"""What a command says of bad input: one line of at most 300 characters that names the input."""

import json
import sys
import tempfile

import pytest

from sweepbook import cli

LONG = 300 * "long"
BAD_STUDY = f"""
from sweepbook import Fidelity, Metric, Study
def train(config):
    yield {{"round": 1, "loss": 1.0}}
def refuse(*_):
    raise ValueError("refused: {LONG}")
BAD = Study(
    name="bad", question="?", trainable="bad:train", metric=Metric("loss", "min"),
    fidelity=Fidelity("round", "rounds"), grid={{"cell": GRID}}, fixed={{"rounds": 1}}, MORE
)
"""


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Runs a command line in an empty folder: (exit code, lines of standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "2000")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["sweepbook", *map(str, arguments)])
        with pytest.raises(SystemExit) as ending:
            cli.main()
        return ending.value.code, capsys.readouterr().err.splitlines()

    yield call
    sys.modules.pop("bad", None)


def is_one_short_line(lines):
    return len(lines) == 1 and len(lines[0]) <= len("sweepbook: ") + 300


@pytest.mark.parametrize(
    "words, named",
    [
        (("show", LONG), "long"), (("show", f"{LONG}.py"), "long"), (("run", "no.py"), "no.py"),
        (("report", LONG), "long"), (("report", "no/where"), "no/where"),
        (("run", "--resume", LONG), "long"), (("replay", LONG), "long"), (("logs", LONG), "long"),
        (("verify", "nowhere"), "nowhere"), (("compare", "one", LONG), "one"),
        (("export", "nowhere", "--best", "x"), "nowhere"),
        (("run", "toy.py", "--set", LONG), "long"),
        (("run", "toy.py", "--set", f"{LONG}=1"), "long"),
        (("run", "toy.py", "--name", LONG), "--name"),
        (("run", "toy.py", "--name", "a/b"), "--name"),
        (("run", "toy.py", "--storage", f"ftp://{LONG}"), "ftp"),
        (("run", "toy.py", "--storage", f"s3://ME:SECRET@b/{LONG}"), "s3://"),
        (("run", "toy.py", "--optuna-storage", f"sql://ME:SECRET@{LONG}"), "--optuna"),
        (("run", "toy.py", "--replicates", "0"), "replicates"),
        (("run", "toy.py", "--epochs", "0"), ""),
        (("run", "toy.py", "--address", ""), "--address"),
        (("run", "toy.py", "--address", "127.0.0.1:1"), "127.0.0.1:1"),
        (("run", "toy.py", "--max-concurrent", "0"), "--max-concurrent"),
        (("run", "toy.py", "--data", LONG), ""), (("run", f"toy.py:{LONG}"), ""),
        (("run", "toy.py", "--warm-start", LONG), "--warm-start"),
        (("report", "r", "--claims", LONG), "r"), (("list", "--project", LONG), "long"),
        (("report", "a\nb\x1b[31m"), "a"), (("show", "file.yaml"), "file.yaml"),
    ],
)  # fmt: skip
def test_bad_words_are_told_shortly(command, toy_file, tmp_path, words, named):
    words = [str(toy_file) + word[6:] if word.startswith("toy.py") else word for word in words]
    code, lines = command(*words)
    assert code in (1, 2) and is_one_short_line(lines), lines
    assert named in lines[0] and "SECRET" not in lines[0] and "\x1b" not in lines[0]
    assert not (tmp_path / "records").exists()


@pytest.mark.parametrize(
    "text",
    [
        f"raise RuntimeError('{LONG}')", f"import {LONG}", f"x = '{LONG}", "def f(): f()\nf()",
        BAD_STUDY.replace("GRID", f"['{LONG}', object()]").replace("MORE", ""),
        BAD_STUDY.replace("GRID", f"{{'{LONG}'}}").replace("MORE", ""),
        BAD_STUDY.replace("GRID", "[1]").replace("MORE", f"claims=['{LONG}'],"),
        BAD_STUDY.replace("GRID", "[1]").replace("MORE", "data='bad:refuse',"),
        BAD_STUDY.replace("GRID", "[1]").replace("MORE", "complete='bad:refuse',"),
        BAD_STUDY.replace("GRID", "[1]").replace("MORE", f"figures=[{{'kind': '{LONG}'}}],"),
        BAD_STUDY.replace("GRID", "[1]").replace("MORE", f"{LONG}=1,"),
        BAD_STUDY.replace("GRID", "[1]").replace("MORE", "replicates='many',"),
    ],
)  # fmt: skip
def test_bad_study_files_are_told_shortly(command, tmp_path, text):
    (tmp_path / "bad.py").write_text(text)
    code, lines = command("run", "bad.py")
    assert code in (1, 2) and is_one_short_line(lines), lines
    assert not (tmp_path / "records").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": LONG}, {"study": LONG}, {"trials": [LONG]}, {"trials": LONG},
        {"study": {"name": [LONG]}}, {"search": {LONG: LONG}}, {"data": [LONG]},
    ],
)  # fmt: skip
def test_bad_records_are_told_shortly(command, make_record, tmp_path, change):
    folder = make_record([{"lr": 0.1}]).relative_to(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | change))
    code, lines = command("report", folder)
    assert code in (0, 1, 2) and all(len(line) <= 311 for line in lines), lines
    if code:
        assert is_one_short_line(lines) and str(folder) in lines[0]
