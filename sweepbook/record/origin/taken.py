"""What a new record takes of another one: rows, states and logs of its trials."""

from collections.abc import Callable, Mapping

import pandas as pd

from sweepbook.record.checkpoints import copy_states
from sweepbook.record.load import Record
from sweepbook.record.logs import copy_logs
from sweepbook.record.storage.files import make_folder, write_parquet
from sweepbook.record.storage.places import Place


def take_trials(
    record: Record,
    new: Place,
    taken: Callable[[pd.DataFrame], pd.DataFrame],
    sources: Mapping[str, str],
) -> None:
    """Writes the tables of a new record, with the checkpoints and logs of trials.

    Args:
        taken: of a table of the record, the rows that are taken; a table without any is left out.
        sources: trial_id -> that of the trial in the record whose state and log it takes.
    """
    for name in ("parts", "checkpoints"):
        make_folder(new / name)
    for name, table in (
        ("trials", record.trials),
        ("reports", record.reports),
        ("predictions", record.predictions()),
    ):
        own = taken(table)
        if len(own):
            write_parquet(new / f"{name}.parquet", own)
    copy_states(record.path, new, sources)
    copy_logs(record.path, new, sources)
