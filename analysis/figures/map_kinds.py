"""Kinds map and error_map: what a few trials predict, and where they are wrong."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.map_data import REPLICATE, codes_of, plane_of, points_of
from analysis.figures.maps import error_map, prediction_map
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import style
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.layout import grid
from sweepbook.figures.trials.few import drawn_of_few, few_arms
from sweepbook.record.load import Record

DrawOne = Callable[[Axes, str, pd.DataFrame], Axes]
_HEIGHTS = {1: 7.0, 2: 4.1}  # inches of a map where so many stand side by side


def draw_map(spec: Spec, record: Record) -> Drawn:
    """What each trial predicts in the plane; with `select`, the best and the worst trial."""
    how = "Of the first seed: the plane shows the predicted class, dots are test points in the "
    how += "colour of their true class, outlined and larger where wrong."

    def draw_one(ax: Axes, trial_id: str, points: pd.DataFrame) -> Axes:
        return prediction_map(ax, points, plane_of(record, trial_id), codes_of(record))

    return _maps(spec, record, how, draw_one)


def draw_error_map(spec: Spec, record: Record) -> Drawn:
    """Where each trial is wrong; with `select`, the best and the worst trial."""
    how = "Of the first seed: wrong test points in the colour of their true class; "
    how += "right ones small and grey."

    def draw_one(ax: Axes, trial_id: str, points: pd.DataFrame) -> Axes:
        return error_map(ax, points, codes_of(record))

    return _maps(spec, record, how, draw_one)


def _maps(spec: Spec, record: Record, how: str, draw_one: DrawOne) -> Drawn:
    arms, chosen = few_arms(spec, record)
    n_columns = min(len(arms.trials), 2)
    parts = []
    with style.look():
        figure, axes = grid(len(arms.trials), n_columns, _HEIGHTS[n_columns])
        for place, (ax, trial_id) in enumerate(zip(axes, arms.trials["trial_id"], strict=True)):
            try:
                points = points_of(record, trial_id)
                draw_one(ax, trial_id, points)
            except (ValueError, ImportError) as error:
                raise NothingToDraw(str(error)) from error
            share = points["correct"].mean()
            ax.set_title(f"{arms.labels[trial_id]}: {100 * share:.1f} % right")
            if place % n_columns:
                ax.set_ylabel("")
            parts.append(points.assign(trial_id=trial_id, replicate=REPLICATE))
    notes = [chosen, f"Of replicate {REPLICATE}. The CSV holds the points."]
    return drawn_of_few(spec, arms, parts, how, figure, notes)
