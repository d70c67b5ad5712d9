"""No command ends in a traceback: one short line, what it is about, and where the details are."""

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from rich.console import Console

from sweepbook.commands import unforeseen
from sweepbook.commands.unforeseen import MOST, run_safely, sentence_of
from sweepbook.record.provenance import command_line, without_credentials
from sweepbook.study.errors import Faults

SECRET = "wJalrXUtnFEMI"


@pytest.fixture(autouse=True)
def own_details(tmp_path, monkeypatch):
    """Details are written where they go with the test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def ended(command):
    """(exit code, what was printed) of a command that is a function."""
    errors = Console(file=io.StringIO(), width=80)
    return run_safely(command, errors), errors.file.getvalue()


def raises(error):
    def command():
        raise error

    return command


def foreign():
    return int("nothing")  # a ValueError of Python's


@pytest.mark.parametrize(
    "error, code",
    [
        (MemoryError(), 1), (RecursionError("deep"), 1), (KeyError("x"), 1),
        (GeneratorExit(), 1), (AssertionError(), 1), (SystemExit(2), 2), (SystemExit("no"), 1),
        (KeyboardInterrupt(), 130), (BrokenPipeError(32, "Broken pipe"), 1),
        (OSError(28, "full"), 1), (BaseException("b"), 1),
        (ValueError("one\ntwo " + 50 * "many words "), 2), (ValueError(), 2),
        (UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"), 2),
    ],
)  # fmt: skip
def test_whatever_is_raised_is_one_short_line(monkeypatch, error, code):
    monkeypatch.setattr(sys, "argv", ["sweepbook", "report", "records/mine"])
    found, printed = ended(raises(error))
    assert found == code
    assert printed.count("\n") <= 1 and len(printed) <= MOST + len("sweepbook: \n")
    assert "Traceback" not in printed


def test_an_error_of_another_library_names_the_command_and_a_file_has_the_rest(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["sweepbook", "report", "records/mine", "--latex"])
    code, printed = ended(foreign)
    assert code == 2 and "records/mine --latex" in printed and "invalid literal" in printed
    details = Path(re.search(r"details are in (\S+)", printed)[1])
    assert "Traceback" in details.read_text() and "in foreign" in details.read_text()


def test_faults_have_a_line_each_and_a_file_has_what_is_cut():
    faults = ["the first", "the second " + 50 * "is long ", *map(str, range(20))]
    code, printed = ended(raises(Faults("\n".join(faults))))
    lines = printed.splitlines()
    assert code == 2 and lines[0] == "sweepbook: the first" and lines[1].startswith("the second")
    assert len(lines) == 11 and max(map(len, lines)) <= MOST
    details = Path(re.search(r"details are in (\S+)", printed)[1])
    assert details.read_text().split() == " ".join(faults).split()


def test_a_long_message_is_cut_and_a_file_has_all_of_it():
    code, printed = ended(raises(ValueError("begins " + 500 * "so long " + "ends")))
    assert printed.startswith("sweepbook: begins so long") and code == 2
    assert " so long ends The details" in printed, "what to do stands at the end"
    details = Path(re.search(r"details are in (\S+)", printed)[1])
    assert details.read_text().endswith("ends\n")


@pytest.mark.parametrize("error", [OSError(28, "full"), MemoryError(), RecursionError()])
def test_details_that_cannot_be_written_are_no_second_error(monkeypatch, error):
    monkeypatch.setattr(unforeseen.tempfile, "mkstemp", raises(error))
    code, printed = ended(lambda: 1 / 0)
    assert code == 1 and "ZeroDivisionError" in printed and "could not be written" in printed


def test_an_error_whose_text_fails_is_told_all_the_same():
    class Nasty(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    code, printed = ended(raises(Nasty()))
    assert code == 1 and "Nasty" in printed


def test_an_interrupt_while_an_error_is_told_ends_it_quietly(monkeypatch):
    monkeypatch.setattr(unforeseen, "sentence_of", lambda error: raises(KeyboardInterrupt())())
    assert ended(raises(ValueError("first"))) == (130, "")
    assert ended(raises(KeyboardInterrupt())) == (130, "")


@pytest.mark.parametrize(
    "uri",
    [
        f"s3://AKIA:{SECRET}@bucket/x",
        f"s3://bucket/x?secret_key={SECRET}&region=here",
        f"postgresql://me:{SECRET}@host/db",
        f"s3://bucket?region=here&session_token={SECRET}",
    ],
)
def test_credentials_in_a_uri_are_in_no_message_and_no_manifest(monkeypatch, uri):
    monkeypatch.setattr(sys, "argv", ["sweepbook", "run", "toy", "--storage", uri, f"--at={uri}"])
    assert SECRET not in " ".join(command_line()) and "AKIA" not in " ".join(command_line())
    assert SECRET not in sentence_of(ValueError(f"{uri}: no"))
    code, printed = ended(raises(KeyError(uri)))
    assert code == 1 and SECRET not in printed
    details = Path(re.search(r"details are in (\S+)", printed)[1])
    assert SECRET not in details.read_text()


def test_other_texts_keep_their_words():
    for text in ("me@example.org", "a=b", "password", "s3://bucket/x?region=here"):
        assert without_credentials(text) == text


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_nobody_who_reads_it_is_no_traceback(stream):
    read, write = os.pipe()
    os.close(read)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | {stream: write}
    command = [sys.executable, "-m", "sweepbook", "report", "nowhere"]
    done = subprocess.run(command, **streams, text=True)
    os.close(write)
    assert done.returncode in (1, 2)
    assert "Traceback" not in (done.stdout or "") + (done.stderr or "")
