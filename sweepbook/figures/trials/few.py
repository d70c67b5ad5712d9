"""A few trials side by side, of which predictions are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from sweepbook.aggregates.labels import metric_name
from sweepbook.aggregates.nothing import Spec
from sweepbook.figures.arms import Arms, best_and_worst, choose_arms
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.record.load import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


MOST = 4  # trials


def few_arms(spec: Spec, record: Record) -> tuple[Arms, str]:
    """The trials to show, and how they were chosen, as a sentence.

    With `select` the best and the worst of it, else the first few.
    """
    arms = choose_arms(record, spec)
    if spec.get("select"):
        select = str(spec["select"])
        pair = best_and_worst(record, arms, spec)
        said = f"Best and worst by the mean {metric_name(select)} at the last {record.unit}."
        return pair, said
    left_out = len(arms.trials) > MOST
    said = f"The first {MOST} of {len(arms.trials)} trials." if left_out else ""
    return arms.first(MOST), said


def drawn_of_few(
    spec: Spec,
    arms: Arms,
    parts: list[pd.DataFrame],
    how: str,
    figure: Figure,
    notes: Sequence[str] = (),
) -> Drawn:
    """The figure with the numbers of each trial (`parts`, with trial_id) and its settings."""
    settings = arms.trials[["trial_id", *arms.columns]]
    numbers = settings.merge(pd.concat(parts, ignore_index=True), on="trial_id")
    return drawn_of(spec, [how], numbers, figure=figure, shows=arms.names, notes=notes)
