"""Questions that are put to every record which has the columns, as claims of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from sweepbook.aggregates.curves import end_steps
from sweepbook.aggregates.gradients import has_gradients
from sweepbook.aggregates.labels import metric_name
from sweepbook.aggregates.shares import holds_shares
from sweepbook.findings.asked.texts import TEXTS
from sweepbook.findings.asked.trials import learning_arms, trial_arms, whole_arms
from sweepbook.findings.deciding.failing import LEARNS
from sweepbook.findings.question import Question, slug
from sweepbook.findings.values import value_at
from sweepbook.record.load import Record
from sweepbook.stats.trend import logs
from sweepbook.study.claim import Claim, Direction, Kind, Window

_GAP_REASON = "half a point: below it two accuracies are rarely told apart"
_DECADES = 100.0  # the largest value over the smallest: an interval in units then tells nothing
_LEARNS_REASON = "5 points above the largest class's share is the least that we call learning"


def general_questions(record: Record) -> list[Question]:
    """The questions, in the order of the report: extremes, then per trial gaps and chance.

    Only trials that ended by themselves are asked, and those that diverged only whether they
    learn; trials that do not learn are not asked for a gap. A question whose columns are missing
    or empty is left out.
    """
    arms = trial_arms(record)
    whole = whole_arms(record, arms)
    learning = learning_arms(record, whole, _window(record))
    confirms = record.manifest.confirms is not None  # which of its winners is best is the order
    questions = [] if confirms else [*_extremes(record, arms)]
    for label, settings in learning.items():
        questions += _gaps(record, label, settings)
    for label, settings in arms.items():
        if has_gradients(record):
            questions += _gradients(label, settings) if label in whole else []
            questions.append(_never_learns(label, settings))
        elif "val_acc" in record.reports:
            questions.append(_mixture(label, settings, _window(record)))
    return questions


def _extremes(record: Record, arms: Mapping[str, Mapping[str, Any]]) -> list[Question]:
    """The best and the worst config by the study's own metric, chosen on the same replicates.

    Of two the worst is not asked: it is the other one. Nor is it where trials were stopped, for
    these were stopped because they were worse.
    """
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
    if relative:  # what is compared also chooses
        means = {label: sign * float(logs(found[label].values).mean()) for label in means}
    best_first = sorted(means, key=lambda label: -means[label])
    best = _extreme(record, "best", {label: arms[label] for label in best_first}, relative)
    if len(means) == 2 or (record.trials["status"] == "stopped").any():
        return [best]
    worst_first = sorted(means, key=lambda label: means[label])
    return [
        best,
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
    if len(arms) < len(record.trials):
        said += f" among the {len(arms)} of {len(record.trials)} trials that reached full length"
    return Question(claim=claim, said=said, chosen=True)


def _window(record: Record) -> Window:
    """The steps to judge by: a step that is part of an epoch is no epoch to average over."""
    return "last" if end_steps(record) == 1 else "last5"


_GAPS: tuple[tuple[str, Kind, str, str, Direction], ...] = (
    ("gap", "direction", "train_acc", "val_acc", "lower"),
    ("gap-evaluation-mode", "equivalence", "train_eval_acc", "val_acc", "higher"),
    ("train-mode", "direction", "train_eval_acc", "train_acc", "higher"),
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
                smallest=0.005 if holds_shares(record, metric) else 0.5,
                reason=_GAP_REASON,
                arms=(settings,),
                labels=(label,),
                family=f"asked of every trial: {name}",
            ),
            said=TEXTS[name],
            group=name,
        )
        for name, kind, metric, against, direction in _GAPS
        if _recorded(record, (metric, against))
        and holds_shares(record, metric) == holds_shares(record, against)
    ]


def _gradients(label: str, settings: Mapping[str, Any]) -> list[Question]:
    moments: tuple[tuple[str, Window], ...] = (("first", 1), ("last", "last"))
    return [
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
            group=f"gradients-{name}",
        )
        for name, step in moments
    ]


def _never_learns(label: str, settings: Mapping[str, Any]) -> Question:
    claim = _chance("chance", label, settings)
    return Question(claim=claim, said=f"most seeds of {label} do not learn", group="chance")


def _mixture(label: str, settings: Mapping[str, Any], fidelity: Window) -> Question:
    claim = _chance("mixture", label, settings, fidelity)
    return Question(claim=claim, said=f"most seeds of {label} do not learn", only_mixed=True)


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
