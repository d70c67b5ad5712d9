"""Small records of the exercise's studies, written by the real writer: trained, or made up."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sweepbook import Study, load_record
from sweepbook.plan.further.confirmation import confirming_study
from sweepbook.plan.manifest import new_manifest
from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan, make_plan, suggested_trial
from sweepbook.record.ledger import PHASES
from sweepbook.record.planned import Trial
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.worker.run import Assignment, reports

REPLICATES = 2


def trained(study: Study, folder: Path, options: Options) -> Path:
    """The record of a grid study, trained in this process."""
    plan = make_plan(study, options)
    writer = RecordWriter(folder, new_manifest(plan, options, [], []))
    for trial in plan.trials:
        writer.start_trial(trial.trial_id)
        for report in reports(Assignment(trial, [str(folder)], [])):
            writer.add_rows(trial.trial_id, report["rows"])
            writer.add_spent(trial.trial_id, report["spent"])
        writer.end_trial(trial.trial_id)
    writer.close()
    return folder


def searched(study: Study, folder: Path, options: Options) -> Path:
    """The record of a search whose curves are made up: a third of its trials reach the end."""
    plan = make_plan(study, options)
    assert plan.search is not None
    writer = RecordWriter(folder, new_manifest(plan, options, [], []))
    for number, trial in enumerate(_suggested(plan)):
        last = trial.max_fidelity if number % 3 == 0 else 2
        writer.add_trial(trial)
        _end(writer, trial, last)
    writer.close()
    return folder


def confirmed(search: Path, folder: Path, options: Options) -> Path:
    """The record of a search's confirmation, with made-up curves."""
    study, confirms = confirming_study(load_record(search), None, REPLICATES, seed=1)
    plan = make_plan(study, options)
    manifest = replace(new_manifest(plan, options, [], []), confirms=confirms)
    writer = RecordWriter(folder, manifest)
    for trial in plan.trials:
        _end(writer, trial, trial.max_fidelity)
    writer.close()
    return folder


def know_file(folder: Path, name: str) -> None:
    """Lets the record's study count the one file that a setting names as `name`."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    (sha256,) = manifest["files"].values()
    manifest["study"]["known_files"] = {sha256[:8]: name}
    path.write_text(json.dumps(manifest))


def _suggested(plan: Plan) -> Iterator[Trial]:
    """Trials of every cell in turn, with settings by chance."""
    assert plan.search is not None
    random = np.random.default_rng(0)
    n_cells = len(plan.search.cells)
    for number in range(plan.search.n_trials):
        settings = {key: _drawn(domain, random) for key, domain in plan.search.space.items()}
        yield suggested_trial(plan, number % n_cells, settings, number)


def _drawn(domain: Mapping[str, Any], random: np.random.Generator) -> Any:
    if domain["kind"] == "choice":
        return domain["choices"][random.integers(len(domain["choices"]))]
    low, high = domain["low"], domain["high"]
    value = math.exp(random.uniform(math.log(low), math.log(high))) if domain["log"] else None
    value = random.uniform(low, high) if value is None else value
    return round(value) if domain["kind"] == "int" else value


def _end(writer: RecordWriter, trial: Trial, last: int) -> None:
    """The trial with curves that come from its id, up to the fidelity `last`."""
    random = np.random.default_rng(int(trial.trial_id, 16))
    pace = random.uniform(0.1, 0.5)
    rows = []
    for step in range(1, last + 1):
        for replicate in range(trial.n_replicates):
            loss = 0.3 + 2 * math.exp(-pace * step) + 0.05 * random.random()
            row: dict[str, Any] = {trial.unit: step, "replicate": replicate}
            for split in ("train", "val", "test"):
                row |= {f"{split}_loss": loss, f"{split}_acc": math.exp(-loss)}
            rows.append(row | {"n_steps": 10 * step, "time_s": 1.0})
    writer.start_trial(trial.trial_id)
    writer.add_rows(trial.trial_id, rows)
    writer.add_spent(trial.trial_id, [float(last)] * len(PHASES))
    if last < trial.max_fidelity:
        writer.end_trial(trial.trial_id, stopped="below its rung", rung=last, cutoff=0.5)
    else:
        writer.end_trial(trial.trial_id)
