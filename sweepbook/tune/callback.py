"""What the driver hears from Tune, passed on to the records and to the progress table."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ray.tune import Callback

from sweepbook.record.values import Ending
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.failures.errors import failure_text, is_node_loss, last_error
from sweepbook.tune.failures.gpus import is_out_of_memory
from sweepbook.tune.failures.recovery import Limits, Recovery, began
from sweepbook.tune.progress import Progress
from sweepbook.tune.worker.hang import read_trace

if TYPE_CHECKING:
    from sweepbook.tune.packed.queue import PackQueue


class RecordCallback(Callback):
    """Gives every report and ending to each record that shares the trial.

    Args:
        writers: trial_id -> the writers of the records that hold the trial; a search adds some.
        limits: how often a trial is tried again; None: the defaults.
        has_rounds: a trial whose machine was lost before it began does not end (Tune itself never
            tries such a one again): it is gathered in `lost`, to be trained in another round.
        endings: trial_id -> why a scheduler ended the trial; the scheduler fills it.
        sharing: trials that get a share of a GPU. Those that fail because its memory is full do
            not end; they are gathered in `crowded`, to be trained alone.
        packs: pack_id -> the trial_ids of trials that train in one stack. Where one fails, they
            do not end; they are gathered in `unfused`, to be trained each by itself.
        queue: forms the packs of a study with a scheduler as it goes, and judges their trials.
    """

    def __init__(
        self,
        writers: Mapping[str, Sequence[RecordWriter]],
        progress: Progress,
        endings: Mapping[str, Ending] | None = None,
        sharing: Set[str] = frozenset(),
        *,
        limits: Limits | None = None,
        has_rounds: bool = False,
        packs: Mapping[str, Sequence[str]] | None = None,
        queue: "PackQueue | None" = None,
    ) -> None:
        self.packs = {} if packs is None else packs
        self.unfused, self.queue = list[str](), queue
        self.limits, self.has_rounds, self.lost = limits or Limits(), has_rounds, list[str]()
        self.sharing, self.crowded = sharing, list[str]()
        self.misfits: dict[str, str] = {}  # trial_id -> what is wrong with its values
        self.writers = writers
        self.endings = {} if endings is None else endings
        self.progress = progress

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune pickles its callbacks into a folder that we never read: nothing to keep

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        members = self._members(trial)
        if not began(trial):
            limits = replace(self.limits, max_failures=0) if len(members) > 1 else self.limits
            trial.should_recover = Recovery(Path(trial.local_path), members[0], limits)
        for trial_id in self._open(members):
            for writer in self.writers[trial_id]:
                writer.start_trial(trial_id, 1 / len(members))
            self.progress.start(trial_id)

    def _members(self, trial: Any) -> Sequence[str]:
        """The ids of the trials that one of Ray's trains."""
        own = trial.config["trial_id"]
        return self.packs.get(own, [own])

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        for own in result.get("members", [result]):
            if self.queue and self.queue.has_ended(own["of"]):
                continue  # its pack trains it on, and nobody wants to know
            self._take(own)
            if self.queue and self.queue.judge(own):
                self._end(own["of"], error=self.misfits.get(own["of"]))

    def _take(self, result: Mapping[str, Any]) -> None:
        """Passes on the report of one trial."""
        trial_id = result["of"]
        for writer in self.writers[trial_id]:
            if trial_id not in self.misfits:
                writer.add_rows(trial_id, result["rows"])
            writer.add_spent(trial_id, result["spent"])
        self.progress.step(trial_id, result["fidelity"], result["value"])
        self.progress.tell_percentages(trial_id, result["rows"])
        if not result["goes_on"]:
            self.progress.tell_begins_anew(trial_id)

    def stops(self, ray_id: str, result: dict[str, Any]) -> bool:
        """Whether a report has values that do not fit the columns of a record: Tune asks first.

        Such a trial fails alone, for a table holds one kind of value in a column; in a pack the
        others go on.
        """
        for own in result.get("members", [result]):
            for writer in self.writers[own["of"]]:
                if misfit := writer.misfit(own["rows"]):
                    self.misfits[own["of"]] = f"TypeError: {misfit}"
        return result["of"] in self.misfits

    def on_trial_complete(
        self, iteration: int, trials: list[Any], trial: Any, **info: Any
    ) -> None:
        self._forget_pack(trial)
        for trial_id in self._open(self._members(trial)):
            if trial_id not in self.misfits and self.queue and self.queue.put_back(trial_id):
                self._pause(trial_id)
            else:
                self._end(trial_id, error=self.misfits.get(trial_id))

    def _open(self, members: Sequence[str]) -> list[str]:
        """Those that a queue has not judged and ended while their pack goes on."""
        return [one for one in members if self.queue is None or not self.queue.has_ended(one)]

    def _forget_pack(self, trial: Any) -> None:
        if self.queue:
            self.queue.pack_ended(trial.config["trial_id"])

    def _pause(self, trial_id: str) -> None:
        for writer in self.writers[trial_id]:
            writer.pause_trial(trial_id)
        self.progress.pause(trial_id)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        members, error = self._members(trial), self._error(trial)
        is_lost = self._is_node_loss(trial)
        goes_on = is_lost and self._is_for_another_round(trial)
        self._forget_pack(trial)
        for trial_id in self._open(members):
            if trial_id in self.sharing and is_out_of_memory(error):
                self.crowded.append(trial_id)
                self._retry(trial_id, f"{_last_line(error)}; next alone on a whole GPU")
            elif goes_on:
                self._train_again(trial_id, self.lost, _last_line(error))
            elif len(members) > 1 and not is_lost:
                self._train_again(trial_id, self.unfused, f"{_last_line(error)}; next by itself")
            else:
                self._end(trial_id, error=error)

    def _train_again(self, trial_id: str, gathered: list[str], cause: str) -> None:
        gathered.append(trial_id)
        if self.queue:
            self.queue.retry(trial_id, alone=gathered is self.unfused)
        self._retry(trial_id, cause)

    def _is_for_another_round(self, trial: Any) -> bool:
        if began(trial) or not self.has_rounds:
            return False
        return self.limits.allow_node_loss(self._members(trial)[0])

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._is_node_loss(trial)
        for trial_id in self._open(self._members(trial)):
            self._retry(trial_id, _last_line(self._error(trial)))

    def _is_node_loss(self, trial: Any) -> bool:
        """Whether the trial's machine was lost, which the records then say."""
        is_lost = is_node_loss(last_error(Path(trial.local_path)))
        for trial_id in self._members(trial) if is_lost else ():
            for writer in self.writers[trial_id]:
                writer.lose_node(trial_id)
        return is_lost

    def _retry(self, trial_id: str, cause: str) -> None:
        for writer in self.writers[trial_id]:
            writer.retry_trial(trial_id)
        self.progress.retry(trial_id, cause)

    def on_step_end(self, iteration: int, trials: list[Any], **info: Any) -> None:
        for writer in {id(w): w for ws in self.writers.values() for w in ws}.values():
            writer.flush_if_due()

    def _error(self, trial: Any) -> str:
        trial_id = self._members(trial)[0]
        trace = read_trace(self.writers[trial_id][0].folder, trial_id)
        return failure_text(trial, trace, self.progress.standing.trials[trial_id].hang_s)

    def _end(self, trial_id: str, error: str | None = None) -> None:
        if self.queue:
            self.queue.end(trial_id)
        for writer in self.writers[trial_id]:
            status = writer.end_trial(trial_id, error=error, **self._explained(trial_id))
            reason = writer.trials[trial_id]["reason"]
        self.progress.end(trial_id, status, reason)

    def _explained(self, trial_id: str) -> dict[str, Any]:
        ending = self.endings.get(trial_id)
        if ending is None:
            return {}
        return {ending.status: ending.reason, "rung": ending.rung, "cutoff": ending.cutoff}


def _last_line(error: str) -> str:
    return error.strip().splitlines()[-1]
