"""The course of a trial in a worker: its rows so far, what is reported and what is kept."""

import functools
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.record.checkpoints import Rows, load_checkpoint, save_checkpoint
from sweepbook.record.columns import Columns
from sweepbook.record.ledger import Ledger
from sweepbook.record.planned import Trial
from sweepbook.record.storage.files import write_parquet
from sweepbook.record.storage.outage import insist_in_worker
from sweepbook.record.storage.places import place
from sweepbook.record.values import Follower
from sweepbook.tune.worker.generator import Kept
from sweepbook.tune.worker.replicates import Lockstep
from sweepbook.tune.worker.states.best_state import BestState, Keeping
from sweepbook.tune.worker.yielded import Step

CHECKPOINT_EVERY_S = 1.0  # and at a trial's last step


class Course:
    """The course of one trial in a worker, from its furthest checkpoint on where there is one.

    Args:
        records: the folders of the records that want the trial.
        ledger: where its seconds are booked.
        keeping: which state is kept beside the last one; None: none is.
    """

    def __init__(
        self,
        trial: Trial,
        records: Sequence[str],
        ledger: Ledger,
        keeping: Keeping | None = None,
    ) -> None:
        self.trial, self.records, self.ledger = trial, records, ledger
        checkpoint = load_checkpoint(records, trial.trial_id) or {}
        self.began_at = int(checkpoint.get("fidelity", 0))
        self.rows: Rows = list(checkpoint.get("rows", ()))
        self.unreported = list(self.rows)
        self.lockstep = Lockstep(trial, _kept(checkpoint, trial), ledger)
        self.columns = Columns()
        self.columns.misfit(self.rows)
        self.follower = Follower(trial.metric, trial.unit)
        self.steps = {step.fidelity: step for step in self.follower.take(self.rows)}
        self.best = BestState(trial, records, keeping)
        if checkpoint and not self.is_over():
            self.best.resume(list(self.steps.values()), self.began_at, checkpoint["state"])
        self.saved = time.monotonic()

    def is_over(self) -> bool:
        """Whether its checkpoint is of the last step: the whole length, or all diverged."""
        if not self.began_at:
            return False
        return self.began_at >= self.trial.max_fidelity or self.has_diverged()

    def stands_at_rung(self) -> bool:
        """Whether its checkpoint is of a step at which a scheduler may stop the trial."""
        return self.began_at > 0 and self.best.may_end_at(self.began_at)

    def has_diverged(self) -> bool:
        """Whether all replicates have diverged."""
        return len(self.follower.gone) == self.trial.n_replicates

    def add(self, step: Step) -> None:
        """Takes the rows of a step, to be kept and reported, and its state where it is the best.

        Raises:
            TypeError: where a value is of another kind than its column so far.
        """
        if misfit := self.columns.misfit(step.rows):
            raise TypeError(misfit)
        self.rows += step.rows
        self.unreported += step.rows
        for own in self.follower.take(step.rows):
            self.steps[own.fidelity] = own
            self.best.follow(own, self.lockstep.model, is_apart=self.lockstep.has_model())

    def keep(self) -> None:
        """Writes a checkpoint where the trainable gives its state, and it is time.

        That is every second or so, and where the best state would be lost otherwise.
        """
        is_urgent = self.best.is_urgent(self.steps[max(self.steps)])
        if is_urgent or time.monotonic() - self.saved > CHECKPOINT_EVERY_S:
            self.write(self.checkpoint())

    def checkpoint(self) -> dict[str, Any] | None:
        """Returns what a checkpoint of now holds; None where nobody could go on from it.

        That is where the trainable gives no state, or takes none and has not done its last step.
        """
        fidelity = max(self.steps)
        goes_on = self.lockstep.takes_state or fidelity >= self.trial.max_fidelity
        state = self.lockstep.state() if goes_on else None
        if state is None:
            return None
        places = self.lockstep.places()
        return {"fidelity": fidelity, "state": state, "rows": self.rows, "places": places}

    def write(self, checkpoint: dict[str, Any] | None) -> None:
        """Writes a checkpoint into each record, and the best state, where that is another."""
        self.best.write(None if checkpoint is None else checkpoint["fidelity"])
        if checkpoint is not None:
            save_checkpoint(self.records, self.trial.trial_id, checkpoint)
            self.saved = time.monotonic()
        self.best.written()

    def report(self, fidelity: int) -> dict[str, Any]:
        """Returns what is to be reported: all rows that have not been yet, and the mean.

        No name of a study's is a key of it: what Tune reads into a name is nothing to us.
        """
        rows, self.unreported = self.unreported, []
        mean = self.steps[fidelity].mean
        return {
            "fidelity": fidelity,
            "value": mean,
            "rows": rows,
            "spent": self.ledger.spent(),
            "of": self.trial.trial_id,
            "goes_on": self.lockstep.takes_state,
        }

    def write_predictions(self, arrays: Mapping[str, Any] | None) -> None:
        """Writes predictions as rows (replicate, example) into each record's parts.

        Args:
            arrays: see `Lockstep.predictions`.

        Raises:
            ValueError: a replicate predicts an example twice.
        """
        if arrays is None:
            return
        trial_id, n = self.trial.trial_id, len(arrays["label"])
        for replicate in np.unique(arrays["replicate"]):
            own = arrays["row_id"][arrays["replicate"] == replicate]
            values, counts = np.unique(own, return_counts=True)
            if len(values) < len(own):
                raise ValueError(
                    f"predictions have {len(own) - len(values)} rows too many: row_id "
                    f"{values[counts > 1][0]} is there {counts.max()} times, and names one example"
                )
        frame = pd.DataFrame(
            {
                "trial_id": pd.Categorical([trial_id]).repeat(n),
                "replicate": arrays["replicate"].astype(np.int16),
                "split": pd.Categorical([arrays["split"]]).repeat(n),
                "row_id": arrays["row_id"],
                "label": arrays["label"].astype(np.int16),
                "predicted": arrays["predicted"].astype(np.int16),
                "probability": arrays["probability"].astype(np.float32),
            }
        )
        for record in self.records:
            path = place(record) / "parts" / f"predictions-{trial_id}.parquet"
            insist_in_worker(path, functools.partial(write_parquet, path, frame))


def _kept(checkpoint: Mapping[str, Any], trial: Trial) -> list[Kept]:
    """Where each generator of a trial goes on; none where it begins."""
    if not checkpoint:
        return []
    state, fidelity = checkpoint["state"], int(checkpoint["fidelity"])
    states = [state] if trial.stacked else list(state or [None] * trial.n_replicates)
    # those of version 0.1 do not say where each of them stood
    places = checkpoint.get("places") or [{"fidelity": fidelity}] * len(states)
    return [Kept(state=own, **place) for own, place in zip(states, places, strict=True)]
