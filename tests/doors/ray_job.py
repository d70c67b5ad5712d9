"""Trains a Ray function or class by the worker's own code, without Ray."""

import sys

from sweepbook import Fidelity, Metric, Study
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.tune.worker import course
from sweepbook.tune.worker.run import Assignment, reports
from sweepbook.tune.worker.states.best_state import Keeping

HERE = sys.modules[__name__]


def plan_of(monkeypatch, code, rounds=3, replicates=1, unit="round", **rest):
    """The plan of a study of one trial whose trainable is this function or class."""
    monkeypatch.setattr(HERE, "code", code, raising=False)
    monkeypatch.setitem(sys.modules, "ray_job_code", HERE)
    own = {key: rest.pop(key) for key in ("cpus", "gpus") if key in rest}
    study = Study(
        name="s", question="?", trainable="ray_job_code:code", metric=Metric("loss", "min"),
        fidelity=Fidelity(unit, "rounds"), fixed={"rounds": rounds, **rest},
        replicates=replicates, **own,
    )  # fmt: skip
    return make_plan(study, Options())


def job(monkeypatch, folder, code, **options):
    (trial,) = plan_of(monkeypatch, code, **options).trials
    for name in ("checkpoints", "parts"):
        (folder / name).mkdir(exist_ok=True, parents=True)
    return Assignment(trial, [str(folder)], [], Keeping("min"))


def rows_of(monkeypatch, folder, code, **options):
    """The rows that the trial's record would have, all of them."""
    made = reports(job(monkeypatch, folder, code, **options))
    return [row for report in made for row in report["rows"]]


def plain(rows):
    """Rows without what a clock has told."""
    return [{k: v for k, v in row.items() if k != "time_s"} for row in rows]


def begun(monkeypatch, folder, code, n, **options):
    """Trains n steps, keeping a checkpoint at each, and is killed; returns the last report."""
    monkeypatch.setattr(course, "CHECKPOINT_EVERY_S", -1)
    made = reports(job(monkeypatch, folder, code, **options))
    for _ in range(n):
        report = next(made)
    made.close()
    return report
