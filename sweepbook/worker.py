"""The adapter between a trainable's generator and Ray Tune: this runs in the workers."""

import contextlib
import ctypes
import functools
import math
import pickle
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.places import place
from sweepbook.checkpoints import Rows, load_checkpoint, save_checkpoint
from sweepbook.files import write_parquet
from sweepbook.hang import guarded, trace_path
from sweepbook.imports import add_to_path, config_type, load_object
from sweepbook.ledger import Ledger
from sweepbook.outage import insist_in_worker
from sweepbook.trial import Trial

CHECKPOINT_EVERY_S = 1.0  # and at a trial's last step
CALLABLES = ("state", "predictions")


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


def rows_of(metrics: Mapping[str, Any], n_replicates: int) -> Rows:
    """Returns one row per replicate of a yielded dict: its own values, or the shared ones.

    Raises:
        ValueError: where the dict holds values for another number of replicates.
        TypeError: where one is nothing that a table of metrics can hold.
    """
    shared = {k: v for k, v in metrics.items() if k != "replicates" and k not in CALLABLES}
    own = metrics.get("replicates", {})
    for name, values in own.items():
        if len(values) != n_replicates:
            raise ValueError(f"{name} has {len(values)} values for {n_replicates} replicates")
    return [
        {
            "replicate": r,
            **{name: _plain(name, value) for name, value in shared.items()},
            **{name: _plain(name, values[r]) for name, values in own.items()},
        }
        for r in range(n_replicates)
    ]


def _plain(name: str, value: Any) -> Any:
    """A cell as tables and checkpoints hold it; numpy's and torch's values become Python's."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(name, one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(
        f"{name} is a {type(value).__name__}, {value!r}: a record holds numbers, texts, None, and "
        "lists of these"
    )


def _steps(trial: Trial, state: Any, ledger: Ledger) -> Iterator[dict[str, Any]]:
    """The trial's yielded dicts, with the seconds of each step where the trainable has none."""
    trainable = load_object(trial.trainable)
    ledger.lap("import")
    generator = (
        _call(trainable, trial.config, state)
        if trial.stacked
        else _lockstep(trial, trainable, state)
    )
    start = time.perf_counter()
    for metrics in generator:
        yield {"time_s": time.perf_counter() - start, **metrics}
        start = time.perf_counter()


def _call(
    trainable: Callable[..., Any], config: dict[str, Any], state: Any
) -> Iterator[dict[str, Any]]:
    kind = config_type(trainable)
    settings = kind(**config) if kind else config
    return iter(trainable(settings) if state is None else trainable(settings, state=state))


def _lockstep(trial: Trial, trainable: Callable[..., Any], state: Any) -> Iterator[dict[str, Any]]:
    """Steps one generator per replicate in turn and joins what they yield."""
    seeds = [replicate_seed(trial.seed, r) for r in range(trial.n_replicates)]
    states = state or [None] * trial.n_replicates
    takes_seed = trial.n_replicates > 1 or "seed" in trial.config or not config_type(trainable)
    generators = [
        _call(trainable, {**trial.config, "seed": seed} if takes_seed else trial.config, own)
        for seed, own in zip(seeds, states, strict=True)
    ]
    for step in zip(*generators, strict=True):
        names = [k for k in step[0] if k not in CALLABLES and k != "times"]
        joined: dict[str, Any] = {trial.unit: step[0][trial.unit]}
        joined["replicates"] = {k: [s[k] for s in step] for k in names}
        if "times" in step[0]:
            joined["times"] = _sum([s["times"] for s in step])
        if "state" in step[0]:
            joined["state"] = lambda step=step: [s["state"]() for s in step]
        if "predictions" in step[0]:
            joined["predictions"] = lambda step=step: _stack([s["predictions"]() for s in step])
        yield joined


def _sum(times: Sequence[Mapping[str, float]]) -> dict[str, float]:
    phases = {phase for own in times for phase in own}
    return {phase: sum(own.get(phase, 0.0) for own in times) for phase in phases}


def replicate_seed(seed: int, replicate: int) -> int:
    """Returns the seed below 2**31 of a replicate: of (study seed, replicate) alone."""
    sequence = np.random.SeedSequence(seed, spawn_key=(replicate,))
    return int(sequence.generate_state(1)[0] >> 1)


def _stack(parts: list[dict[str, Any]]) -> dict[str, Any]:
    shared = {"split": parts[0]["split"]}
    return shared | {k: np.stack([p[k] for p in parts]) for k in parts[0] if k != "split"}


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
