"""The first screen's line of facts: how much was trained, on what."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sweepbook.aggregates.labels import count, listing
from sweepbook.pages.data_card import kept_rows
from sweepbook.record.load import Record
from sweepbook.record.manifest import NOT_DESCRIBED


def facts(records: Sequence[Record]) -> str:
    """What was trained, for how long and on what data, in a sentence or two.

    A trial that several records share counts once.
    """
    trials = pd.concat([record.trials for record in records], ignore_index=True)
    trials = trials.drop_duplicates("trial_id") if "trial_id" in trials else trials
    seconds = trials["time_total_s"].sum() if "time_total_s" in trials else 0.0
    spent = f", {duration(float(seconds))} of training" if seconds else ""
    n_of_all = sum(len(record.trials) for record in records)
    shared = f" ({n_of_all} with those that studies share)" if n_of_all > len(trials) else ""
    told = f"{count(len(trials), 'trial')}{shared} with {_seeds(records)}{spent}"
    data = _data(records)
    return f"{told}. Data: {data}." if data else f"{told}."


def _seeds(records: Sequence[Record]) -> str:
    known = [n for record in records for n in record.trials.get("n_replicates", [])]
    numbers = sorted({int(n) for n in known if n == n}) or [records[0].manifest.n_replicates]
    if len(numbers) == 1:
        return f"{count(numbers[0], 'seed')} each"
    return f"{numbers[0]} to {numbers[-1]} seeds each"


def _data(records: Sequence[Record]) -> str:
    """ "digits (1,437 rows to train on)", of each data set that has a name once."""
    said: dict[str, None] = {}
    for record in records:
        if record.data_name == NOT_DESCRIBED:
            continue
        rows = record.manifest.data.rows.get("train")
        n = kept_rows(record).get("train") or (f"{rows:,}" if isinstance(rows, int) else "")
        known = f" ({n} rows to train on)" if n else ""
        said.setdefault(f"{record.data_name}{known}")
    return listing(list(said), most=4)


def duration(seconds: float) -> str:
    """Seconds in words that a reader compares at a glance.

    >>> duration(12.3), duration(95.0), duration(5000.0)
    ('12 s', '1.6 min', '1.4 h')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
