"""Questions that are put to every record which has the columns, as claims of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from sweepbook.aggregates.curves import end_steps
from sweepbook.aggregates.gradients import has_gradients
from sweepbook.aggregates.labels import arm_labels, metric_name, sorted_trials
from sweepbook.aggregates.trials import same_value, telling_columns
from sweepbook.findings.deciding.failing import LEARNS
from sweepbook.findings.question import Question, slug
from sweepbook.findings.values import value_at
from sweepbook.record.load import CONFIG, Record
from sweepbook.study.claim import Claim, Direction, Kind, Window

_GAP_REASON = "half a point: below it two accuracies are rarely told apart"
_DECADES = 100.0  # the largest value over the smallest: an interval in units then tells nothing
_LEARNS_REASON = "5 points above the largest class's share is the least that we call learning"


def general_questions(record: Record) -> list[Question]:
    """The questions, in the order of the report: extremes, then per trial gaps and chance.

    Only trials that ended by themselves are asked. A question whose columns are missing or empty
    is left out.
    """
    arms = trial_arms(record)
    confirms = record.manifest.confirms is not None  # which of its winners is best is the order
    questions = [] if confirms else [*_extremes(record, arms)]
    for label, settings in arms.items():
        questions += _gaps(record, label, settings)
    for label, settings in arms.items():
        if has_gradients(record):
            questions += _gradients(label, settings)
        elif "val_acc" in record.reports:
            questions.append(_mixture(label, settings, _window(record)))
    return questions


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
    if confirms:  # winners are named by what was compared, not by how each was tuned
        columns = list(dict.fromkeys(CONFIG + k for w in confirms.trials for k in w.settings))
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


def _extremes(record: Record, arms: Mapping[str, Mapping[str, Any]]) -> list[Question]:
    """The best and the worst config by the study's own metric, chosen on the same replicates."""
    sign = 1.0 if record.mode == "max" else -1.0
    found = {
        label: value_at(record, settings, record.metric, _window(record))
        for label, settings in arms.items()
    }
    means = {
        label: sign * float(arm.values.mean())
        for label, arm in found.items()
        if not arm.problem and not arm.values.isna().any()
    }
    if len(means) < 2:
        return []
    relative = _spans_decades([found[label].values for label in means])
    best_first = sorted(means, key=lambda label: -means[label])
    worst_first = sorted(means, key=lambda label: means[label])
    return [
        _extreme(record, "best", {label: arms[label] for label in best_first}, relative),
        _extreme(record, "worst", {label: arms[label] for label in worst_first}, relative),
    ]


def _spans_decades(arms: Sequence[pd.Series[float]]) -> bool:
    """Whether positive values differ so much that only their logarithms can be compared."""
    lowest, highest = min(arm.min() for arm in arms), max(arm.max() for arm in arms)
    return bool(lowest > 0 and highest >= _DECADES * lowest)


def _extreme(
    record: Record,
    name: Literal["best", "worst"],
    arms: Mapping[str, Mapping[str, Any]],
    relative: bool,
) -> Question:
    """Whether the first of the arms is what it looks like: the best, or the worst."""
    higher = (record.mode == "max") == (name == "best")
    claim = Claim(
        name=f"{name}-config",
        statement="",
        kind="winner",
        metric=record.metric,
        smallest=0.0,
        reason="any difference that the replicates can tell",
        direction="higher" if higher else "lower",
        arms=tuple(arms.values()),
        labels=tuple(arms),
        fidelity=_window(record),
        relative=relative,
    )
    said = f"{next(iter(arms))} has the {name} {metric_name(record.metric)}"
    stopped = int((record.trials["status"] == "stopped").sum())
    if stopped:  # these have no value at full length
        were = "was" if stopped == 1 else "were"
        said += f" (of the {len(arms)} trials at full length; {stopped} {were} stopped)"
    return Question(claim=claim, said=said, chosen=True)


def _window(record: Record) -> Window:
    """The steps to judge by: a step that is part of an epoch is no epoch to average over."""
    return "last" if end_steps(record) == 1 else "last5"


_GAPS: tuple[tuple[str, Kind, str, str, Direction, str], ...] = (
    (
        *("gap", "direction", "train_acc", "val_acc", "lower"),
        "training accuracy is below validation accuracy",
    ),
    (
        *("gap-evaluation-mode", "equivalence", "train_eval_acc", "val_acc", "higher"),
        "in evaluation mode training and validation accuracy are the same",
    ),
    (
        *("train-mode", "direction", "train_eval_acc", "train_acc", "higher"),
        "the train split scores higher in evaluation mode than while it is trained on",
    ),
)


def _gaps(record: Record, label: str, settings: Mapping[str, Any]) -> list[Question]:
    """Training minus validation accuracy as reported, in evaluation mode, and why they differ."""
    return [
        Question(
            claim=Claim(
                name=f"{name}-{slug(label)}",
                statement="",
                kind=kind,
                metric=metric,
                against_metric=against,
                direction=direction,
                # in evaluation mode it is not evaluated every epoch
                fidelity="last" if "eval" in metric else _window(record),
                smallest=0.005,
                reason=_GAP_REASON,
                arms=(settings,),
                labels=(label,),
                family=name,
            ),
            said=said,
        )
        for name, kind, metric, against, direction, said in _GAPS
        if _recorded(record, (metric, against))
    ]


def _gradients(label: str, settings: Mapping[str, Any]) -> list[Question]:
    moments: tuple[tuple[str, Window], ...] = (("first", 1), ("last", "last"))
    return [
        *(
            Question(
                claim=Claim(
                    name=f"gradients-{name}-{slug(label)}",
                    statement="",
                    kind="gradients",
                    metric="grad_sq_norm",
                    fidelity=step,
                    expected="healthy",
                    smallest=0.02,
                    reason="a factor of 100 over 100 layers, in log10 of the magnitude per layer",
                    arms=(settings,),
                    labels=(label,),
                ),
                said=f"gradients of {label} are healthy",
            )
            for name, step in moments
        ),
        Question(claim=_chance("chance", label, settings), said=f"{label} does not learn"),
    ]


def _mixture(label: str, settings: Mapping[str, Any], fidelity: Window) -> Question:
    claim = _chance("mixture", label, settings, fidelity)
    return Question(claim=claim, said=f"{label} does not learn", only_mixed=True)


def _chance(
    name: str, label: str, settings: Mapping[str, Any], fidelity: Window = "last5"
) -> Claim:
    return Claim(
        name=f"{name}-{slug(label)}",
        statement="",
        kind="mixture",
        metric="val_acc",
        smallest=LEARNS,
        reason=_LEARNS_REASON,
        fidelity=fidelity,
        arms=(settings,),
        labels=(label,),
    )


def _recorded(record: Record, columns: tuple[str, ...]) -> bool:
    reports = record.reports
    return all(name in reports and reports[name].notna().any() for name in columns)
