"""Kind best_trials: the best trials with all settings that varied."""

from __future__ import annotations

import pandas as pd

from sweepbook.aggregates.labels import (
    count,
    metric_name,
    setting_name,
    setting_value,
    with_half_width,
)
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.search_tables import best_table
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import Key, Keys
from sweepbook.figures.search.common import SELECTED, searched
from sweepbook.record.load import CONFIG, Record

MOST_BEST = 10  # rows per search; with several cells fewer each

BEST_TRIALS = Keys(
    shows="A table of the best trials at full length, with every setting that varied.",
    optional={
        "most": Key(
            f"The number of rows of each cell. Default: {MOST_BEST}, shared among the cells.",
            "number",
        )
    },
    of="search",
)


def draw_best(spec: Spec, record: Record) -> Drawn:
    """A table of the best trials at full length, with all settings that varied."""
    search = searched(record)
    if search.full.empty:
        raise NothingToDraw("no trial has reached full length with finite values yet")
    most = MOST_BEST if len(search.cells) == 1 else max(1, MOST_BEST // len(search.cells))
    table = best_table(search, int(spec.get("most", most)))
    settings = [name for name in table if str(name).startswith(CONFIG)]
    rows = []
    for row in table.to_dict("records"):
        cells = {"cell": search.cell_labels[row["cell"]]} if len(search.cells) > 1 else {}
        cells |= {"rank": str(row["rank"])} if table["rank"].max() > 1 else {}
        cells |= {"trial": str(row["number"])}
        cells |= {setting_name(str(n)): setting_value(row[n]) for n in settings}
        bounds = (row["value"], row["low"], row["high"])
        rows.append({**cells, metric_name(record.metric): with_half_width(*bounds)})
    several = "in each cell, " if len(search.cells) > 1 else ""
    said = f"The best {several}of {count(len(search.full), 'trial')} at full length."
    notes = ["Trials are numbered in the order in which they were suggested, from 0.", SELECTED]
    table["cell"] = table["cell"].map(lambda cell: search.cell_labels[cell])
    shown = pd.DataFrame(rows).astype("str")
    return drawn_of(spec, [said], table, cells=shown, notes=notes)
