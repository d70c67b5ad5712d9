"""Trials that an ended record under the same storage already holds: taken, not trained again."""

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from analysis.load import Record, load_record
from sweepbook.checkpoints import checkpoint_path
from sweepbook.files import write_parquet
from sweepbook.record import RecordWriter

TAKEN = ("finished", "diverged")  # whole trials; a stopped one depends on its rivals


def take_known_trials(writers: Sequence[RecordWriter]) -> dict[str, str]:
    """Copies the trials that earlier records hold into new ones.

    A trial is taken from a record whose versions, code of the trainable and identity (config,
    seed, data: the trial_id) are the same. Each taken trial is named in its manifest.

    Returns: trial_id -> name of the record that it was taken from.
    """
    taken: dict[str, str] = {}
    mine = {writer.folder for writer in writers}
    wanted = {trial_id for writer in writers for trial_id in writer.trials}
    for folder, known in _ended(writers[0].folder.parent, writers[0].manifest, wanted, mine):
        fresh = known - taken.keys()
        if not fresh:
            continue
        record = load_record(folder)
        predictions = record.predictions()
        for writer in writers:
            for trial_id in fresh & writer.trials.keys():
                _take(writer, trial_id, record, predictions)
                taken[trial_id] = folder.name
    for writer in writers:
        writer.manifest["taken"] = {i: taken[i] for i in writer.trials if i in taken}
    return taken


def _ended(
    storage: Path, manifest: dict[str, Any], wanted: set[str], mine: set[Path]
) -> Iterator[tuple[Path, set[str]]]:
    """Ended records of the same code and versions, with the wanted trials in their plans."""
    for path in sorted(storage.glob("*/manifest.json")):
        if path.parent in mine:
            continue
        try:
            other = json.loads(path.read_text())
        except (OSError, ValueError):
            continue  # somebody else's file: no record of ours
        planned = {trial["trial_id"] for trial in other.get("trials", ())}
        same = all(other.get(key) == manifest[key] for key in ("versions", "code_sha256"))
        if same and other.get("status") in ("complete", "failed", "interrupted"):
            trials = load_record(path.parent).trials if planned & wanted else None
            if trials is not None:
                ended = set(trials.loc[trials["status"].isin(TAKEN), "trial_id"])
                yield path.parent, ended & wanted


def _take(writer: RecordWriter, trial_id: str, record: Record, predictions: Any) -> None:
    reports = record.reports[record.reports["trial_id"] == trial_id]
    columns = reports.drop(columns="trial_id").dropna(axis=1, how="all")
    names = [str(name) for name in columns]
    writer.add_rows(
        trial_id, [dict(zip(names, row, strict=True)) for row in columns.itertuples(index=False)]
    )
    writer.end_trial(trial_id)
    ended = record.trials.set_index("trial_id").loc[trial_id]
    for column in ("started", "ended", "time_total_s"):
        writer.trials[trial_id][column] = ended[column]
    own = predictions[predictions["trial_id"] == trial_id]
    if len(own):
        write_parquet(writer.folder / "parts" / f"predictions-{trial_id}.parquet", own)
    checkpoint = checkpoint_path(record.path, trial_id)
    if checkpoint.is_file():
        shutil.copyfile(checkpoint, checkpoint_path(writer.folder, trial_id))
