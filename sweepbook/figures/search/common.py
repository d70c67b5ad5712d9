"""What the kinds that show a search share."""

from __future__ import annotations

from sweepbook.aggregates.labels import count, listing
from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.aggregates.search import Search, search_of
from sweepbook.record.load import Record

SELECTED = (
    "A best value was chosen and scored on the same replicates, so it flatters; "
    "sweepbook confirm trains the best anew."
)
EDGE = (
    "Ticks at the edge: trials that were stopped, whose values had less training and are not "
    "drawn; crosses: lost ones."
)


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
