"""The writer of a record: one per record, in the driver, and nobody else writes its tables."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sweepbook.record.account import Account
from sweepbook.record.checkpoints import Rows
from sweepbook.record.digest import record_digest
from sweepbook.record.load import load_record, read_manifest
from sweepbook.record.manifest import Manifest
from sweepbook.record.planned import Trial
from sweepbook.record.provenance import now
from sweepbook.record.rows import reports_frame, trials_frame
from sweepbook.record.storage.files import delete, make_folder, write_json, write_parquet
from sweepbook.record.storage.lock import lock
from sweepbook.record.storage.ours import check_no_links, forget, removable
from sweepbook.record.storage.outage import Outage, Say, insist
from sweepbook.record.storage.places import Where, place
from sweepbook.study.texts import shortened

FLUSH_EVERY_S = 5.0


class RecordWriter:
    """Writes one study's record: parts while it goes on, whole tables at its end.

    Args:
        folder: the record's folder or URI; made here, or continued where it holds a record.
        manifest: its manifest; `status` and times are kept up to date here.
        say: is told where the storage is away, and when it is back.
        as_read: the manifest must still be what the folder holds: it was read without the lock.

    Raises:
        ValueError: where another process writes this record, or has since it was read, or a
            link stands for one of its files.
        OSError: where the folder cannot be written.
    """

    def __init__(
        self,
        folder: Where,
        manifest: Manifest,
        say: Say = lambda text: None,
        *,
        as_read: bool = False,
    ) -> None:
        self.folder, self.manifest, self.say = place(folder), manifest, say
        check_no_links(self.folder)
        is_new = not self.folder.exists()
        for name in ("parts", "checkpoints"):
            make_folder(self.folder / name)
        self._lock = lock(self.folder, say)
        self.account = Account(manifest.study, manifest.trials)
        self._manifest_changed, self._due, self.safe = False, 0.0, "nothing"
        self._outage = Outage(self.folder, say)
        try:
            if as_read:
                self._check_unwritten()
            if (self.folder / "manifest.json").exists():
                self.account.take_over(*load_record(self.folder))
            self.note(status="running", ended=None, artifacts={})
            self._write_manifest()
            self._flush()
        except BaseException:
            self._lock.close()
            if is_new:
                forget(self.folder)
            raise

    @property
    def trials(self) -> dict[str, dict[str, Any]]:
        """The rows of the trials, by trial_id."""
        return self.account.trials

    def _check_unwritten(self) -> None:
        found = read_manifest(self.folder)
        ours, theirs = (json.dumps(m.as_json(), default=str) for m in (self.manifest, found))
        if ours != theirs:  # as text, for NaN is not NaN
            raise ValueError(
                f"another process has changed record {self.folder} in the meantime: try again"
            )

    def note(self, **changes: Any) -> None:
        """Changes fields of the manifest, which is written with the next part."""
        self.manifest = replace(self.manifest, **changes)
        self._manifest_changed = True

    def add_trial(self, trial: Trial) -> None:
        """Adds a trial that a search has suggested; one that is known stays as it is."""
        if trial.trial_id not in self.trials:
            self.account.add(trial)
            self.note(trials=(*self.manifest.trials, trial))

    def grow_trial(self, trial: Trial) -> None:
        """Takes a trial with more replicates: its row begins anew, for all of its reports."""
        self.account.add(trial)
        known = self.manifest.trials
        self.note(trials=tuple(trial if t.trial_id == trial.trial_id else t for t in known))

    def start_trial(self, trial_id: str, share: float = 1.0) -> None:
        """Says that a trial is being trained; `share` of its worker's time is its own."""
        self.account.start(trial_id, share)

    def pause_trial(self, trial_id: str) -> None:
        """Says that a trial waits to be trained on."""
        self.account.pause(trial_id)

    def add_rows(self, trial_id: str, rows: Rows) -> None:
        """Adds report rows, one per replicate and fidelity; those already known are dropped."""
        self.account.report(trial_id, rows)

    def misfit(self, rows: Rows) -> str | None:
        """Says where a row has another kind of value than its column; None where all fit."""
        return self.account.columns.misfit(rows)

    def add_spent(self, trial_id: str, spent: Sequence[float]) -> None:
        """Takes note of a worker's seconds by phase, as in `sweepbook.record.ledger.PHASES`."""
        self.account.spend(trial_id, spent)

    def retry_trial(self, trial_id: str) -> None:
        """Says that an attempt at the trial failed and that it is tried again."""
        self.account.count(trial_id, "n_retries")

    def lose_node(self, trial_id: str) -> None:
        """Says that the trial's machine was lost, whether it is tried again or not."""
        self.account.count(trial_id, "n_node_losses")

    def end_trial(self, trial_id: str, error: str | None = None, **ending: Any) -> str:
        """Gives a trial its ending with its reason, as `Account.end`; returns the status."""
        return self.account.end(trial_id, error, **ending)

    def flush_if_due(self) -> None:
        """Writes what is new when the last part is 5 seconds old; does not wait for a storage.

        Raises:
            StorageAway: where it has been away for too long; other OSErrors at once.
        """
        if time.monotonic() < self._due:
            return
        try:
            self._flush()
        except OSError as error:  # the rows are kept, and the trials go on meanwhile
            self._due = time.monotonic() + self._outage.met(error)
        else:
            self._outage.over()

    def flush(self) -> None:
        """Writes new rows as an immutable part, and the trials where one has changed."""
        insist(self.folder, self._flush, self.say)

    def _flush(self) -> None:
        self._lock.check()
        if self._manifest_changed:  # first: nothing is recorded of a trial that is not planned
            self._write_manifest()
        if self.account.new_rows:
            parts = self.folder / "parts"
            numbers = [int(part.stem) for part in parts.iterdir() if part.stem.isdigit()]
            path = parts / f"{max(numbers, default=-1) + 1:05d}.parquet"
            write_parquet(path, reports_frame(self.account.new_rows))
        if self.account.add_times():
            write_parquet(self.folder / "trials.parquet", trials_frame(list(self.trials.values())))
        self._due = time.monotonic() + FLUSH_EVERY_S
        self.safe = self.account.written()

    def release(self) -> None:
        """Lets others write the record: one that was not ended is as at its last part."""
        self._lock.close()

    def close(self) -> dict[str, int]:
        """Ends the record: unended trials are interrupted, parts become whole tables.

        Returns how many trials ended how.

        Raises:
            StorageAway: where the storage stays away; the record is then as at its last part.
        """
        try:
            return self.end()
        finally:
            self.release()

    def end(self) -> dict[str, int]:
        """As `close`, but keeps the lock: what follows may add to the record."""
        return insist(self.folder, self._end, self.say)

    def _end(self) -> dict[str, int]:
        self.account.interrupt()
        self._flush()
        self._compact()
        counts = dict(self.account.counts())
        if self._n_untried():
            counts["untried"] = self._n_untried()
        bad = {"untried": "interrupted", "interrupted": "interrupted", "failed": "failed"}
        status = next((bad[s] for s in bad if counts.get(s)), "complete")
        digest = record_digest(load_record(self.folder))
        self.note(ended=now(), status=status, n_trials=counts, record_digest=digest)
        self._write_manifest()
        return counts

    def _n_untried(self) -> int:
        """How many trials a search still owes: it was interrupted before it suggested them."""
        search = self.manifest.search
        return search.n_trials - len(self.trials) if search and not search.exhausted else 0

    def _compact(self) -> None:
        """Parts become tables; they go only when the tables that hold them are on the disk."""
        parts, others = removable(self.folder, self.trials)
        record = load_record(self.folder)
        predictions = record.predictions()
        if len(record.reports):
            write_parquet(self.folder / "reports.parquet", record.reports)
        if len(predictions):
            write_parquet(self.folder / "predictions.parquet", predictions)
        for part in parts:
            delete(part)
        if others:
            names = shortened(", ".join(others), 150)
            self.say(f"{self.folder}/parts keeps what is no part of the record: {names}")

    def _write_manifest(self) -> None:
        write_json(self.folder / "manifest.json", self.manifest.as_json())
        self._manifest_changed = False
