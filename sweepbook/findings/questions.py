"""Questions that are put to every record which has the columns, as claims of our own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sweepbook.aggregates.gradients import has_gradients
from sweepbook.aggregates.labels import arm_labels, metric_name, sorted_trials
from sweepbook.aggregates.trials import same_value, telling_columns
from sweepbook.findings.declared import Declared
from sweepbook.findings.values import arm_values
from sweepbook.record.load import CONFIG, Record

_POINT = 0.001
_POINT_REASON = "a tenth of a point: one right answer in a thousand"
_GAP_REASON = "half a point: more than twice the sampling error of one accuracy on 13,000 points"
LEARNS = 0.05
LEARNS_REASON = "5 points above the largest class's share is the least that we call learning"


def general_claims(record: Record) -> list[Declared]:
    """The claims, in the order of the report: extremes, then per trial leak, gaps, chance.

    Only trials that ended by themselves are asked. A question whose columns are missing or empty
    is left out, so is the leak where no test point occurs in train.
    """
    arms = trial_arms(record)
    claims = [*_extremes(record, arms)]
    for label, settings in arms.items():
        claims += _leak(record, label, settings) + _gaps(record, label, settings)
    for label, settings in arms.items():
        if has_gradients(record):
            claims += _gradients(label, settings)
        elif "val_acc" in record.reports:
            claims.append(_chance("mixture", label, settings, _window(record)))
    return claims


def trial_arms(record: Record) -> dict[str, dict[str, Any]]:
    """Settings that single out each ended trial, by its label, in the order of the settings.

    A label that the study's figures declare for these settings ("arms") goes before one that is
    made of them.
    """
    trials = record.trials
    if trials.empty:
        return {}
    columns = telling_columns(record)
    confirms = record.manifest.confirms
    if confirms:  # a search's winners are named by what was compared, not by how each was tuned
        columns = [CONFIG + key for key in confirms.by]
    epochs = CONFIG + record.setting
    shorter = [name for name in columns if name != epochs]
    if trials[shorter].drop_duplicates().shape[0] == len(trials):
        columns = shorter  # the budget is named only where nothing else tells trials apart
    ended = sorted_trials(trials[trials["status"].isin(["finished", "diverged"])], columns)
    labels = arm_labels(ended, columns)
    arms = {}
    for row in ended.to_dict("records"):
        settings = {str(c).removeprefix(CONFIG): row[c] for c in columns if row[c] == row[c]}
        settings = {key: value for key, value in settings.items() if value is not None}
        label = _declared_label(record, row)
        known = label if label and label not in arms else str(labels[row["trial_id"]])
        arms[known] = settings
    return arms


def _declared_label(record: Record, trial: Mapping[Any, Any]) -> str:
    """The name that a figure of the study gives to this trial's settings, or ""."""
    for figure in record.manifest.study.figures:
        for arm in figure.get("arms") or ():
            where = (arm.get("where") or {}).items()
            if where and all(same_value(trial.get(CONFIG + k), v) for k, v in where):
                return str(arm.get("label", ""))
    return ""


def slug(text: str) -> str:
    """ "depth 6, width 16" -> "depth-6-width-16"."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _extremes(record: Record, arms: Mapping[str, Mapping[str, Any]]) -> list[Declared]:
    """The best and the worst config by the study's own metric, chosen on the same replicates."""
    sign = 1.0 if record.mode == "max" else -1.0
    probe = Declared(
        name="probe",
        kind="winner",
        metric=record.metric,
        smallest=0.0,
        arms=list(arms.values()),
        fidelity=_window(record),
    )
    found = {label: arm_values(record, probe, i) for i, label in enumerate(arms)}
    means = {
        label: sign * float(arm.values.mean())
        for label, arm in found.items()
        if not arm.problem and not arm.values.isna().any()
    }
    if len(means) < 2:
        return []
    claims = []
    for name, order in (("best", -1.0), ("worst", 1.0)):
        labels = sorted(means, key=lambda label, order=order: order * means[label])  # type: ignore[misc]  # bound at once
        higher = (record.mode == "max") == (name == "best")
        claims.append(
            Declared(
                name=f"{name}-config",
                kind="winner",
                metric=record.metric,
                claim=f"{labels[0]} has the {name} {metric_name(record.metric)}",
                smallest=0.0,
                reason="any difference that the replicates can tell",
                direction="higher" if higher else "lower",
                arms=[arms[label] for label in labels],
                labels=labels,
                chosen=True,
                fidelity=_window(record),
            )
        )
    return claims


