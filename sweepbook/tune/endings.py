"""Why a scheduler ended a trial, in words."""

from collections.abc import Iterable, Mapping
from typing import Any

from sweepbook.record.values import Ending, Follower
from sweepbook.study.rungs import Entry
from sweepbook.study.study import Metric


def stopped(entry: Entry, metric: Metric, unit: str) -> Ending:
    """Returns the ending of a trial that was below the cutoff of a rung.

    Args:
        entry: the trial's value and the rung's cutoff, larger is better.
    """
    sign = 1 if metric.mode == "max" else -1
    value, cutoff = sign * entry.value, sign * float(entry.cutoff or 0.0)
    relation = "<" if sign == 1 else ">"
    shown, against = _apart(value, cutoff)
    reason = (
        f"stopped at rung {unit} {entry.rung}: {metric.name} {shown} {relation} cutoff {against}"
    )
    return Ending("stopped", reason, value, entry.rung, cutoff)


def diverged(
    rows: Iterable[Mapping[str, Any]], metric: Metric, unit: str, fidelity: int, value: float
) -> Ending:
    """Returns the ending of a trial whose mean is no number, with how many replicates have none.

    Args:
        rows: one per replicate and fidelity, as far as they were reported.
        fidelity: at which it happened.
        value: the mean.
    """
    rows = list(rows)
    total = sum(int(row[unit]) == fidelity for row in rows)
    counts = {step.fidelity: step.n_diverged for step in Follower(metric.name, unit).take(rows)}
    reason = f"{metric.name} {value} at {unit} {fidelity}"
    if n := counts.get(fidelity, 0):
        reason = f"{n} of {total} replicates NaN or infinite at {unit} {fidelity}"
    return Ending("diverged", reason, value)


def _apart(value: float, cutoff: float) -> tuple[str, str]:
    """Both as text, with as many digits as it takes to see that they differ."""
    for digits in (3, 5, 8, 17):
        texts = f"{value:.{digits}g}", f"{cutoff:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts
