"""A batch of replicates taken into the record that it was trained for."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sweepbook.record.batches.ranges import grown
from sweepbook.record.checkpoints import Rows
from sweepbook.record.ledger import TIMES
from sweepbook.record.load import Record
from sweepbook.record.logs import append_log
from sweepbook.record.planned import Trial
from sweepbook.record.storage.files import write_parquet
from sweepbook.record.values import TRAIN_LOSS
from sweepbook.record.writer import RecordWriter

_ADDED = (*TIMES, "n_retries", "n_node_losses")  # of all batches of a trial together


def rows_of(record: Record, trial_id: str) -> Rows:
    """Returns the report rows of a trial as they were reported: without what others have.

    What has diverged stays, NaN from the first step on.
    """
    reports = record.reports[record.reports["trial_id"] == trial_id]
    ended = record.trials.set_index("trial_id").loc[trial_id]
    has_loss = ended.get("has_train_loss", ended["n_diverged"])
    always = [record.metric, *([TRAIN_LOSS] if has_loss else [])]
    kept = reports.notna().any() | reports.columns.isin(always)
    columns = reports.loc[:, kept].drop(columns="trial_id")
    names = [str(name) for name in columns]
    return [dict(zip(names, row, strict=True)) for row in columns.itertuples(index=False)]


def add_batch(writer: RecordWriter, before: Record, batch: Record) -> None:
    """Takes the trials of a batch, all of which have ended, into their record; may be repeated.

    Rows of earlier replicates stay as they are. What a trial's row says (its last and best mean,
    how many replicates diverged) is of all replicates, by the one definition of each.

    Args:
        writer: of the record. before: the record as it is on the disk.
        batch: a record of its own, whose trials say by `batches` which replicates they add.

    Raises:
        ValueError: a stacked trainable has trained replicates again that there were before.
    """
    predictions = batch.predictions()
    known = {trial.trial_id: trial for trial in writer.manifest.trials}
    for part in batch.manifest.trials:
        new = range(*part.batches[0])
        old_rows = [r for r in rows_of(before, part.trial_id) if r["replicate"] < new.start]
        new_rows = [r for r in rows_of(batch, part.trial_id) if r["replicate"] in new]
        if part.stacked:
            _check_new(part, old_rows, new_rows)
        _add(writer, grown(known[part.trial_id], new), [*old_rows, *new_rows], before, batch)
        own = predictions[predictions["trial_id"] == part.trial_id]
        own = own[own["replicate"].isin(new)]
        if len(own):
            name = f"predictions-{part.trial_id}-{new.start}.parquet"
            write_parquet(writer.folder / "parts" / name, own)


def _add(writer: RecordWriter, trial: Trial, rows: Rows, before: Record, batch: Record) -> None:
    """The trial's row, of all its replicates, and its reports."""
    earlier, later = (
        r.trials.set_index("trial_id").loc[trial.trial_id].to_dict() for r in (before, batch)
    )
    is_known = int(earlier["n_replicates"]) == trial.n_replicates  # a kill came after it
    writer.grow_trial(trial)
    writer.add_rows(trial.trial_id, rows)
    writer.end_trial(trial.trial_id)
    row = writer.trials[trial.trial_id]
    row |= {key: _sum(earlier, {} if is_known else later, key) for key in _ADDED}
    row |= {"started": earlier["started"], "ended": later["ended"]}
    if not is_known:
        append_log(batch.path, writer.folder, trial.trial_id)


def _sum(earlier: Mapping[Any, Any], later: Mapping[Any, Any], key: str) -> Any:
    return earlier.get(key, 0) + later.get(key, 0)


def _check_new(trial: Trial, old: Rows, new: Rows) -> None:
    """Refuses the numbers of the first replicates once more, from a stack that counts from 0."""
    before, after = _numbers(old, 0), _numbers(new, trial.first)
    shared = [number for number in after if number in before]
    is_alike = shared and all(before[number] == after[number] for number in shared)
    if is_alike and len({str(values) for values in before.values()}) > 1:
        raise ValueError(
            f"trial {trial.trial_id} was to train the replicates from {trial.first} on, but gave "
            "the numbers of those from 0 on once more: its trainable must count from "
            'config["first_replicate"], as sweepbook.stack.seeds_of(config) does'
        )


def _numbers(rows: Rows, first: int) -> dict[int, list[Any]]:
    """Place from `first` on -> what a replicate has reported, but for times."""
    found: dict[int, list[Any]] = {}
    for row in rows:
        told = [v for k, v in sorted(row.items()) if k != "replicate" and not k.endswith("_s")]
        found.setdefault(row["replicate"] - first, []).append([str(value) for value in told])
    return found


def renamed(table: pd.DataFrame, ids: dict[str, str]) -> pd.DataFrame:
    """Returns a table with other trial_ids: old -> new; categories stay categories."""
    new = table["trial_id"].astype("str").map(ids)
    is_category = isinstance(table["trial_id"].dtype, pd.CategoricalDtype)
    return table.assign(trial_id=new.astype("category") if is_category else new)
