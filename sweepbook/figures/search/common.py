"""What the kinds that show a search share."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from sweepbook.aggregates.labels import (
    count,
    listing,
)
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.aggregates.search import Search, search_of
from sweepbook.figures import captions
from sweepbook.figures.drawn import Drawn
from sweepbook.record.load import Record

SELECTED = (
    "A best value was chosen and scored on the same replicates, so it flatters; "
    "sweepbook confirm trains the best anew."
)
EDGE = (
    "Ticks at the edge: trials that were stopped, whose values had less training and are not "
    "drawn; crosses: lost ones."
)
_GREY = "#9a9a9a"


def searched(record: Record) -> Search:
    """The record's search. Raises NothingToDraw where it is of none, or nothing was reported."""
    found = search_of(record)
    if found is None:
        raise NothingToDraw("the record is of no search, or none of its trials has reported yet")
    return found


def endings_of(search: Search) -> str:
    """How many trials there are, at full length and otherwise, as a sentence."""
    counts = search.trials["status"].value_counts()
    others = [f"{n} {status}" for status, n in counts.items() if status != "finished"]
    bad = int(((search.trials["status"] == "finished") & ~search.trials["is_full"]).sum())
    others += [f"{bad} finished with a value that is not finite"] if bad else []
    rest = f"; {listing(others)}" if others else ""
    return f"{count(len(search.trials), 'trial')}, {len(search.full)} at full length{rest}."


def drawn(spec: Spec, text: list[str], numbers: pd.DataFrame, figure: Figure | None,
          cells: pd.DataFrame | None = None) -> Drawn:  # fmt: skip
    """A Drawn with the caption made of the sentences `text`."""
    title = str(spec.get("title", spec["name"]))
    alt = f"{title}; the CSV beside it has all {len(numbers)} rows."
    caption = captions.caption(*text, name=spec["name"])
    return Drawn(spec["name"], title, caption, numbers, figure, cells, alt)
