"""Caption sentences, computed from the record and from the numbers that are drawn."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sweepbook.aggregates.curves import end_steps
from sweepbook.aggregates.labels import better, count, listing, metric_name
from sweepbook.aggregates.published import label as published_label
from sweepbook.figures.arms import Arms
from sweepbook.record.load import Record

_ENDED_EARLY = ("stopped", "interrupted", "failed", "running")
_MOST_NAMED = 3  # trials that ended early; more are counted
_MEANING = {
    "stopped": "stopped early at a rung, so their last values are censored, not bad (bar)",
    "interrupted": "interrupted before the end (arrow)",
    "failed": "failed with an error (cross)",
    "running": "not ended yet (arrow)",
}


def reading_figures(records: Record | Sequence[Record]) -> str:
    """What holds for every figure of a report, in at most three sentences."""
    listed = [records] if isinstance(records, Record) else list(records)
    sizes = sorted({int(n) for record in listed for n in record.trials["n_replicates"]})
    splits = [record.manifest.data.splits for record in listed]
    found = [_means(sizes), _beside(listed)]
    if "given" in splits and sizes[-1:] > [1]:
        always = set(splits) == {"given"}
        found.append(
            "Intervals hold for the given split of the data alone."
            if always
            else "Where the split is given, intervals hold for that split alone."
        )
    return " ".join(found)


def _means(sizes: Sequence[int]) -> str:
    """What lines, bands and faint lines are, and over how many replicates."""
    if not sizes or sizes == [1]:
        return "Each line or point is one training, so there are no intervals."
    n = str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    return (
        f"Lines and points are means over {n} replicates (seeds), bands, bars and ± their 95 % t "
        "intervals (cut off at the axis), and faint lines single replicates."
    )


def _beside(records: Sequence[Record]) -> str:
    known = [record for record in records if record.manifest.study.published]
    labels = list(dict.fromkeys(published_label(record) for record in known))
    if not labels:
        return "The CSV beside each figure has its numbers."
    return f"Hollow diamonds: {' or '.join(labels)}; the CSV beside each figure has its numbers."


def over_words(record: Record, table: pd.DataFrame) -> str:
    """ "over 30 to 50 epochs", "at epoch 1": what the trials of a table of curves reached."""
    ends = table.groupby("trial_id")[record.unit].max()
    first, last = int(ends.min()), int(ends.max())
    if last == 1:
        return f"at {record.unit} 1"
    return f"over {last if first == last else f'{first} to {last}'} {record.unit}s"


def metric_words(metrics: Sequence[str], record: Record) -> str:
    """Names of metrics; of one, also which way is better."""
    if len(metrics) > 1:
        parts = [metric_name(metric).rpartition(" ") for metric in metrics]
        heads, tails = [head for head, _, _ in parts], {tail for _, _, tail in parts}
        if len(tails) == 1 and all(heads):  # training, validation and test loss
            return f"{listing(heads)} {tails.pop()}"
        return listing([metric_name(metric) for metric in metrics])
    (metric,) = metrics
    way = better(metric, record.mode if metric == record.metric else None)
    return f"{metric_name(metric)} ({'lower' if way == 'min' else 'higher'} is better)"


def sentence(text: str) -> str:
    """A text that begins with a capital and ends with a full stop."""
    return f"{text[:1].upper()}{text[1:]}."


def end_words(record: Record) -> str:
    """What a trial's value at its end is: "the mean of its last 5 epochs"."""
    n = end_steps(record)
    return f"its last {record.unit}" if n == 1 else f"the mean of its last {n} {record.unit}s"


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
            names = listing(arms.labels[chosen["trial_id"]].tolist())
            which = f" ({names})" if len(arms.trials) > 1 and len(chosen) <= _MOST_NAMED else ""
            sentences.append(f"{count(len(chosen), 'trial')}{which}: {_MEANING[status]}.")
    return " ".join(sentences)
