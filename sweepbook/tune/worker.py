"""The adapter between a trainable's generator and Ray Tune: this runs in the workers."""

import contextlib
import ctypes
import functools
import math
import pickle
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.record.checkpoints import Rows, load_checkpoint, save_checkpoint
from sweepbook.record.files import write_parquet
from sweepbook.record.ledger import Ledger
from sweepbook.record.outage import insist_in_worker
from sweepbook.record.places import place
from sweepbook.record.planned import Trial
from sweepbook.study.hooks import add_to_path
from sweepbook.tune.hang import guarded, trace_path
from sweepbook.tune.replicates import _steps, rows_of

CHECKPOINT_EVERY_S = 1.0  # and at a trial's last step


@dataclass(frozen=True)
class Assignment:
    """A trial, the record folders that want it, and where its code is found."""

    trial: Trial
    records: list[str]
    import_paths: list[str]


def run_assignment(config: Mapping[str, Any], assignments: Mapping[str, bytes]) -> None:
    """Ray Tune's function trainable: trains one assigned trial and reports every step.

    A search's assignment comes with the config, for it is not known in advance.

    A report is {unit: fidelity, metric: mean over replicates, "rows": one dict per replicate,
    "spent": seconds by phase so far, a list as in `sweepbook.ledger.PHASES`}.

    Args:
        assignments: trial_id -> the pickled `Assignment`.
    """
    from ray import tune

    _give_memory_back()
    own = config.get("assignment")
    assignment: Assignment = own or pickle.loads(assignments[config["trial_id"]])
    for report in reports(assignment):
        tune.report(report)


def _give_memory_back() -> None:
    """Returns to the system what earlier trials of this process have freed.

    Tune trains each trial in a thread of its own, and glibc keeps what a thread has freed: after
    ten trials of ResNet-18 a worker held 8 GB.
    """
    with contextlib.suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def reports(assignment: Assignment) -> Iterator[dict[str, Any]]:
    """Yields what is to be reported, and keeps checkpoints; goes on from one where it exists.

    A trial whose replicates have all diverged ends early, and one that hangs ends its process.
    A trainable that is given the state of its early end yields nothing, or, so that its
    predictions are written, the last dict once more.
    """
    trial, ledger = assignment.trial, Ledger()
    for path in assignment.import_paths:
        add_to_path(path)
    _check_reachable(assignment.records)
    checkpoint = load_checkpoint(assignment.records, trial.trial_id)
    rows: Rows = list(checkpoint["rows"]) if checkpoint else []
    unreported = list(rows)
    if checkpoint and _is_over(trial, checkpoint):
        ledger.lap("start")
        yield _report(trial, checkpoint["fidelity"], rows, rows, ledger)
        return
    saved = time.monotonic()
    steps = _steps(trial, checkpoint["state"] if checkpoint else None, ledger)
    trace = trace_path(assignment.records[0], trial.trial_id)
    ledger.lap("start")
    predictions = None
    for metrics in guarded(steps, trial.hang_s, trace):
        ledger.step(metrics.pop("times", None))
        fidelity = int(metrics[trial.unit])
        new = rows_of(metrics, trial.n_replicates)
        if trial.metric not in new[0]:
            raise ValueError(f"the study's metric {trial.metric} is none of {', '.join(new[0])}")
        for row in new:
            row[trial.metric] = math.nan if row[trial.metric] is None else row[trial.metric]
        predictions = metrics.get("predictions")
        if checkpoint and fidelity == checkpoint["fidelity"]:
            continue  # the last dict of a trainable that had ended: its rows are there already
        rows += new
        unreported += new
        last = fidelity >= trial.max_fidelity
        if last and predictions:
            _write_predictions(assignment, predictions())
        if "state" in metrics and (last or time.monotonic() - saved > CHECKPOINT_EVERY_S):
            state = metrics["state"]()
            save_checkpoint(assignment.records, trial.trial_id, fidelity, state, rows)
            saved = time.monotonic()
        ledger.lap("report")
        yield _report(trial, fidelity, new, unreported, ledger)
        ledger.lap("report")
        unreported = []
        if last or not any(math.isfinite(row[trial.metric]) for row in new):
            return
    if predictions:  # the trainable ended by itself, before its last fidelity
        _write_predictions(assignment, predictions())
    if unreported:  # it had ended already, and its driver had not heard of it
        ledger.lap("report")
        yield _report(trial, int(unreported[-1][trial.unit]), unreported, unreported, ledger)


def _is_over(trial: Trial, checkpoint: Mapping[str, Any]) -> bool:
    """Whether the checkpoint is of a trial's last step: its whole length, or all diverged."""
    last = [r[trial.metric] for r in checkpoint["rows"] if r[trial.unit] == checkpoint["fidelity"]]
    return checkpoint["fidelity"] >= trial.max_fidelity or not any(map(math.isfinite, last))


def _check_reachable(records: list[str]) -> None:
    """Raises OSError where a record is a folder that the worker's machine does not have."""
    for record in map(place, records):
        if record.is_local and not record.is_dir():
            raise OSError(
                f"{record} does not exist on {socket.gethostname()}: with several machines, give "
                "--storage a folder that all of them share, or s3://... or gs://..."
            )


def _report(
    trial: Trial, fidelity: int, current: Rows, rows: Rows, ledger: Ledger
) -> dict[str, Any]:
    values = [r[trial.metric] for r in current if r[trial.unit] == fidelity]
    mean = float(np.mean(values))
    return {trial.unit: fidelity, trial.metric: mean, "rows": rows, "spent": ledger.spent()}


def _write_predictions(assignment: Assignment, arrays: Mapping[str, Any]) -> None:
    """Writes arrays (K, n) as rows (replicate, example) into each record's parts."""
    trial_id = assignment.trial.trial_id
    n_replicates, n_rows = arrays["label"].shape
    frame = pd.DataFrame(
        {
            "trial_id": pd.Categorical([trial_id]).repeat(n_replicates * n_rows),
            "replicate": np.repeat(np.arange(n_replicates, dtype=np.int16), n_rows),
            "split": pd.Categorical([arrays["split"]]).repeat(n_replicates * n_rows),
            "row_id": arrays["row_id"].reshape(-1),
            "label": arrays["label"].reshape(-1).astype(np.int16),
            "predicted": arrays["predicted"].reshape(-1).astype(np.int16),
            "probability": arrays["probability"].reshape(-1).astype(np.float32),
        }
    )
    for record in assignment.records:
        path = place(record) / "parts" / f"predictions-{trial_id}.parquet"
        insist_in_worker(path, functools.partial(write_parquet, path, frame))
