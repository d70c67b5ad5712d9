"""Kind incumbent: the best value so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sweepbook.aggregates.labels import is_share, metric_name
from sweepbook.aggregates.nothing import Spec
from sweepbook.aggregates.search import Search
from sweepbook.aggregates.search_tables import incumbent_table
from sweepbook.figures import captions, style
from sweepbook.figures.axes import scale_y
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import Keys
from sweepbook.figures.layout import grid
from sweepbook.figures.search.common import SELECTED, endings_of, searched
from sweepbook.record.load import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_GREY = "#9a9a9a"

INCUMBENT = Keys(
    shows="The best value so far, against the steps and the seconds of training in total.",
    of="search",
)


def draw_incumbent(spec: Spec, record: Record) -> Drawn:
    """The best value so far against fidelity spent and against seconds of training."""
    search = searched(record)
    table = incumbent_table(search)
    several = len(search.cells) > 1
    labels = table["cell"].map(lambda cell: search.cell_labels[cell])
    numbers = table.assign(cell=labels) if several else table.drop(columns="cell")
    numbers = numbers.rename(columns={"spent": f"{record.unit}s"})
    said = captions.sentence(f"best {captions.metric_words([record.metric], record)} so far")
    figure, notes = _figure(search, table), _notes(search, several)
    return drawn_of(spec, [said], numbers, figure=figure, notes=notes)


def _figure(search: Search, table: pd.DataFrame) -> Figure:
    record, looks = search.record, _cell_looks(search)
    labels = {"spent": f"{record.unit}s spent"}
    if table["seconds"].notna().all():
        labels["seconds"] = "seconds of training, all workers"
    with style.look():
        figure, axes = grid(len(labels), len(labels), style.PANEL_HEIGHT, sharey=True)
        for ax, (x, label) in zip(axes, labels.items(), strict=True):
            for cell in sorted(table["cell"].unique()):
                _draw_steps(ax, table[table["cell"] == cell], x, looks[int(cell)])
            ax.set_xlim(0, float(table[x].max()) * 1.03)
            ax.set_xlabel(label)
        axes[0].set_ylabel(f"best {metric_name(record.metric)}\nso far")
        shown = table[table["best_full"].notna()] if len(search.full) else table
        scale_y(axes, shown[["best_full", "best_any"]], log=None, share=is_share(record.metric))
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center",
                      ncols=min(4, max(2, len(looks))))  # fmt: skip
    return figure


def _draw_steps(ax: Axes, own: pd.DataFrame, x: str, look: tuple[str, str]) -> Axes:
    """The steps of one cell; an only cell, which has no label, also at any length."""
    colour, label = look
    if not label:
        ax.step(own[x], own["best_any"], where="post", color=_GREY, linewidth=1.2,
                linestyle=style.DASHES[1], label="at any length", zorder=4, gid="any")  # fmt: skip
    label = label or "at full length"
    ax.step(own[x], own["best_full"], where="post", color=colour, label=label, gid="full")
    return ax


def _notes(search: Search, several: bool) -> list[str]:
    record = search.record
    return [
        endings_of(search),
        "Line: the best value of a trial at full length so far"
        + (", each cell by its own budget." if several else "."),
        "" if several else "Dashed: the best value at any length; trials that had less training "
        "are in it, so that it is no fair comparison.",
        f"Reports in order of time; {record.unit}s of all trials"
        + (" of a cell" if several else "") + " are added up.",
        SELECTED,
    ]  # fmt: skip


def _cell_looks(search: Search) -> dict[int, tuple[str, str]]:
    """Colour and label of each cell; an only cell has no label."""
    palette = style.colours(max(1, len(search.cells)))
    several = len(search.cells) > 1
    labels = zip(palette, search.cell_labels, strict=True)
    return {
        i: (colour, (label or "best") if several else "")
        for i, (colour, label) in enumerate(labels)
    }
