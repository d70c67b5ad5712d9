"""What a record knows of its trials while they train: their rows in the table, kept up to date."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sweepbook.record.checkpoints import Rows
from sweepbook.record.columns import Columns
from sweepbook.record.ledger import Attempt
from sweepbook.record.planned import Trial
from sweepbook.record.provenance import now
from sweepbook.record.rows import ending, interruption, is_missing, new_row
from sweepbook.record.values import (
    Follower,
    Step,
    diverged,
    has_train_loss,
    is_better,
    trials_without_loss,
)
from sweepbook.study.study import Metric, Study

DONE = ("finished", "stopped", "diverged")  # not trained again by a resume
ENDINGS = (*DONE, "failed", "interrupted")


class Account:
    """The rows of a study's trials, by trial_id, and the report rows that no part holds yet.

    Args:
        study: whose name and metric the rows have.
    """

    def __init__(self, study: Study, trials: Sequence[Trial]) -> None:
        self.study = study
        self.trials: dict[str, dict[str, Any]] = {}
        self.new_rows: Rows = []
        self.columns = Columns()
        self.is_changed = True
        self._attempts: dict[str, Attempt] = {}
        self._followers: dict[str, Follower] = {}
        for trial in trials:
            self.add(trial)

    @property
    def metric(self) -> Metric:
        """The study's metric."""
        return self.study.metric

    def add(self, trial: Trial) -> None:
        """Adds a trial that has not begun."""
        row = new_row(trial, self.study.name, self.metric.name)
        self.trials[trial.trial_id] = row
        self._followers[trial.trial_id] = Follower(self.metric.name, row["fidelity_unit"])
        self.is_changed = True

    def take_over(self, trials: pd.DataFrame, reports: pd.DataFrame) -> None:
        """Takes over what an earlier driver recorded: the tables of a loaded record."""
        self.columns.take_over(reports)
        with_loss = set(reports["trial_id"]) - trials_without_loss(reports, trials)
        for row in trials.to_dict("records"):
            own = self.trials.get(row["trial_id"])
            if own and "has_train_loss" not in row:  # of the version before
                own["has_train_loss"] = row["trial_id"] in with_loss
            for key in own or ():
                if own and not key.startswith("config/") and not is_missing(row.get(key)):
                    own[key] = row[key]
        if len(reports) and self.metric.name in reports:
            unit = self.study.fidelity.unit
            reached = reports["trial_id"].map(
                {k: v["last_fidelity"] for k, v in self.trials.items()}
            )
            known = reports[reports[unit] <= reached]  # the rest is reported again
            frame = known[["trial_id", "replicate", unit]].assign(
                value=known[self.metric.name],
                is_gone=diverged(known, trials, self.metric.name, unit),
            )
            ends = frame.sort_values(unit).groupby(["trial_id", "replicate"]).tail(1)
            for trial_id, replicate, _, value, is_gone in ends.itertuples(index=False):
                if trial_id in self._followers:
                    self._followers[trial_id].know(int(replicate), value, is_gone)

    def start(self, trial_id: str, share: float = 1.0) -> None:
        """Says that a trial is being trained; `share` of its worker's time is its own."""
        self._add_time(trial_id)  # of an attempt that failed
        row = self.trials[trial_id]
        self._attempts[trial_id] = Attempt(row, share)
        row |= {"status": "running", "started": row["started"] or now(), "ended": None}
        self.is_changed = True

    def pause(self, trial_id: str) -> None:
        """Says that a trial waits: the time until it goes on is not its own."""
        self._add_time(trial_id)

    def report(self, trial_id: str, rows: Rows) -> None:
        """Adds report rows, one per replicate and fidelity; those already known are dropped."""
        trial = self.trials[trial_id]
        unit, known = trial["fidelity_unit"], trial["last_fidelity"]
        new = [row for row in rows if row[unit] > known]
        self.new_rows += [
            {"trial_id": trial_id, **row} for row in sorted(new, key=lambda row: int(row[unit]))
        ]
        trial["has_train_loss"] |= any(has_train_loss(row) for row in new)
        for step in self._followers[trial_id].take(new):
            self._follow(trial, step)

    def _follow(self, trial: dict[str, Any], step: Step) -> None:
        name = self.metric.name
        trial |= {
            "last_fidelity": step.fidelity,
            f"{name}_last": step.mean,
            "n_diverged": step.n_diverged,
        }
        if is_better(step.mean, trial[f"{name}_best"], self.metric.mode):
            trial |= {f"{name}_best": step.mean, f"{name}_best_at": step.fidelity}

    def spend(self, trial_id: str, spent: Sequence[float]) -> None:
        """Takes note of a worker's seconds by phase, as in `sweepbook.record.ledger.PHASES`."""
        if trial_id in self._attempts:
            self._attempts[trial_id].hear(spent)

    def count(self, trial_id: str, what: str) -> None:
        """Adds one to a trial's n_retries or n_node_losses."""
        self.trials[trial_id][what] += 1
        self.is_changed = True

    def end(
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
        self.is_changed = True
        return str(trial["status"])

    def interrupt(self) -> None:
        """Ends every trial that has not ended as interrupted."""
        for trial_id, trial in self.trials.items():
            if trial["status"] in ("running", "pending"):
                reason = interruption(trial)
                self._add_time(trial_id)
                trial |= {"status": "interrupted", "reason": reason, "ended": now()}
        self.is_changed = True

    def add_times(self) -> bool:
        """Adds the time of running attempts: a killed driver's time counts, too.

        Returns whether a trial's row has changed since the last write.
        """
        for trial_id, attempt in self._attempts.items():
            self.trials[trial_id] |= attempt.times()
        return bool(self.trials) and bool(self.new_rows or self.is_changed or self._attempts)

    def _add_time(self, trial_id: str) -> None:
        attempt = self._attempts.pop(trial_id, None)
        if attempt is not None:
            self.trials[trial_id] |= attempt.times()

    def written(self) -> str:
        """Takes note that all is written; returns what is safe by now, in words."""
        self.new_rows, self.is_changed = [], False
        n_steps = sum(int(trial["last_fidelity"]) for trial in self.trials.values())
        n_ended = sum(trial["ended"] is not None for trial in self.trials.values())
        return f"{n_ended} ended trials and {n_steps} steps, as at {now()}"

    def counts(self) -> Mapping[str, int]:
        """Returns how many trials have which status."""
        return dict(Counter(str(trial["status"]) for trial in self.trials.values()))
