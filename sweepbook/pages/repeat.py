"""The studies repeated with another seed, as the page shows them: do the sentences stay?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sweepbook.aggregates.labels import number
from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import findings_frame
from sweepbook.findings.repeat import COLUMNS, compare, summary
from sweepbook.pages.table import Table
from sweepbook.record.load import Record
from sweepbook.record.registration import AFTER


@dataclass(frozen=True, eq=False)
class Repeat:
    """Declared claims of a pair of runs: frame, one sentence each for claims and all, table."""

    frame: pd.DataFrame
    seeds: str
    varied: str
    sentence: str
    asked: str
    table: Table


def repeat_of(records: Sequence[Record], repeats: Sequence[Record]) -> Repeat | None:
    """Compare each record with the repeat of its study; None where there is no repeat.

    Raises:
        ValueError: a repeat has no record of the same study, data and length beside it, or has
            the same seed: it would repeat nothing.
    """
    if not repeats:
        return None
    pairs = [(_partner(again, records), again) for again in repeats]
    frames = [tuple(findings_frame(evaluate(record)) for record in pair) for pair in pairs]
    frame = pd.concat([compare(first, again) for first, again in frames], ignore_index=True)
    declared = {
        (first.study, claim.name)
        for first, _ in pairs
        for claim in first.manifest.study.claims
        if first.manifest.declared(claim) != AFTER
    }
    keys = zip(frame["study"], frame["name"], strict=True)
    frame["declared"] = [key in declared for key in keys]
    claims, asked = frame[frame["declared"]], frame[~frame["declared"]]
    seeds = sorted({f"{first.manifest.seed} and {again.manifest.seed}" for first, again in pairs})
    given = any(r.manifest.data.splits == "given" for r in repeats)
    return Repeat(
        frame=frame[["declared", *COLUMNS]],
        seeds=", ".join(seeds),
        varied="initial weights and orders" if given else "splits, initial weights and orders",
        sentence=summary(claims, "claim"),
        asked=summary(asked),
        table=_table(claims),
    )


def _partner(again: Record, records: Sequence[Record]) -> Record:
    for first in records:
        same_study = first.study == again.study and first.data_name == again.data_name
        same_study = same_study and _files(first) == _files(again)
        if same_study and _length(first) == _length(again):
            if first.manifest.seed == again.manifest.seed:
                raise ValueError(
                    f"--repeat {again.path} has the same seed as {first.path} "
                    f"({again.manifest.seed}): give a record with another seed"
                )
            return first
    raise ValueError(
        f"--repeat {again.path} fits none of the given records: it must have the same study, "
        "data, "
        "files and length of trials as one of them"
    )


def _files(record: Record) -> set[str]:
    """Of every file that a setting names, its hash: another file of weights is another model."""
    return set(record.manifest.files.values())


def _length(record: Record) -> list[int]:
    return sorted(int(length) for length in record.trials["max_fidelity"])


def _table(claims: pd.DataFrame) -> Table:
    rows = []
    for row in claims.to_dict("records"):
        low, high = number(row["low"]), number(row["high"])
        inside = row["inside"]
        place = "–" if inside is None or inside != inside else "inside" if inside else "outside"
        rows.append(
            [f"{row['study']}: {row['name']}", str(row["verdict"]), str(row["verdict_again"]),
             number(row["estimate"]), number(row["estimate_again"]), str(row["unit"]),
             f"{low} to {high}" if low != "–" else "–", place]
        )  # fmt: skip
    columns = ["claim", "verdict", "again", "estimate", "again ", "unit", "95 % prediction",
               "second estimate is"]  # fmt: skip
    return Table(columns, rows, frozenset({"estimate", "again ", "95 % prediction"}))
