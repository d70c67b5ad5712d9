"""The best model of a record: which trial it is, its settings, its metrics and its state.

The rule. A trial has a value at each fidelity at which all of its replicates have reported: the
mean over the replicates of the study's metric (see `sweepbook.record.values`). Its best fidelity
is that of its best value, the first of equal ones. The best trial is that with the best value;
of equal ones that with the lower fidelity, and then the one whose trial_id comes first. Trials
that have failed, or of which a replicate has diverged, are not chosen; trials that a scheduler
has stopped may be. Of a confirmation the best trial is the winner with the best mean of its last
steps. The study's metric alone chooses; test data choose nothing, also where a report orders the
winners by them. Replicates that `sweepbook decide` added count for no choice: a record keeps the
states of the first batch, of which all trials have as many.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from sweepbook.record.batches.first import first_batches
from sweepbook.record.best.model import Best, Lineage
from sweepbook.record.columns import plain_cell
from sweepbook.record.digest import record_digest
from sweepbook.record.load import Record
from sweepbook.record.planned import Trial, replicate_seed
from sweepbook.record.values import LAST_STEPS, carried, is_better, means_by_trial
from sweepbook.study.forms.trainable import trainable_name


def best_of(record: Record, trial_id: str | None = None) -> Best:
    """Returns the best model of a record, by the rule above.

    Args:
        trial_id: the best model of this trial instead, however it ended; the beginning of its
            id is enough.

    Raises:
        ValueError: no trial has a value yet, the record has no such trial, or that one has no
            value.
    """
    whole, record = record, first_batches(record)
    values = _values(record)
    if trial_id is None:
        trial_id = _chosen(record, values)
    else:
        trial_id = _named(record, trial_id)
    if _best_step(values.get(trial_id, {}), record.mode) is None:
        raise ValueError(
            f"trial {trial_id} has no value of {record.metric} at which all of its replicates "
            "have reported a finite number, so it has no best model"
        )
    fidelity, _ = _best_step(values[trial_id], record.mode) or (0, math.nan)
    return _described(record, trial_id, fidelity, record_digest(whole))


def _named(record: Record, beginning: str) -> str:
    """The trial whose id is this, or begins so."""
    ids = [str(one) for one in record.trials["trial_id"]]
    found = [one for one in ids if one == beginning] or [
        one for one in ids if beginning and one.startswith(beginning)
    ]
    if len(found) != 1:
        several = f"{len(found)} trials whose ids begin with" if found else "no trial"
        raise ValueError(
            f"record {record.path} has {several} {beginning!r}: the column trial_id of "
            "record.trials lists them"
        )
    return found[0]


def _values(record: Record) -> dict[str, dict[int, float]]:
    """trial_id -> {fidelity: mean}, of all trials."""
    if record.metric not in record.reports:
        return {}
    return means_by_trial(record.reports, record.trials, record.metric, record.unit)


def _best_step(values: Mapping[int, float], mode: str) -> tuple[int, float] | None:
    """The fidelity and value of the best step, the first of equal ones; None where all are NaN."""
    best: tuple[int, float] | None = None
    for fidelity, value in sorted(values.items()):
        if is_better(value, math.nan if best is None else best[1], mode):
            best = fidelity, value
    return best


def _chosen(record: Record, values: Mapping[str, Mapping[int, float]]) -> str:
    """The best trial's id."""
    trials = record.trials
    whole = ~trials["status"].isin(("failed", "diverged"))
    if "n_diverged" in trials:
        whole &= ~(trials["n_diverged"] > 0)
    if record.manifest.confirms is not None:
        whole &= trials["status"] == "finished"
    steps = {i: values.get(i, {}) for i in map(str, trials.loc[whole, "trial_id"])}
    best = {i: found for i, own in steps.items() if (found := _best_step(own, record.mode))}
    if not best:
        raise ValueError(
            f"record {record.path} has no best model: none of its trials has a value of "
            f"{record.metric} with all of its replicates finite; the column reason in "
            "trials.parquet says how each trial ended"
        )
    sign = -1.0 if record.mode == "max" else 1.0
    if record.manifest.confirms is not None:
        return min(best, key=lambda i: (sign * _last_mean(record, i), _winner(record, i), i))
    return min(best, key=lambda i: (sign * best[i][1], best[i][0], i))


def _last_mean(record: Record, trial_id: str) -> float:
    """What a confirmation's winners are compared by."""
    own = carried(record.reports[record.reports["trial_id"] == trial_id], record.unit)
    table = own.pivot(index=record.unit, columns="replicate", values=record.metric)
    return float(table.sort_index().tail(LAST_STEPS).astype("float64").mean().mean())


def _winner(record: Record, trial_id: str) -> int:
    """The place of a trial's winner in the search's order, which decides between equal ones."""
    config = next((t.config for t in record.manifest.trials if t.trial_id == trial_id), {})
    winners = record.manifest.confirms.trials if record.manifest.confirms else ()
    fits = (all(config.get(k) == v for k, v in winner.settings.items()) for winner in winners)
    return next((i for i, is_it in enumerate(fits) if is_it), len(winners))


def _described(record: Record, trial_id: str, fidelity: int, digest: str) -> Best:
    row = record.trials.set_index("trial_id").loc[trial_id]
    planned = {trial.trial_id: trial for trial in record.manifest.trials}.get(trial_id)
    if planned is None:
        raise ValueError(
            f"the manifest of record {record.path} does not say what trial {trial_id} was: run "
            f"`sweepbook verify {record.path}`"
        )
    metrics, replicates = _metrics(record, trial_id, fidelity)
    return Best(
        config=planned.given_config(),
        trial_id=trial_id,
        status=str(row["status"]),
        unit=record.unit,
        fidelity=fidelity,
        metric=record.metric,
        mode=record.mode,
        metrics=metrics,
        replicates=replicates,
        n_replicates=planned.n_replicates,
        seeds=_seeds(planned),
        stacked=planned.stacked,
        lineage=_lineage(record, planned, digest),
        path=record.path,
    )


def _metrics(
    record: Record, trial_id: str, fidelity: int
) -> tuple[dict[str, float], dict[str, list[Any]]]:
    """The mean of each metric that is a number, and all values per replicate."""
    own = record.reports[record.reports["trial_id"] == trial_id]
    rows = carried(own, record.unit)
    rows = rows[rows[record.unit] == fidelity].sort_values("replicate")
    names = [str(name) for name in rows if name not in ("trial_id", "replicate", record.unit)]
    replicates = {
        name: [plain_cell(value) for value in rows[name]]
        for name in names
        if rows[name].notna().any()
    }
    means = {
        name: float(np.mean([math.nan if value is None else float(value) for value in values]))
        for name, values in replicates.items()
        if all(value is None or isinstance(value, Real) for value in values)
    }
    return means, replicates


def _seeds(trial: Trial) -> tuple[int, ...]:
    """The seed of each replicate, as its trainable got it."""
    n = 0 if trial.stacked else trial.n_replicates
    return tuple(replicate_seed(trial.seed, number) for number in range(n))


def _lineage(record: Record, trial: Trial, digest: str) -> Lineage:
    manifest = record.manifest
    return Lineage(
        record=str(record.path),
        record_digest=digest,
        study=record.study,
        trainable=trainable_name(trial.trainable),
        seed=trial.seed,
        data=manifest.data.name,
        data_sha256=manifest.data.sha256,
        versions=dict(manifest.versions),
        git_commit=manifest.registration.commit if manifest.registration else None,
    )
