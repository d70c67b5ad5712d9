"""What an ended record under the same storage already holds is taken, not trained again."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from sweepbook.record.batches.rows import rows_of
from sweepbook.record.checkpoints import copy_states
from sweepbook.record.digest import check_digest
from sweepbook.record.ledger import TIMES
from sweepbook.record.load import Record, load_record, read_manifest
from sweepbook.record.logs import copy_logs
from sweepbook.record.manifest import Manifest
from sweepbook.record.planned import Trial
from sweepbook.record.provenance import is_whole_code
from sweepbook.record.registration import claim_hashes
from sweepbook.record.storage.files import write_parquet
from sweepbook.record.writer import RecordWriter
from sweepbook.study.claim import Claim
from sweepbook.study.settings import setting_key

_UNKNOWN_CODE = (
    "because it cannot be seen which files its program runs, so nobody knows whether its code has "
    "changed since: write a command that runs one Python file or module, such as python train.py"
)


def take_known_trials(
    writers: Sequence[RecordWriter], earlier_codes: Collection[str] = ()
) -> tuple[dict[str, str], list[str]]:
    """Copies the trials that earlier records hold into new ones.

    A trial is taken from a record whose versions, code of the trainable and identity (config,
    seed, data: the trial_id) are the same, and whose data has a hash; and only where the study
    had it trained and reported in the same way. Each taken trial is named
    in its manifest. A claim about it is only registered there if it was in the earlier record.

    Args:
        earlier_codes: the hashes that earlier versions took of the same code.

    Returns: trial_id -> name of the record that it was taken from; and a line for each record
    that could not be read, whose tables have not its digest, or of which nobody knows all the
    code.
    """
    taken: dict[str, str] = {}
    damaged: list[str] = []
    for record, predictions in _same_code(writers, earlier_codes, damaged):
        ended = record.trials[ended_by_itself(record.trials)]
        new = set(ended["trial_id"]) - taken.keys()
        before = {trial.trial_id: _training_of(trial) for trial in record.manifest.trials}
        for writer in writers:
            own = {
                trial.trial_id: trial.trial_id
                for trial in writer.manifest.trials
                if trial.trial_id in new and before[trial.trial_id] == _training_of(trial)
            }
            if own:
                _keep_registered(writer, own, record.manifest)
            for trial_id in own:
                _take(writer, trial_id, record, predictions)
            copy_states(record.path, writer.folder, own)
            copy_logs(record.path, writer.folder, own)
            taken |= dict.fromkeys(own, record.name)
    for writer in writers:
        writer.note(taken={i: taken[i] for i in writer.trials if i in taken})
    return taken, damaged


def _training_of(trial: Trial) -> list[Any]:
    """What a trial's numbers depend on beside its id: what else the study says of the training."""
    fields = ("stacked", "unit", "max_fidelity", "ends_itself", "metric", "cpus", "gpus")
    return [getattr(trial, field) for field in fields]


def _keep_registered(writer: RecordWriter, taken: Collection[str], earlier: Manifest) -> None:
    """Leaves out claims about taken trials that were not declared before these began."""
    registration = writer.manifest.registration
    if registration is None:
        return
    if earlier.registration is not None:
        known = earlier.registration.claims
    else:  # an earlier version wrote it, and its claims at its start
        known = {} if earlier.taken else claim_hashes(earlier.study.claims)
    claims = {claim.name: claim for claim in writer.manifest.study.claims}
    trials = writer.manifest.trials
    kept = {
        name: sha256
        for name, sha256 in registration.claims.items()
        if known.get(name) == sha256
        or (name in claims and not _is_about(claims[name], taken, trials))
    }
    writer.note(registration=replace(registration, claims=kept))


def _is_about(claim: Claim, taken: Collection[str], trials: Sequence[Trial]) -> bool:
    """Whether an arm of a claim fits a taken trial, or none that is known here."""
    for arm in claim.arms:
        fits = [
            trial.trial_id
            for trial in trials
            if all(setting_key(trial.config.get(k)) == setting_key(v) for k, v in arm.items())
        ]
        if not fits or any(trial_id in taken for trial_id in fits):
            return True
    return False


def ended_by_itself(trials: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each trial ended on its own: finished, or diverged in every replicate.

    A scheduler's ending, by a rung or by the first NaN, depends on the study around the trial.
    """
    all_diverged = trials["n_diverged"] == trials["n_replicates"]
    diverged = (trials["status"] == "diverged") & all_diverged
    return (trials["status"] == "finished") | diverged


def _same_code(
    writers: Sequence[RecordWriter], earlier_codes: Collection[str], damaged: list[str]
) -> Iterator[tuple[Record, pd.DataFrame]]:
    """The storage's other ended records of the same code and data, with their predictions.

    A record that cannot be read, or whose code is not known, is left alone and named in `damaged`.
    """
    mine = {writer.folder for writer in writers}
    codes = [
        (dict(w.manifest.versions), code)
        for w in writers
        for code in (w.manifest.code_sha256, *earlier_codes)
    ]
    wanted = {trial_id for writer in writers for trial_id in writer.trials}
    for folder in writers[0].folder.parent.iterdir():
        if folder in mine:
            continue
        try:
            other = read_manifest(folder)
        except (OSError, ValueError):
            continue  # somebody else's file or folder: no record of ours
        same = (dict(other.versions), other.code_sha256) in codes
        planned = {trial.trial_id for trial in other.trials}
        # without a hash of its data nobody can say that a trial would come out the same
        if same and other.has_ended and planned & wanted and other.data.sha256 is not None:
            if not is_whole_code(other.code_sha256):
                damaged.append(f"no trial is reused from {folder}, {_UNKNOWN_CODE}")
                continue
            try:
                record = load_record(folder)
                predictions = record.predictions()
            except (OSError, ValueError) as error:
                damaged.append(f"{folder} cannot be read, so no trial is reused from it: {error}")
                continue
            try:
                check_digest(record)
            except ValueError as error:
                damaged.append(f"no trial is reused: {error}")
                continue
            yield record, predictions


def _take(writer: RecordWriter, trial_id: str, record: Record, predictions: pd.DataFrame) -> None:
    ended = record.trials.set_index("trial_id").loc[trial_id]
    writer.add_rows(trial_id, rows_of(record, trial_id))
    writer.end_trial(trial_id)
    for column in ("started", "ended", *(name for name in TIMES if name in ended.index)):
        writer.trials[trial_id][column] = ended[column]
    own = predictions[predictions["trial_id"] == trial_id]
    if len(own):
        write_parquet(writer.folder / "parts" / f"predictions-{trial_id}.parquet", own)
