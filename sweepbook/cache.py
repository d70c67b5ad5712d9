"""What an ended record under the same storage already holds is taken, not trained again."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.load import Record, load_record
from sweepbook.checkpoints import checkpoint_path
from sweepbook.files import write_parquet
from sweepbook.record import RecordWriter


def take_known_trials(writers: Sequence[RecordWriter]) -> dict[str, str]:
    """Copies the trials that earlier records hold into new ones.

    A trial is taken from a record whose versions, code of the trainable and identity (config,
    seed, data: the trial_id) are the same. Each taken trial is named in its manifest.

    Returns: trial_id -> name of the record that it was taken from.
    """
    taken: dict[str, str] = {}
    wanted = {trial_id for writer in writers for trial_id in writer.trials}
    for folder, other in _same_code(writers):
        fresh = wanted & {trial["trial_id"] for trial in other["trials"]} - taken.keys()
        if not fresh:
            continue
        record = load_record(folder)
        ended = record.trials[ended_by_itself(record.trials)]
        predictions = record.predictions()
        for trial_id in fresh & set(ended["trial_id"]):
            taken[trial_id] = folder.name
            for writer in writers:
                if trial_id in writer.trials:
                    _take(writer, trial_id, record, predictions)
    for writer in writers:
        writer.manifest["taken"] = {i: taken[i] for i in writer.trials if i in taken}
    return taken


def ended_by_itself(trials: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each trial ended on its own: finished, or diverged in every replicate.

    A scheduler's ending, by a rung or by the first NaN, depends on the study around the trial.
    """
    all_diverged = trials["n_diverged"] == trials["n_replicates"]
    diverged = (trials["status"] == "diverged") & all_diverged
    return (trials["status"] == "finished") | diverged


def take_started_trials(writers: Sequence[RecordWriter]) -> dict[str, str]:
    """Gives new trials the checkpoints of earlier, shorter or interrupted ones.

    So a study with more epochs goes on where one with fewer ended. The earlier trial has the
    same code, versions, config but for its length, seed, replicates and data; its rows come with
    its checkpoint. (Where the trainable does something at its last step alone, an extended trial
    shows it at both lengths.)

    Returns: trial_id -> name of the record whose checkpoint it goes on from.
    """
    wanted: dict[str, list[tuple[RecordWriter, dict[str, Any]]]] = {}
    for writer in writers:
        for trial in writer.manifest["trials"]:
            if writer.trials[trial["trial_id"]]["status"] == "pending":
                wanted.setdefault(_but_length(trial, writer.manifest), []).append((writer, trial))
    best: dict[tuple[Path, str], tuple[int, Path]] = {}
    for folder, other in _same_code(writers):
        for earlier in other["trials"]:
            path = checkpoint_path(folder, earlier["trial_id"])
            for writer, trial in wanted.get(_but_length(earlier, other), ()):
                reached = _reached(path)
                key = (writer.folder, trial["trial_id"])
                if best.get(key, (0, path))[0] < reached <= trial["max_fidelity"]:
                    best[key] = (reached, path)
    for (folder, trial_id), (_, path) in best.items():
        shutil.copyfile(path, checkpoint_path(folder, trial_id))
    return {trial_id: path.parents[1].name for (_, trial_id), (_, path) in best.items()}


def _but_length(trial: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """A trial's identity without how long it is trained."""
    length = manifest["study"]["fidelity"]["setting"]
    config = {k: v for k, v in trial["config"].items() if k not in ("data", length)}
    whole = [trial["trainable"], config, trial["seed"], trial["n_replicates"]]
    return json.dumps([*whole, manifest["data"].get("sha256")], sort_keys=True, default=str)


def _reached(path: Path) -> int:
    if not path.is_file():
        return 0
    import torch

    return int(torch.load(path, weights_only=True)["fidelity"])


def _same_code(writers: Sequence[RecordWriter]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Folders and manifests of the storage's other records that have ended, of the same code."""
    mine = {writer.folder for writer in writers}
    for path in sorted(writers[0].folder.parent.glob("*/manifest.json")):
        if path.parent in mine:
            continue
        try:
            other = json.loads(path.read_text())
        except (OSError, ValueError):
            continue  # somebody else's file: no record of ours
        codes = [(w.manifest["versions"], w.manifest["code_sha256"]) for w in writers]
        same = (other.get("versions"), other.get("code_sha256")) in codes
        if same and other.get("status") in ("complete", "failed", "interrupted"):
            yield path.parent, other


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
