"""Caption sentences, computed from the record and from the numbers that are drawn."""

from __future__ import annotations

import pandas as pd

from sweepbook.aggregates.curves import end_steps
from sweepbook.aggregates.labels import better, count, listing, metric_name, number
from sweepbook.aggregates.published import label as published_label
from sweepbook.figures.arms import Arms
from sweepbook.record.load import Record
from sweepbook.record.manifest import OVERLAPPING

_ENDED_EARLY = ("stopped", "interrupted", "failed", "running")
_MEANING = {
    "stopped": "stopped early at a rung, so their last values are censored, not bad (bar)",
    "interrupted": "interrupted before the end (arrow)",
    "failed": "failed with an error (cross)",
    "running": "not ended yet (arrow)",
}


def replicates_sentence(numbers: pd.DataFrame, noun: str = "Line") -> str:
    """Which interval is drawn around what, and of how many replicates."""
    sizes = sorted({int(n) for n in numbers["n"]}) if "n" in numbers else []
    if not sizes:
        return ""
    if sizes == [1]:
        return f"{noun}: the one replicate of each trial (n = 1), so there is no interval."
    n = str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    band = "band" if noun == "Line" else "bar"
    faint = "; faint: each replicate" if noun == "Line" else ""
    if noun == "Cell":
        return f"Mean of n = {n} replicates ± half the width of its 95 % t interval."
    return f"{noun}: mean of n = {n} replicates; {band}: its 95 % t interval{faint}."


def end_words(record: Record) -> str:
    """What a trial's value at its end is: "the mean of its last 5 epochs"."""
    n = end_steps(record)
    return f"its last {record.unit}" if n == 1 else f"the mean of its last {n} {record.unit}s"


def data_sentence(record: Record, *, intervals: bool = True) -> str:
    """The data set, what its splits mean for an interval, and the scale where epochs have one."""
    data = record.manifest.data
    text = f"Data: {record.data_name}"
    if data.splits == "given":
        text += ", given split" + ("; intervals hold for this split only" if intervals else "")
    elif data.splits:
        text += f", {data.splits.replace('one per', 'one split per')}"
    if data.overlap and intervals:
        text += f"; {OVERLAPPING}"
    if record.manifest.is_scaled:
        scale = record.manifest.scale or 1.0
        text += f". {record.unit.capitalize()}s are scaled by {number(float(scale))}"
    return text + "."


def groups_sentence(record: Record, drawn: bool = True) -> str:
    """Which test rows belong together; empty where each stands alone.

    drawn: an interval over rows draws them together; False: it takes them as independent.
    """
    groups = record.test_groups
    if not groups:
        return ""
    name, n = groups["name"], len(set(groups["of"]))
    if drawn:
        return f"Test rows of one {name} are drawn together: there are {n} such groups."
    return (
        f"Bars take test rows as independent, but those of one {name} (there are {n}) are not: "
        "they are too short."
    )


def endings_sentence(table: pd.DataFrame, arms: Arms, unit: str) -> str:
    """Which of the trials diverged (k of n replicates, from when) or did not reach their end."""
    sentences = []
    parts = []
    for trial_id, rows in table[table["n_diverged"] > 0].groupby("trial_id", sort=False):
        first, last = rows[unit].min(), rows.sort_values(unit).iloc[-1]
        parts.append(
            f"{arms.labels[trial_id]} ({int(last['n_diverged'])} of {int(last['n'])} "
            f"replicates, from {unit} {int(first)})"
        )
    if parts:
        sentences.append(f"Diverged, so the mean is not drawn from there on: {listing(parts)}.")
    for status in _ENDED_EARLY:
        chosen = arms.trials[arms.trials["status"] == status]
        if len(chosen):
            names = listing(arms.labels[chosen["trial_id"]].tolist(), most=3)
            which = f" ({names})" if len(arms.trials) > 1 else ""
            sentences.append(f"{count(len(chosen), 'trial')}{which}: {_MEANING[status]}.")
    return " ".join(sentences)


def published_sentence(table: pd.DataFrame, record: Record, sign: str = "Hollow diamonds") -> str:
    """Says what the diamonds are; empty where none is drawn."""
    if "published" not in table or not table["published"].notna().any():
        return ""
    return f"{sign}: {published_label(record)}."


def metric_sentence(metric: str, mode: str | None = None) -> str:
    """ "Metric: validation loss (val_loss), lower is better." """
    way = "lower" if better(metric, mode) == "min" else "higher"
    return f"Metric: {metric_name(metric)} ({metric}), {way} is better."
