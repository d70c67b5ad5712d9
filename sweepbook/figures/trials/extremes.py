"""Kind extremes: the best and the worst trial side by side."""

from __future__ import annotations

from sweepbook.aggregates.labels import count, metric_name
from sweepbook.aggregates.nothing import Spec
from sweepbook.figures import captions
from sweepbook.figures.arms import best_and_worst, choose_arms
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.keys import ARMS, AXES, METRICS, MODE, SELECT, WHERE, Key, Keys
from sweepbook.figures.trials.panels import draw_panels_of
from sweepbook.record.load import Record

EXTREMES = Keys(
    shows="The best and the worst trial side by side: a line for each metric over the fidelity.",
    required={"metrics": METRICS},
    optional={
        "select": Key(f"{SELECT.says} Default: the study's metric.", "metric"),
        "mode": MODE,
        "where": WHERE,
        "arms": ARMS,
        **AXES,
    },
)


def draw_extremes(spec: Spec, record: Record) -> Drawn:
    """The best and the worst trial by the mean of `select` (validation) side by side."""
    arms = choose_arms(record, spec, by=[])
    pair = best_and_worst(record, arms, spec)
    select = str(spec.get("select", record.metric))
    left_out = len(arms.trials[arms.trials["status"] != "finished"])
    how = f"Chosen by {metric_name(select)}, of each trial {captions.end_words(record)}."
    if left_out:
        how += f" Not a candidate: {count(left_out, 'trial')} that did not finish."
    return draw_panels_of(spec, record, pair, how)
