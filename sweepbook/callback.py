"""What the driver hears from Tune, passed on to the records and to the progress table."""

from collections.abc import Mapping, Sequence
from typing import Any

from ray.tune import Callback

from sweepbook.progress import Progress
from sweepbook.record import RecordWriter


class RecordCallback(Callback):
    """Gives every report and ending to each record that shares the trial.

    Args:
        writers: trial_id -> the writers of the records that hold the trial.
    """

    def __init__(self, writers: Mapping[str, Sequence[RecordWriter]], progress: Progress) -> None:
        self.writers = writers
        self.all_writers = list({id(w): w for ws in writers.values() for w in ws}.values())
        self.progress = progress

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune pickles its callbacks into a folder that we never read: nothing to keep

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        trial_id = trial.config["trial_id"]
        for writer in self.writers[trial_id]:
            writer.start_trial(trial_id)

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        trial_id = trial.config["trial_id"]
        planned = self.progress.trials[trial_id]
        for writer in self.writers[trial_id]:
            writer.add_rows(trial_id, result["rows"])
        self.progress.step(trial_id, result[planned.unit], result[planned.metric])

    def on_trial_complete(
        self, iteration: int, trials: list[Any], trial: Any, **info: Any
    ) -> None:
        self._end(trial.config["trial_id"])

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        cause = trial.get_error() or trial.get_pickled_error()
        self._end(trial.config["trial_id"], error=str(cause or "unknown error"))

    def on_step_end(self, iteration: int, trials: list[Any], **info: Any) -> None:
        for writer in self.all_writers:
            writer.flush_if_due()

    def _end(self, trial_id: str, error: str | None = None) -> None:
        for writer in self.writers[trial_id]:
            status = writer.end_trial(trial_id, error=error)
            reason = writer.trials[trial_id]["reason"]
        self.progress.end(trial_id, status, reason)
