"""Kind pairs: which differences between a search's winners hold."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sweepbook.aggregates.labels import number, with_half_width
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures import captions
from sweepbook.figures.confirm.order import beside_sentence, confirmed, sizes_sentence
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import Keys
from sweepbook.findings.confirmed import pair_table
from sweepbook.findings.deciding.verdicts import ALPHA
from sweepbook.record.load import Record

PAIRS = Keys(
    shows="A table of a search's winners, and which of the others each one clearly beats.",
    of="confirmation",
)


def draw_pairs(spec: Spec, record: Record) -> Drawn:
    """A table: each winner's place and value, and which winners it is better than for sure."""
    table = confirmed(record)
    pairs = pair_table(record)
    if pairs.empty:
        raise NothingToDraw("a difference needs two winners with a value for every replicate")
    sentences = [
        sizes_sentence(table, "Mean ± half its 95 % t interval,"),
        f"Better for sure: the places of those with a difference from it that holds, p of at most "
        f"{ALPHA} by Holm over all {len(pairs)} pairs; the CSV has every difference with its "
        "interval.",
        beside_sentence(table, table, record),
        captions.data_sentence(record),
    ]
    return drawn_of(spec, sentences, pairs, cells=_cells(table, pairs, record.unit))


def _cells(table: pd.DataFrame, pairs: pd.DataFrame, unit: str) -> pd.DataFrame:
    """One row per winner, the best first."""
    places = {str(label): place for place, label in enumerate(table["label"], start=1)}
    rows: list[dict[str, Any]] = []
    for row in table.to_dict("records"):
        own = pairs[pairs["arm"] == row["label"]]
        better = own[own["holds"]]["against"]
        cells = {"place": str(places[str(row["label"])]), "winner": str(row["label"])}
        cells["mean of the last 5 steps"] = with_half_width(row["mean"], row["low"], row["high"])
        cells["in the search"] = f"{number(row['search'])} ({unit} {row['step']})"
        cells[f"retrained, at that {unit}"] = number(row["beside"])
        cells["published"] = number(row["published"])
        cells["better for sure than"] = _listed([places[str(a)] for a in better])
        rows.append(cells)
    shown = pd.DataFrame(rows).astype("str")
    return shown.drop(columns="published") if table["published"].isna().all() else shown


def _listed(places: list[int]) -> str:
    return ", ".join(map(str, places)) or "none"
