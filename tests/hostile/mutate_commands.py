"""Drawn command lines, run in this process in a folder of their own; nothing is trained."""

import contextlib
import io
import os
import shutil
import sys
from pathlib import Path
from unittest import mock

from hypothesis import strategies as st

from sweepbook import cli
from sweepbook.commands import training
from sweepbook.commands import unforeseen as last_net
from tests.hostile.mutate_base import copy_of
from tests.hostile.mutate_how import Mutation, apply, mutations
from tests.hostile.mutate_read import (
    FINE,
    HANG,
    REFUSED,
    SECONDS,
    TRACEBACK,
    Hang,
    Outcome,
    at_most,
)

OPTIONS = {
    "list": ["--project"],
    "show": ["--replicates", "--seed", "--epochs", "--scale", "--set", "--trials", "--data"],
    "try": ["--steps", "--seed", "--epochs", "--set"],
    "run": ["--resume", "--replicates", "--seed", "--epochs", "--scale", "--set", "--name",
            "--storage", "--address", "--max-concurrent", "--force", "--warm-start"],
    "confirm": ["--seed", "--by", "--top", "--replicates", "--name", "--storage", "--force"],
    "verify": ["--trials", "--epochs", "--seed"],
    "logs": ["--tail"],
    "report": ["--out", "--repeat", "--claims", "--latex"],
    "compare": ["--out"],
    "export": ["--best", "--trial"],
    "replay": ["--grace-period", "--reduction-factor", "--workers", "--orders", "--seed",
               "--jitter", "--margin", "--out", "--equal-times"],
    "": [], "nonsense": [], "--version": [], "--help": [],
}  # fmt: skip
VALUES = [
    "RECORD", "RECORD", "RECORD/manifest.json", "missing", ".", "..", "", " ", "-1", "0", "1", "2",
    "3.5", "1e400", "nan", "inf", "999999999999999999999", "x=1", "lr=0.5", "lr=", "=", "lr",
    "x y", "a\nb", "../x", "/proc/self/mem", "/dev/null", "\udcff", "é", "[bold]", "{0}", "%s",
    "--", "ftp://x/y", "file:///nothing", "toy.py", "toy.py:TOY", "toy.py:NOTHING", "out", "-",
]  # fmt: skip
TOY = """
from sweepbook import Fidelity, Metric, Study

def train(config):
    for n in range(1, config["epochs"] + 1):
        yield {"epoch": n, "val_loss": config["lr"] / n}

TOY = Study(
    name="toy", question="?", trainable="toy:train", metric=Metric("val_loss", "min"),
    fidelity=Fidelity("epoch", "epochs"), grid={"lr": [0.1, 0.2]}, fixed={"epochs": 2},
)
"""
USUAL = {
    "show": ["toy.py"], "try": ["toy.py"], "run": ["toy.py"], "confirm": ["RECORD"],
    "verify": ["RECORD", "--trials", "0"], "logs": ["RECORD"], "report": ["RECORD"],
    "compare": ["RECORD", "RECORD"], "export": ["RECORD", "--best", "out"],
    "replay": ["RECORD", "--orders", "5"],
}  # fmt: skip
value = st.sampled_from(VALUES)
likely = st.sampled_from(["1", "2", "out", "lr=0.5", "RECORD"])


@st.composite
def _lines(draw: st.DrawFn) -> list[str]:
    command = draw(st.sampled_from(list(OPTIONS)))
    words = draw(st.just(USUAL.get(command, [])) | st.lists(value, max_size=2))
    for option in draw(st.lists(st.sampled_from(OPTIONS[command] or ["--help"]), max_size=2)):
        words = [*words, option, *draw(st.lists(likely | value, max_size=1))]
    return [command, *words]


command_lines = st.tuples(_lines(), st.lists(mutations, max_size=1))


def outcome_of_command(
    words: list[str], mutated: list[Mutation], base: Path, here: Path
) -> Outcome:
    """Runs a command line where a record and a study file are; exit code 0, 1 or 2 is well."""
    copy_of(base, here / "records" / "demo")
    for mutation in mutated:
        apply(here / "records" / "demo", mutation)
    for folder in ("out", "report", "replay"):
        shutil.rmtree(here / folder, ignore_errors=True)
    (here / "toy.py").write_text(TOY)
    record = str(here / "records" / "demo")
    before, path = os.getcwd(), list(sys.path)
    out = io.StringIO()
    try:
        os.chdir(here)
        argv = ["sweepbook", *(word.replace("RECORD", record) for word in words)]
        with (
            mock.patch.object(sys, "argv", argv),
            mock.patch.object(training, "train", lambda *given, **named: None),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out),
            at_most(SECONDS),
        ):
            return _ended(out)
    except Hang:
        return Outcome(HANG)
    finally:
        os.chdir(before)
        sys.path[:] = path


def _ended(out: io.StringIO) -> Outcome:
    with mock.patch.object(last_net, "unforeseen", _named):
        try:
            cli.main()
        except SystemExit as ending:
            code = ending.code or 0
        except Exception as error:
            return Outcome(TRACEBACK, _named(error))
        else:
            code = 0
    said = out.getvalue()
    if "Traceback" in said or "UNFORESEEN" in said or code not in (0, 1, 2):
        return Outcome(TRACEBACK, f"exit {code}: {said[-300:]}")
    return Outcome(REFUSED if code else FINE, said)


def _named(error: BaseException) -> str:
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/sweepbook/" in frame.filename] or frames
    return f"UNFORESEEN {type(error).__name__} at {Path(own[-1].filename).name}:{own[-1].lineno}"
