"""The writer of a record: one per record, in the driver, and nobody else writes its tables."""

import dataclasses
import json
import math
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.record.checkpoints import Rows
from sweepbook.record.digest import record_digest
from sweepbook.record.files import delete, make_folder, write_json, write_parquet
from sweepbook.record.ledger import Attempt
from sweepbook.record.load import load_record
from sweepbook.record.lock import lock
from sweepbook.record.outage import Outage, Say, insist
from sweepbook.record.places import Where, place
from sweepbook.record.planned import Trial
from sweepbook.record.provenance import now
from sweepbook.record.rows import ending, is_missing, new_row, trials_frame

FLUSH_EVERY_S = 5.0
DONE = ("finished", "stopped", "diverged")  # not trained again by a resume
ENDINGS = (*DONE, "failed", "interrupted")


class RecordWriter:
    """Writes one study's record: parts while it goes on, whole tables at its end.

    Args:
        folder: the record's folder or URI; made here, or continued where it holds a record.
        manifest: its manifest; `status` and times are kept up to date here.
        say: is told where the storage is away, and when it is back.
        as_read: the manifest must still be what the folder holds: it was read without the lock.

    Raises:
        ValueError: where another process writes this record, or has since it was read.
        OSError: where the folder cannot be written.
    """

    def __init__(
        self,
        folder: Where,
        manifest: dict[str, Any],
        trials: list[Trial],
        say: Say = lambda text: None,
        *,
        as_read: bool = False,
    ) -> None:
        self.folder, self.manifest, self.say = place(folder), manifest, say
        for name in ("parts", "checkpoints"):
            make_folder(self.folder / name)
        self._lock = lock(self.folder, say)
        if as_read:
            self._check_unwritten()
        study = manifest["study"]
        self.metric = study["metric"]
        self.trials = {t.trial_id: new_row(t, study["name"], self.metric["name"]) for t in trials}
        self._attempts: dict[str, Attempt] = {}
        self._rows: Rows = []
        self._changed, self._manifest_changed = True, False
        self._due = 0.0
        self._outage = Outage(self.folder, say)
        if (self.folder / "manifest.json").exists():
            self._continue()
        self.manifest |= {"status": "running", "ended": None}
        self._write_manifest()
        self._flush()

    def _check_unwritten(self) -> None:
        found = json.loads((self.folder / "manifest.json").read_text())
        ours, theirs = (json.dumps(m, sort_keys=True) for m in (self.manifest, found))
        if ours != theirs:  # as text, for NaN is not NaN
            self._lock.close()
            raise ValueError(
                f"another process has written record {self.folder} since it was read: try again"
            )

    def add_trial(self, trial: Trial) -> None:
        """Adds a trial that a search has suggested; one that is known stays as it is."""
        if trial.trial_id not in self.trials:
            study = self.manifest["study"]["name"]
            self.trials[trial.trial_id] = new_row(trial, study, self.metric["name"])
            self.manifest["trials"].append(dataclasses.asdict(trial))
            self._changed = self._manifest_changed = True

    def _continue(self) -> None:
        """Takes over what an earlier driver recorded."""
        for row in load_record(self.folder).trials.to_dict("records"):
            trial = self.trials.get(row["trial_id"])
            for key in trial or ():
                if trial and not key.startswith("config/") and not is_missing(row.get(key)):
                    trial[key] = row[key]

    def start_trial(self, trial_id: str) -> None:
        """Says that a trial is being trained."""
        self._add_time(trial_id)  # of an attempt that failed
        row = self.trials[trial_id]
        self._attempts[trial_id] = Attempt(row)
        row |= {"status": "running", "started": row["started"] or now(), "ended": None}
        self._changed = True

    def add_rows(self, trial_id: str, rows: Rows) -> None:
        """Adds report rows, one per replicate and fidelity; those already known are dropped."""
        trial = self.trials[trial_id]
        unit = trial["fidelity_unit"]
        steps: dict[int, Rows] = {}
        for row in rows:
            if row[unit] > trial["last_fidelity"]:
                steps.setdefault(int(row[unit]), []).append(row)
        for fidelity, step in sorted(steps.items()):
            self._rows += [{"trial_id": trial_id, **row} for row in step]
            self._follow(trial, fidelity, [row[self.metric["name"]] for row in step])

    def add_spent(self, trial_id: str, spent: Sequence[float]) -> None:
        """Takes note of a worker's seconds by phase, as in `sweepbook.ledger.PHASES`."""
        if trial_id in self._attempts:
            self._attempts[trial_id].hear(spent)

    def _follow(self, trial: dict[str, Any], fidelity: int, values: list[float]) -> None:
        """Keeps the trial's last and best mean; a mean with a NaN in it is NaN and not best."""
        name, sign = self.metric["name"], 1 if self.metric["mode"] == "max" else -1
        mean = float(np.mean(values))
        best = trial[f"{name}_best"]
        trial |= {
            "last_fidelity": fidelity,
            f"{name}_last": mean,
            "n_diverged": sum(not math.isfinite(v) for v in values),
        }
        if math.isfinite(mean) and not (math.isfinite(best) and sign * mean <= sign * best):
            trial |= {f"{name}_best": mean, f"{name}_best_at": fidelity}

    def retry_trial(self, trial_id: str) -> None:
        """Says that an attempt at the trial failed and that it is tried again."""
        self.trials[trial_id]["n_retries"] += 1
        self._changed = True

    def lose_node(self, trial_id: str) -> None:
        """Says that the trial's machine was lost, whether it is tried again or not."""
        self.trials[trial_id]["n_node_losses"] += 1
        self._changed = True

    def end_trial(
        self,
        trial_id: str,
        error: str | None = None,
        stopped: str | None = None,
        *,
        diverged: str | None = None,
        rung: int | None = None,
        cutoff: float | None = None,
    ) -> str:
        """Gives a trial its ending with its reason, and returns the status.

        Args:
            error: the error of a failed trial.
            stopped: why a scheduler stopped it, with the rung and its cutoff.
            diverged: why a scheduler ended it as diverged, perhaps for one replicate of many.
        """
        trial = self.trials[trial_id]
        trial["status"], trial["reason"] = ending(trial, error, stopped, diverged)
        trial |= {"error": error, "rung": rung, "cutoff": cutoff, "ended": now()}
        self._add_time(trial_id)
        self._changed = True
        return str(trial["status"])

    def _add_time(self, trial_id: str) -> None:
        attempt = self._attempts.pop(trial_id, None)
        if attempt is not None:
            self.trials[trial_id] |= attempt.times()

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
        if self._rows:
            parts = self.folder / "parts"
            numbers = [int(part.stem) for part in parts.iterdir() if part.stem.isdigit()]
            path = parts / f"{max(numbers, default=-1) + 1:05d}.parquet"
            write_parquet(path, pd.DataFrame(self._rows))
        for trial_id, attempt in self._attempts.items():  # a killed driver's time counts too
            self.trials[trial_id] |= attempt.times()
        if self.trials and (self._rows or self._changed or self._attempts):
            write_parquet(self.folder / "trials.parquet", trials_frame(list(self.trials.values())))
        self._rows, self._changed = [], False
        self._due = time.monotonic() + FLUSH_EVERY_S
        n_steps = sum(int(trial["last_fidelity"]) for trial in self.trials.values())
        n_ended = sum(trial["ended"] is not None for trial in self.trials.values())
        self.safe = f"{n_ended} ended trials and {n_steps} steps, as at {now()}"

    def abandon(self) -> None:
        """Leaves the record as at its last part, to be resumed."""
        self._lock.close()

    def close(self) -> dict[str, int]:
        """Ends the record: unended trials are interrupted, parts become whole tables.

        Returns how many trials ended how.

        Raises:
            StorageAway: where the storage stays away; the record is then as at its last part.
        """
        counts = insist(self.folder, self._close, self.say)
        self._lock.close()
        return counts

    def _close(self) -> dict[str, int]:
        for trial_id, trial in self.trials.items():
            if trial["status"] in ("running", "pending"):
                at = f"at {trial['fidelity_unit']} {trial['last_fidelity']}"
                reason = f"interrupted {at} of {trial['max_fidelity']}"
                self._add_time(trial_id)
                trial |= {"status": "interrupted", "reason": reason, "ended": now()}
        self._changed = True
        self._flush()
        self._compact()
        counts: dict[Any, int] = dict(Counter(t["status"] for t in self.trials.values()))
        if self._n_untried():
            counts["untried"] = self._n_untried()
        bad = {"untried": "interrupted", "interrupted": "interrupted", "failed": "failed"}
        status = next((bad[s] for s in bad if counts.get(s)), "complete")
        self.manifest |= {"ended": now(), "status": status, "n_trials": counts}
        self.manifest["record_digest"] = record_digest(load_record(self.folder))
        self._write_manifest()
        return {str(k): int(v) for k, v in counts.items()}

    def _n_untried(self) -> int:
        """How many trials a search still owes: it was interrupted before it suggested them."""
        search = self.manifest.get("search")
        return search["n_trials"] - len(self.trials) if search and not search["exhausted"] else 0

    def _compact(self) -> None:
        """Parts become tables; they go only when the tables that hold them are on the disk."""
        parts = [p for p in (self.folder / "parts").iterdir() if not p.name.startswith(".")]
        record = load_record(self.folder)
        predictions = record.predictions()
        if len(record.reports):
            write_parquet(self.folder / "reports.parquet", record.reports)
        if len(predictions):
            write_parquet(self.folder / "predictions.parquet", predictions)
        for part in parts:
            delete(part)

    def _write_manifest(self) -> None:
        write_json(self.folder / "manifest.json", self.manifest)
        self._manifest_changed = False
