"""A record as it was at a look: the first n replicates of each trial."""

from __future__ import annotations

from dataclasses import replace

from sweepbook.aggregates.kept import kept
from sweepbook.record.load import Record


def at_look(record: Record, n: int) -> Record:
    """The record with replicates 0..n-1 alone, in which what is asked once is known from then on.

    Test predictions are read from the folder and are not cut. Pure: the record's own frames stay.
    """
    trials, reports = record.trials, record.reports
    if "replicate" in reports and len(reports):
        reports = reports[reports["replicate"] < n]
    if "n_replicates" in trials and len(trials):
        trials = trials.assign(n_replicates=trials["n_replicates"].clip(upper=n))
    manifest = replace(record.manifest, n_replicates=n)
    cut = reports.reset_index(drop=True)
    return kept(replace(record, manifest=manifest, trials=trials, reports=cut))