def _window(record: Record) -> str:
    """The steps to judge by: a step that is part of an epoch is no epoch to average over."""
    return "last" if record.manifest.study.fidelity.count else "last5"


def _leak(record: Record, label: str, settings: Mapping[str, Any]) -> list[Declared]:
    both = ("test_acc", "test_acc_clean")
    if not _recorded(record, both) or _equal(record.reports[both[0]], record.reports[both[1]]):
        return []
    return [
        Declared(
            name=f"leak-{slug(label)}",
            kind="direction",
            claim="test points whose coordinates occur in train raise the test accuracy",
            metric=both[0],
            against_metric=both[1],
            smallest=_POINT,
            reason=_POINT_REASON,
            arms=[settings],
            labels=[label],
            family="leak",
        )
    ]


def _gaps(record: Record, label: str, settings: Mapping[str, Any]) -> list[Declared]:
    """Training minus validation accuracy as reported, in evaluation mode, and why they differ."""
    below = "training accuracy is below validation accuracy"
    equal = "in evaluation mode training and validation accuracy are the same"
    mode = "the train split scores higher in evaluation mode than while it is trained on"
    gaps = (
        ("gap", "direction", "train_acc", "val_acc", "lower", below),
        ("gap-evaluation-mode", "equivalence", "train_eval_acc", "val_acc", "higher", equal),
        ("train-mode", "direction", "train_eval_acc", "train_acc", "higher", mode),
    )
    return [
        Declared(
            name=f"{name}-{slug(label)}",
            kind=kind,
            claim=text,
            metric=metric,
            against_metric=against,
            direction=direction,
            # in evaluation mode it is not evaluated every epoch
            fidelity="last" if "eval" in metric else _window(record),
            smallest=0.005,
            reason=_GAP_REASON,
            arms=[settings],
            labels=[label],
            family=name,
        )
        for name, kind, metric, against, direction, text in gaps
        if _recorded(record, (metric, against))
    ]


def _gradients(label: str, settings: Mapping[str, Any]) -> list[Declared]:
    common: dict[str, Any] = {"arms": [settings], "labels": [label]}
    moments: tuple[tuple[str, str | int], ...] = (("first", 1), ("last", "last"))
    return [
        *(
            Declared(
                name=f"gradients-{name}-{slug(label)}",
                kind="gradients",
                claim=f"gradients of {label} are healthy",
                metric="grad_sq_norm",
                fidelity=step,
                expected="healthy",
                smallest=0.02,
                reason="a factor of 100 over 100 layers, in log10 of the magnitude per layer",
                **common,
            )
            for name, step in moments
        ),
        _chance("chance", label, settings),
    ]


def _chance(
    name: str, label: str, settings: Mapping[str, Any], fidelity: str = "last5"
) -> Declared:
    return Declared(
        name=f"{name}-{slug(label)}",
        kind="mixture",
        claim=f"{label} does not learn",
        metric="val_acc",
        smallest=LEARNS,
        reason=LEARNS_REASON,
        fidelity=fidelity,
        arms=[settings],
        labels=[label],
    )


def _recorded(record: Record, columns: tuple[str, ...]) -> bool:
    reports = record.reports
    return all(name in reports and reports[name].notna().any() for name in columns)


def _equal(a: pd.Series[Any], b: pd.Series[Any]) -> bool:
    return bool(((a == b) | (a.isna() & b.isna())).all())
