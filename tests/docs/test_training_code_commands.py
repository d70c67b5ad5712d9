"""docs/your-training-code.md: its commands, typed one after the other, do what the page shows."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from sweepbook import load_record
from tests.docs.pages import TRAIN, files_of, text_of

WAIT_S = 240.0


def commands():
    """Every command of sweepbook on the page -> the whole lines of output that are shown."""
    found, shown = [], []
    text = re.sub(r"^```.*?^```$", "", text_of(TRAIN), flags=re.DOTALL | re.MULTILINE)
    for line in re.findall(r"^(?:    |> )(.*)$", text, re.MULTILINE):
        if line.startswith("$ "):
            shown = []
            if line.startswith("$ sweepbook "):
                found.append((line.removeprefix("$ sweepbook "), shown))
        else:
            shown.append(line)
    return found


def typed(arguments):
    command = [sys.executable, "-m", "sweepbook", *shlex.split(arguments)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def interrupted(driver, record):
    """Waits for a checkpoint, presses Ctrl-C."""
    deadline = time.monotonic() + WAIT_S
    while not list(record.glob("checkpoints/[!.]*.pt")):
        assert driver.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    driver.send_signal(signal.SIGINT)


def parts_of(line):
    """The parts of a shown line that the output must have, whatever the machine.

    Seconds, the order in which trials end and, with ASHA, which of them do are its own matter.
    """
    if (
        "digits-early" in line
        or line.startswith(("> ", "-> ", "(Pdb)"))
        or "trials are kept" in line
    ):
        return []
    line = re.sub(r"(?<=\)); .*|\d[\d.]* s$|\^C", "...", line)
    return [part.strip(" ;,") for part in line.split("...") if part.strip(" ;,")]


@pytest.mark.more
@pytest.mark.timeout(1200)
def test_the_commands_do_what_the_page_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, code in files_of(TRAIN).items():
        Path(name).write_text(code, encoding="utf-8")
    n_verdicts = 0
    for arguments, shown in commands():
        answers = [line.removeprefix("(Pdb) ") for line in shown if line.startswith("(Pdb)")]
        code = Path("study.py").read_text(encoding="utf-8")
        if answers:
            with_break = code.replace("        yield {", "        breakpoint()\n        yield {")
            Path("study.py").write_text(with_break, encoding="utf-8")
        driver = typed(arguments)
        if "^C" in shown:
            interrupted(driver, Path("records/long"))
        said, _ = driver.communicate("".join(f"{line}\n" for line in answers), timeout=WAIT_S)
        Path("study.py").write_text(code, encoding="utf-8")
        assert driver.returncode == (1 if "^C" in shown else 0), said
        if arguments.startswith("report"):
            found = pd.read_csv("report/findings.csv")[["verdict", "sentence"]]
            said += "".join(f"**{verdict}**: {sentence}" for verdict, sentence in found.values)
        said = " ".join(said.split())
        for line in shown:
            verdict = re.match(r"\*\*\w+\*\*: “[^”]*”", line)
            n_verdicts += verdict is not None
            for part in [verdict[0]] if verdict else parts_of(line):
                assert " ".join(part.split()) in said, (arguments, part, said)
    assert n_verdicts == 3
    check_the_seeds_of_migrate_md()


def check_the_seeds_of_migrate_md():
    """The table of docs/migrate.md that says why a study wants seeds."""
    reports, trials = (
        load_record("records/digits-10").reports,
        load_record("records/digits-10").trials,
    )
    last = reports[reports["epoch"] == 9].merge(trials, on="trial_id")
    rows = re.findall(r"^\| lr ([\d.]+), width (\d+) \| (.*) \|$", text_of("migrate.md"), re.M)
    assert len(rows) == 3
    for lr, width, cells in rows:
        of_config = last[(last["config/lr"] == float(lr)) & (last["config/width"] == int(width))]
        found = 100 * of_config.sort_values("replicate")["val_acc"]
        assert [float(cell.strip("*")) for cell in cells.split(" | ")] == pytest.approx(
            list(found), abs=0.06
        )
