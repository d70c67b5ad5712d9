"""Kind rungs: what happened at each rung."""

from __future__ import annotations

import pandas as pd

from sweepbook.aggregates.labels import metric_name, number
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.search_tables import rung_table
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import Keys
from sweepbook.figures.search.common import endings_of, searched
from sweepbook.record.load import Record

RUNGS = Keys(
    shows="A table of the rungs: how many trials reached each one, were stopped there or went on.",
    of="search",
)


def draw_rungs(spec: Spec, record: Record) -> Drawn:
    """A table: how many trials came to each rung, were stopped there, were lost, went on."""
    search = searched(record)
    table = rung_table(search)
    if table.empty:
        raise NothingToDraw("the study had no scheduler, so there are no rungs")
    table["cell"] = table["cell"].map(lambda cell: search.cell_labels[cell])
    several = len(search.cells) > 1
    together = f"All {len(search.cells)} cells together; each has rungs of its own (CSV)."
    notes = [
        "Ended otherwise: diverged, failed, interrupted or not ended yet, before the next rung. "
        "A trial that was stopped is censored, not bad: its value has less training."
    ]
    numbers, cells = table if several else table.drop(columns="cell"), _cells(table, record)
    said = [endings_of(search), together if several else ""]
    return drawn_of(spec, said, numbers, cells=cells, notes=notes)


def _cells(table: pd.DataFrame, record: Record) -> pd.DataFrame:
    """One row per rung, all cells of the search together."""
    sums = table.groupby("rung")[["came", "stopped", "lost", "went_on"]].sum().reset_index()
    best = table.groupby("rung")["best"].agg("max" if record.mode == "max" else "min")
    shown = sums.assign(best=sums["rung"].map(best))
    end = int(shown["rung"].max())
    return pd.DataFrame(
        {
            f"rung ({record.unit})": [f"{r}{' (end)' if r == end else ''}" for r in shown["rung"]],
            "came": shown["came"].astype("str"),
            "stopped there": shown["stopped"].astype("str"),
            "ended otherwise": shown["lost"].astype("str"),
            "went on": shown["went_on"].astype("str"),
            f"best {metric_name(record.metric)} there": shown["best"].map(number),
        }
    )
