"""Kind slices: each open setting against the value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sweepbook.aggregates.labels import is_share, metric_name, setting_name
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.search import Search
from sweepbook.figures import style
from sweepbook.figures.axes import scale_y
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import Keys
from sweepbook.figures.layout import grid
from sweepbook.figures.search.common import EDGE, endings_of, searched
from sweepbook.figures.search.marks import draw_trials, leave_room, scale_domain
from sweepbook.figures.search.space import constant_sentence, trial_numbers
from sweepbook.record.load import CONFIG, Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_COLUMNS = 3
_HEIGHT = 2.3  # inches of one panel

SLICES = Keys(
    shows="The value of every trial at full length against each searched setting, one panel each.",
    of="search",
)


def draw_slices(spec: Spec, record: Record) -> Drawn:
    """Each open setting against the value of every trial at full length."""
    search = searched(record)
    keys = [key for key in search.varied() if key in search.space]
    if not keys or search.full.empty:
        raise NothingToDraw("no open setting varied, or no trial has reached full length yet")
    said = "A point for each trial at full length, against each setting that was searched."
    notes = [endings_of(search), EDGE, constant_sentence(search)]
    figure = _figure(search, keys)
    return drawn_of(spec, [said], trial_numbers(search), figure=figure, notes=notes)


def _figure(search: Search, keys: Sequence[str]) -> Figure:
    """A panel per setting, all on one y axis."""
    record, best = search.record, search.ranked(search.trials).iloc[0]
    is_best = search.trials["trial_id"] == best["trial_id"]
    with style.look():
        figure, axes = grid(len(keys), _COLUMNS, _HEIGHT, extra=0.5, sharey=True)
        for place, (ax, key) in enumerate(zip(axes, keys, strict=True)):
            x = scale_domain(ax, search.space[key], search.trials[CONFIG + key], narrow=True)
            draw_trials(ax, search, x)
            ax.plot(x[is_best], [best["value"]], color=style.PALETTE[1], marker="*", markersize=11,
                    linestyle="none", zorder=5, label="best", gid="best")  # fmt: skip
            ax.set_xlabel(setting_name(key))
            if place % _COLUMNS == 0:
                ax.set_ylabel(metric_name(record.metric))
        scale_y(axes, search.full["value"], log=None, share=is_share(record.metric))
        leave_room(axes[0], record.mode)  # the y axis is shared
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure
