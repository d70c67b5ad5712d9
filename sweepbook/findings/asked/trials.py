"""Which trials of a record are asked the questions that every record is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sweepbook.aggregates.labels import arm_labels, sorted_trials
from sweepbook.aggregates.trials import fitting_trials, same_value, telling_columns
from sweepbook.findings.arms import find_trial, settings_label
from sweepbook.findings.deciding.failing import LEARNS
from sweepbook.findings.deciding.other_trials import chance_level
from sweepbook.findings.values import value_at
from sweepbook.record.load import CONFIG, Record
from sweepbook.study.claim import Window

Arms = dict[str, dict[str, Any]]


def trial_arms(record: Record) -> Arms:
    """Settings that single out each ended trial, by its label, in the order of the settings.

    A label that a claim of the study, or else one of its figures ("arms"), declares for these
    settings goes before one that is made of them.
    """
    trials = record.trials
    if trials.empty:
        return {}
    columns = telling_columns(record)
    confirms = record.manifest.confirms
    if confirms:  # winners are named by what was compared, not by how each was tuned
        columns = list(dict.fromkeys(CONFIG + k for w in confirms.trials for k in w.settings))
    epochs = CONFIG + record.setting
    shorter = [name for name in columns if name != epochs]
    if trials[shorter].drop_duplicates().shape[0] == len(trials):
        columns = shorter  # the budget is named only where nothing else tells trials apart
    ended = sorted_trials(trials[trials["status"].isin(["finished", "diverged"])], columns)
    labels = arm_labels(ended, columns)
    arms: Arms = {}
    claimed = _claimed_labels(record, columns)
    for row in ended.to_dict("records"):
        settings = {str(c).removeprefix(CONFIG): row[c] for c in columns if row[c] == row[c]}
        settings = {key: value for key, value in settings.items() if value is not None}
        label = claimed.get(str(row["trial_id"])) or _declared_label(record, row)
        known = label if label and label not in arms else str(labels[row["trial_id"]])
        if known in arms:  # two settings that are the same in the digits shown
            known = f"{known} (trial {row['trial_id']})"
        arms[known] = settings
    return arms


def _claimed_labels(record: Record, columns: Sequence[str]) -> dict[str, str]:
    """trial_id -> the label that a claim gives it, with the settings that the label leaves open.

    A label that claims give to different settings names nothing. columns: what tells the trials
    apart.
    """
    named: dict[str, list[Mapping[str, Any]]] = {}
    for claim in record.manifest.study.claims:
        for label, arm in zip(claim.labels, claim.arms, strict=False):
            others = named.setdefault(label, [])
            others += [] if any(dict(arm) == dict(other) for other in others) else [arm]
    labels: dict[str, str] = {}
    for label, arms in named.items():
        for row in fitting_trials(record.trials, arms[0]) if len(arms) == 1 else []:
            rest = {name.removeprefix(CONFIG): row[name] for name in columns}
            free = {k: v for k, v in rest.items() if k not in arms[0] and v is not None and v == v}
            whole = f"{label}, {settings_label(free)}" if free else label
            labels.setdefault(str(row["trial_id"]), whole)
    return labels


def _declared_label(record: Record, trial: Mapping[Any, Any]) -> str:
    """The name that a figure of the study gives to this trial's settings, or ""."""
    for figure in record.manifest.study.figures:
        for arm in figure.get("arms") or ():
            where = (arm.get("where") or {}).items()
            if where and all(same_value(trial.get(CONFIG + k), v) for k, v in where):
                return str(arm.get("label", ""))
    return ""


def whole_arms(record: Record, arms: Mapping[str, dict[str, Any]]) -> Arms:
    """Those of the arms whose trials finished, with all replicates."""
    return {label: own for label, own in arms.items() if find_trial(record, own)[0] is not None}


def learning_arms(record: Record, arms: Mapping[str, dict[str, Any]], window: Window) -> Arms:
    """Those of the arms of which a replicate gets above chance: of the others a gap says nothing.

    All of them where the record has no validation accuracy, or chance is not known.
    """
    level = chance_level(record) if "val_acc" in record.reports else float("nan")
    if level != level:
        return dict(arms)
    found = {label: value_at(record, own, "val_acc", window) for label, own in arms.items()}
    return {
        label: own
        for label, own in arms.items()
        if found[label].values.isna().all() or (found[label].values > level + LEARNS).any()
    }
