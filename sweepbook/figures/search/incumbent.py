"""Kind incumbent: the best value so far."""

from __future__ import annotations

from matplotlib.figure import Figure

from sweepbook.aggregates.labels import (
    is_share,
    metric_name,
)
from sweepbook.aggregates.nothing import Spec
from sweepbook.aggregates.search import Search
from sweepbook.aggregates.search_tables import (
    incumbent_table,
)
from sweepbook.figures import captions, style
from sweepbook.figures.axes import scale_y
from sweepbook.figures.drawn import Drawn
from sweepbook.figures.search.common import _GREY, SELECTED, drawn, endings_of, searched
from sweepbook.record.load import Record


def draw_incumbent(spec: Spec, record: Record) -> Drawn:
    """The best value so far against fidelity spent and against seconds of training."""
    search = searched(record)
    table = incumbent_table(search)
    looks = _cell_looks(search)
    timed = bool(table["seconds"].notna().all())
    with style.look():
        figure = Figure(figsize=(style.WIDTH, style.PANEL_HEIGHT), layout="constrained")
        axes = figure.subplots(1, 2 if timed else 1, sharey=True, squeeze=False)[0]
        for ax, x in zip(axes, ("spent", "seconds"), strict=False):
            for cell in sorted(table["cell"].unique()):
                own, (colour, label) = table[table["cell"] == cell], looks[int(cell)]
                if len(search.cells) == 1:
                    ax.step(own[x], own["best_any"], where="post", color=_GREY, linewidth=1.2,
                            linestyle=style.DASHES[1], label="at any length",
                            zorder=4, gid="any")  # fmt: skip
                    label = "at full length"
                ax.step(own[x], own["best_full"], where="post", color=colour, label=label,
                        gid="full")  # fmt: skip
            ax.set_xlim(0, float(table[x].max()) * 1.03)
            ax.set_xlabel(
                f"{record.unit}s spent" if x == "spent" else "seconds of training, all workers"
            )
        axes[0].set_ylabel(f"best {metric_name(record.metric)}\nso far")
        shown = table[table["best_full"].notna()] if len(search.full) else table
        scale_y(list(axes), shown[["best_full", "best_any"]], log=None,
                share=is_share(record.metric))  # fmt: skip
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center",
                      ncols=min(4, max(2, len(looks))))  # fmt: skip
    several = len(search.cells) > 1
    text = [
        endings_of(search),
        "Line: the best value of a trial at full length so far"
        + (", each cell by its own budget." if several else "."),
        "" if several else "Dashed: the best value at any length; trials that had less training "
        "are in it, so that it is no fair comparison.",
        f"Reports in order of time; {record.unit}s of all trials"
        + (" of a cell" if several else "") + " are added up.",
        captions.metric_sentence(record.metric, record.mode),
        SELECTED,
    ]  # fmt: skip
    labels = table["cell"].map(lambda cell: search.cell_labels[cell])
    numbers = table.assign(cell=labels) if several else table.drop(columns="cell")
    return drawn(spec, text, numbers.rename(columns={"spent": f"{record.unit}s"}), figure)


def _cell_looks(search: Search) -> dict[int, tuple[str, str]]:
    palette = style.colours(max(1, len(search.cells)))
    labels = zip(palette, search.cell_labels, strict=True)
    return {i: (colour, label or "best") for i, (colour, label) in enumerate(labels)}
