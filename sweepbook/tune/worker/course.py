"""The course of a trial in a worker: its rows so far, what is reported and what is kept."""

import functools
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.record.checkpoints import Rows, load_checkpoint, save_checkpoint
from sweepbook.record.ledger import Ledger
from sweepbook.record.planned import Trial
from sweepbook.record.storage.files import write_parquet
from sweepbook.record.storage.outage import insist_in_worker
from sweepbook.record.storage.places import place
from sweepbook.record.values import Follower
from sweepbook.tune.worker.replicates import rows_of

CHECKPOINT_EVERY_S = 1.0  # and at a trial's last step


class Course:
    """The course of one trial in a worker, from its furthest checkpoint on where there is one.

    Args:
        records: the folders of the records that want the trial.
        ledger: where its seconds are booked.
    """

    def __init__(self, trial: Trial, records: Sequence[str], ledger: Ledger) -> None:
        self.trial, self.records, self.ledger = trial, records, ledger
        checkpoint = load_checkpoint(records, trial.trial_id) or {}
        self.state: Any = checkpoint.get("state")
        self.began_at = int(checkpoint.get("fidelity", 0))
        self.rows: Rows = list(checkpoint.get("rows", ()))
        self.unreported = list(self.rows)
        self.follower = Follower(trial.metric, trial.unit)
        self.steps = {step.fidelity: step for step in self.follower.take(self.rows)}
        self.saved = time.monotonic()

    def is_over(self) -> bool:
        """Whether its checkpoint is of the last step: the whole length, or all diverged."""
        if not self.began_at:
            return False
        return self.began_at >= self.trial.max_fidelity or self.has_diverged()

    def has_diverged(self) -> bool:
        """Whether all replicates have diverged."""
        return len(self.follower.gone) == self.trial.n_replicates

    def rows_of(self, metrics: Mapping[str, Any]) -> Rows:
        """Returns one row per replicate of a yielded dict; a metric that is None becomes NaN.

        Raises:
            ValueError: where it lacks the study's metric, or see `replicates.rows_of`.
        """
        metric = self.trial.metric
        new = rows_of(metrics, self.trial.n_replicates)
        if metric not in new[0]:
            raise ValueError(f"the study's metric {metric} is none of {', '.join(new[0])}")
        for row in new:
            row[metric] = math.nan if row[metric] is None else row[metric]
        return new

    def add(self, new: Rows) -> None:
        """Takes the rows of a step, to be kept and reported."""
        self.rows += new
        self.unreported += new
        self.steps |= {step.fidelity: step for step in self.follower.take(new)}

    def keep(self, fidelity: int, metrics: Mapping[str, Any], is_last: bool) -> None:
        """Writes a checkpoint where the step gives its state, and it is time or the last step."""
        is_due = is_last or time.monotonic() - self.saved > CHECKPOINT_EVERY_S
        if "state" in metrics and is_due:
            state = metrics["state"]()
            save_checkpoint(self.records, self.trial.trial_id, fidelity, state, self.rows)
            self.saved = time.monotonic()

    def report(self, fidelity: int) -> dict[str, Any]:
        """Returns what is to be reported: all rows that have not been yet, and the mean."""
        rows, self.unreported = self.unreported, []
        unit, metric = self.trial.unit, self.trial.metric
        mean = self.steps[fidelity].mean
        return {unit: fidelity, metric: mean, "rows": rows, "spent": self.ledger.spent()}

    def write_predictions(self, arrays: Mapping[str, Any]) -> None:
        """Writes arrays (K, n) as rows (replicate, example) into each record's parts."""
        trial_id = self.trial.trial_id
        n_replicates, n_rows = arrays["label"].shape
        frame = pd.DataFrame(
            {
                "trial_id": pd.Categorical([trial_id]).repeat(n_replicates * n_rows),
                "replicate": np.repeat(np.arange(n_replicates, dtype=np.int16), n_rows),
                "split": pd.Categorical([arrays["split"]]).repeat(n_replicates * n_rows),
                "row_id": arrays["row_id"].reshape(-1),
                "label": arrays["label"].reshape(-1).astype(np.int16),
                "predicted": arrays["predicted"].reshape(-1).astype(np.int16),
                "probability": arrays["probability"].reshape(-1).astype(np.float32),
            }
        )
        for record in self.records:
            path = place(record) / "parts" / f"predictions-{trial_id}.parquet"
            insist_in_worker(path, functools.partial(write_parquet, path, frame))
