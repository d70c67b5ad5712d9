"""Kinds map and error_map: what a few trials predict, and where they are wrong."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.maps import country_codes, error_map, placed_points, prediction_map
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import style
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.trials.few import drawn_of_few, few_arms
from sweepbook.record.load import Record

_REPLICATE = 0  # a map shows one net: the first replicate, not one chosen by its looks


def draw_map(spec: Spec, record: Record) -> Drawn:
    """What each trial predicts in the plane; with `select`, the best and the worst trial."""
    how = "Plane: predicted class; dots: test points in the colour of their true class, outlined "
    how += "and larger where wrong. The CSV holds the points; the plane comes from the checkpoint."
    return _maps(spec, record, how, lambda ax, id_: prediction_map(ax, record, id_, _REPLICATE))


def draw_error_map(spec: Spec, record: Record) -> Drawn:
    """Where each trial is wrong; with `select`, the best and the worst trial."""
    how = "Wrong test points in the colour of their true class; right ones small and grey."

    def draw_errors(ax: Axes, trial_id: str) -> Axes:
        return error_map(ax, placed_points(record, trial_id, _REPLICATE), country_codes())

    return _maps(spec, record, how, draw_errors)


def _maps(spec: Spec, record: Record, how: str, draw_one: Callable[[Axes, str], Axes]) -> Drawn:
    arms, chosen = few_arms(spec, record)
    n = len(arms.trials)
    n_columns = min(n, 2)
    n_rows = -(-n // n_columns)
    parts = []
    with style.look():
        height = (4.1 if n_columns == 2 else 7.0) * n_rows
        figure = Figure(figsize=(style.WIDTH, height), layout="constrained")
        axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
        for place, (ax, trial_id) in enumerate(zip(axes, arms.trials["trial_id"], strict=False)):
            try:
                draw_one(ax, trial_id)
                points = placed_points(record, trial_id, _REPLICATE)
            except (ValueError, ImportError) as error:
                raise NothingToDraw(str(error)) from error
            share = points["correct"].mean()
            ax.set_title(f"{arms.labels[trial_id]}: {100 * share:.1f} % right")
            if place % n_columns:
                ax.set_ylabel("")
            parts.append(points.assign(trial_id=trial_id, replicate=_REPLICATE))
        for ax in axes[n:]:
            ax.set_axis_off()
    return drawn_of_few(
        spec, record, arms, parts, f"{chosen} One replicate ({_REPLICATE}). {how}", figure
    )
