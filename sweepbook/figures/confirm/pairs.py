"""Kind pairs: which differences between winners hold."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sweepbook.aggregates.labels import metric_name, number, with_half_width
from sweepbook.aggregates.nothing import NothingToDraw, Spec
from sweepbook.figures.confirm.order import (
    beside_sentence,
    confirmed,
    interval_name,
    sizes_sentence,
)
from sweepbook.figures.drawn import Drawn, drawn_of
from sweepbook.figures.keys import Keys
from sweepbook.findings.confirm.judge import Judge
from sweepbook.findings.confirm.tables import pair_table
from sweepbook.findings.deciding.verdicts import ALPHA
from sweepbook.record.load import Record

PAIRS = Keys(
    shows="A table of retrained winners, and which of the others each one clearly beats.",
    of="confirmation",
)


def draw_pairs(spec: Spec, record: Record) -> Drawn:
    """A table: each winner's place and value, and which winners it is better than for sure."""
    judge, table = confirmed(record)
    pairs = pair_table(record, table)
    if pairs.empty:
        raise NothingToDraw("a difference needs two winners with a value for every replicate")
    said = f"Better for sure: p of at most {ALPHA} by Holm over all {len(pairs)} pairs."
    notes = [
        sizes_sentence(table, f"{judge.value} ± half {interval_name(judge)},".capitalize()),
        judge.rows_sentence,
        "The numbers are the places of the winners with a difference from it that holds; the CSV "
        "has every difference with its interval.",
        beside_sentence(table, table, record),
    ]
    return drawn_of(spec, [said], pairs, cells=_cells(table, pairs, judge), notes=notes)


def _cells(table: pd.DataFrame, pairs: pd.DataFrame, judge: Judge) -> pd.DataFrame:
    """One row per winner, the best first, with what it was tuned to."""
    unit = judge.record.unit
    places = {str(label): place for place, label in enumerate(table["label"], start=1)}
    rows: list[dict[str, Any]] = []
    for row in table.to_dict("records"):
        own = pairs[pairs["arm"] == row["label"]]
        better = own[own["holds"]]["against"]
        cells = {"place": str(places[str(row["label"])]), "winner": str(row["label"])}
        cells["tuned to"] = row["tuned"]
        cells[judge.value] = with_half_width(row["mean"], row["low"], row["high"])
        cells[f"{metric_name(judge.record.metric)} that chose it"] = (
            f"{number(row['search'])} ({unit} {row['step']})"
        )
        cells[f"retrained, at that {unit}"] = number(row["beside"])
        cells["published"] = number(row["published"])
        cells["better for sure than"] = _listed([places[str(a)] for a in better])
        rows.append(cells)
    shown = pd.DataFrame(rows).astype("str")
    empty = ["published"] if table["published"].isna().all() else []
    empty += ["tuned to"] if not table["tuned"].any() else []
    return shown.drop(columns=empty)


def _listed(places: list[int]) -> str:
    return ", ".join(map(str, places)) or "none"
