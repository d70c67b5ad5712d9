"""A study of a program that is written for a test, trained by the worker's code without Ray."""

import pytest

from sweepbook import Fidelity, Metric, Program, Study
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.tune.worker.run import Assignment, reports

PLAIN = """
import sys
for epoch in range(1, 4):
    print(f"epoch={epoch} val_loss={float(sys.argv[1]) / epoch}")
"""


@pytest.fixture
def study_of(tmp_path):
    """study_of(command, script=..., **fields): its program lies in tmp_path as train.py."""

    def make(command="python train.py {lr} {seed}", script=PLAIN, grid=None, **fields):
        (tmp_path / "train.py").write_text(script)
        own = {"metrics": "pairs", "folder": str(tmp_path)}
        own |= {k: fields.pop(k) for k in (*own, "settings", "stream", "timeout_s") if k in fields}
        rest = {"fixed": {"epochs": 3}, "replicates": 1, **fields}
        return Study(
            name="s", question="?", trainable=Program(command, **own),
            metric=rest.pop("metric", Metric("val_loss", "min")),
            fidelity=Fidelity("epoch", "epochs"), grid=grid or {"lr": [0.5]}, **rest,
        )  # fmt: skip

    return make


@pytest.fixture
def assigned(study_of, tmp_path):
    """assigned(...) gives the one trial of a study, with a folder for its record."""

    def make(*arguments, **fields):
        (trial,) = make_plan(study_of(*arguments, **fields), Options()).trials
        record = tmp_path / "record"
        for name in ("checkpoints", "parts"):
            (record / name).mkdir(parents=True, exist_ok=True)
        return Assignment(trial, [str(record)], [])

    return make


@pytest.fixture
def rows_of(assigned):
    """rows_of(...) trains that trial and returns its rows, without their times."""

    def run(*arguments, **fields):
        made = reports(assigned(*arguments, **fields))
        rows = [row for report in made for row in report["rows"]]
        return [{k: v for k, v in row.items() if k != "time_s"} for row in rows]

    return run
