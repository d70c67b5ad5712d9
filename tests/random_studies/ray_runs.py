"""Random studies through the command line: several in a file, for a Ray is slow to start."""

import dataclasses
import os
import pickle
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from sweepbook import Search
from sweepbook.commands.verify import verify
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.record.load import Record, load_record
from tests.random_studies import misbehaving
from tests.random_studies.harness import MODULE, check_endings, check_rows, check_trials, quiet
from tests.random_studies.oracle import expected
from tests.random_studies.studies import Drawn

A_FILE = 10  # studies
ROOT = Path(__file__).parents[2]
FILE = """
import pickle
from pathlib import Path

KEPT = pickle.loads(Path(__file__).with_suffix(".pickle").read_bytes())
globals().update({study.name: study for study in KEPT["studies"]})


def space():
    from ray import tune

    return {name: getattr(tune, kind)(*args) for name, kind, args in KEPT["space"]}
"""
CHOICES = ("", "[0]", "$x", "a\nb", "ж", "<b>", None, True, 0.5, 7, "None", "q\"'")


def check_file(drawn: Sequence[Drawn], folder: Path, number: int) -> Counter[str]:
    """Trains studies by one command in an empty folder, and checks records and commands.

    The last of them is a search. The first file of all has a study that hangs, too.

    Raises:
        AssertionError: naming what does not hold.
    """
    source, name = random.Random(number), f"random_{number}"
    shutil.copy(str(misbehaving.__file__), folder / f"{MODULE}.py")
    studies = [_named(one, f"s{i}") for i, one in enumerate(drawn)]
    search = Search(space=f"{name}:space", n_trials=2, n_random=2)
    studies[-1] = dataclasses.replace(studies[-1], search=search)
    if number == 0:
        fixed = {**studies[0].fixed, "rule": "hangs"}
        studies.append(
            dataclasses.replace(studies[0], name="hung", fixed=fixed, points=({},), hang_s=4)
        )
    spaces = [
        ("open ж", "choice", [source.sample(CHOICES, 3)]), ("open [", "uniform", (0.0, 1.0)),
        ("open\n", "randint", (0, 5)),
    ]  # fmt: skip
    content = {"studies": studies, "space": source.sample(spaces, source.randint(1, 3))}
    (folder / f"{name}.pickle").write_bytes(pickle.dumps(content))
    (folder / f"{name}.py").write_text(FILE)
    code, output = command(folder, "run", f"{name}.py")
    records = [load_record(folder / "records" / study.name) for study in studies]
    assert code == int(any("failed" in set(r.trials["status"]) for r in records)), output
    met = Counter[str]()
    for study, record in zip(studies, records, strict=True):
        met.update(_check_record(study, record))
    _check_commands(folder, records[:: A_FILE // 2], records)
    return met


def _named(drawn: Drawn, name: str) -> Any:
    """The study with this name; its trials' odd metrics share none, which would set an order."""
    arguments = {**drawn.arguments, "grid": dict(drawn.arguments["grid"]), "name": name}
    rules = arguments["grid"].pop("rule")
    points = [{"rule": rule, "side": f"{arguments['fixed']['side']} {rule}"} for rule in rules]
    return dataclasses.replace(
        drawn, arguments={**arguments, "points": points}
    ).study(MODULE)  # fmt: skip


def _check_record(study: Any, record: Record) -> set[str]:
    if study.name == "hung":
        assert set(record.trials["status"]) == {"failed"}
        assert record.trials["error"].str.contains("it hung").all()
        return {"hangs"}
    if study.search:
        assert len(record.trials) == len(study.configs()) * 2, "the search tried others"
    else:
        check_trials(make_plan(study, Options()), record)
    with quiet():
        stories = {
            trial.trial_id: expected(trial, {"time_s": "number"})
            for trial in record.manifest.trials
        }
    check_rows(stories, record)
    check_endings(stories, record)
    return {trial.config["rule"] for trial in record.manifest.trials}


def _check_commands(folder: Path, some: Sequence[Record], records: Sequence[Record]) -> None:
    """verify (for some by the command line) and report work on what is left."""
    for record in records:
        failed = int((record.trials["status"] == "failed").sum())
        if record in some:
            code, output = command(folder, "verify", str(record.path), "--trials", "1")
            assert code == int(failed > 0), output
        elif record.name != "hung" and not record.manifest.search:
            with quiet(), mock.patch.object(sys, "path", list(sys.path)):
                found, _ = verify(record.path, 1, 0, None)
            assert len(found) == failed, found
    code, output = command(folder, "report", *(str(r.path) for r in records), "--out", "report")
    assert code == 0 and (folder / "report" / "report.html").is_file(), output


def command(folder: Path, *words: str) -> tuple[int, str]:
    """Runs a command of the tool there; returns its exit code and its output."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "sweepbook", *words], cwd=folder, env=environment, timeout=400,
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    output = done.stdout + done.stderr
    assert done.returncode in (0, 1, 2) and "Traceback" not in output, output
    assert "not foreseen" not in output, output
    return done.returncode, output
