"""Records of small studies that were really trained, in this process and without Ray."""

from pathlib import Path

from sweepbook import Study
from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.record.planned import Trial
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.site import keeping_of
from sweepbook.tune.worker.run import Assignment, reports


def train_record(study: Study, folder: Path, options: Options | None = None) -> Path:
    """Trains all trials of a study to their ends, and returns the folder of its record."""
    options = options or Options()
    plan = make_plan(study, options)
    writer = RecordWriter(folder, new_manifest(plan, options, [], []))
    for trial in plan.trials:
        writer.start_trial(trial.trial_id)
        job = Assignment(trial, [str(folder.resolve())], [], keeping_of(plan.study))
        for report in reports(job):
            writer.add_rows(trial.trial_id, report["rows"])
        writer.end_trial(trial.trial_id)
    writer.close()
    return folder


def losses(trial: Trial, name: str, *stops: int) -> dict[tuple[int, int], float]:
    """Trains a trial in a record's folder of this name, and returns its losses.

    stops: epochs after which the training is stopped, and goes on from its checkpoint.
    """
    for part in ("checkpoints", "parts"):
        (Path(name) / part).mkdir(parents=True)
    found = {}
    for stop in (*stops, None):
        for report in (made := reports(Assignment(trial, [name], []))):
            found |= {(row["replicate"], row["epoch"]): row["val_loss"] for row in report["rows"]}
            if report["fidelity"] == stop:
                break
        made.close()
    return found
