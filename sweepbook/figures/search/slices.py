"""Kind slices: each open setting against the value."""

from __future__ import annotations

from matplotlib.figure import Figure

from sweepbook.aggregates.labels import (
    is_share,
    metric_name,
    setting_name,
)
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import style
from sweepbook.figures.axes import scale_y
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.search.common import EDGE, drawn, endings_of, searched
from sweepbook.figures.search.marks import draw_trials, leave_room, scale_domain
from sweepbook.figures.search.space import _constant, _numbers
from sweepbook.record.load import CONFIG, Record

_COLUMNS = 3


def draw_slices(spec: Spec, record: Record) -> Drawn:
    """Each open setting against the value of every trial at full length."""
    search = searched(record)
    keys = [key for key in search.varied() if key in search.space]
    if not keys or search.full.empty:
        raise NothingToDraw("no open setting varied, or no trial has reached full length yet")
    best = search.ranked(search.trials).iloc[0]
    n_rows = -(-len(keys) // _COLUMNS)
    with style.look():
        figure = Figure(figsize=(style.WIDTH, 0.5 + 2.3 * n_rows), layout="constrained")
        axes = figure.subplots(n_rows, _COLUMNS, sharey=True, squeeze=False)
        for ax, key in zip(axes.ravel(), keys, strict=False):
            x = scale_domain(ax, search.space[key], search.trials[CONFIG + key], narrow=True)
            draw_trials(ax, search, x)
            at = x[search.trials["trial_id"] == best["trial_id"]]
            ax.plot(at, [best["value"]], color=style.PALETTE[1], marker="*", markersize=11,
                    linestyle="none", zorder=5, label="best", gid="best")  # fmt: skip
            ax.set_xlabel(setting_name(key))
        for ax in axes.ravel()[len(keys) :]:
            ax.set_axis_off()
        for ax in axes[:, 0]:
            ax.set_ylabel(metric_name(record.metric))
        scale_y(list(axes.ravel()), search.full["value"], log=None, share=is_share(record.metric))
        leave_room(axes[0, 0], record.mode)  # the y axis is shared
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
    text = [endings_of(search), f"Point: a trial at full length. {EDGE}", _constant(search)]
    return drawn(spec, text, _numbers(search), figure)
