"""The state of a trial's best step so far, kept beside its last one."""

import copy
import functools
import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sweepbook.record.checkpoints import best_path, drop_best, load_state, save_best
from sweepbook.record.planned import Trial
from sweepbook.record.storage.outage import insist_in_worker
from sweepbook.record.values import Step, is_better
from sweepbook.tune.worker.states.torch_state import loaded


@dataclass(frozen=True)
class Keeping:
    """Which state of a trial is kept beside its last one, and when it must be on the disk.

    Args:
        mode: "min" or "max", of the study's metric.
        rungs: the fidelities at which a scheduler may stop the trial.
    """

    mode: str
    rungs: tuple[int, ...] = ()


class BestState:
    """The best step of a trial so far, by the mean over replicates, and the state there.

    The state is copied when a step is the best, for a trainable may give what it trains on. It
    is written as a file of its own only where the checkpoint that is written with it is of
    another step; the file of an earlier best goes when that checkpoint is on the disk, so what a
    resume finds belongs together whenever the worker is killed.

    Args:
        keeping: None: nothing is kept.
    """

    def __init__(self, trial: Trial, records: Sequence[str], keeping: Keeping | None) -> None:
        self.trial, self.records, self.keeping = trial, records, keeping
        self.fidelity, self.value = 0, math.nan
        self.state: Any = None  # there; None: none was given, or a file holds it
        self.is_apart = False  # it is a model, which no checkpoint holds
        self.is_safe = True  # a resume, or a reader, would find it
        self._judged = 0  # where the scheduler has last heard of the trial
        self._files: set[int] = set()  # fidelities of the best states that are on the disk

    def resume(self, steps: Sequence[Step], fidelity: int, state: Any) -> None:
        """Takes up what a checkpoint holds: its steps, its fidelity and its state."""
        for step in steps:
            self._is_new(step)
        if not self.fidelity:
            return
        paths = [best_path(own, self.trial.trial_id, self.fidelity) for own in self.records]
        there = [path for path in paths if insist_in_worker(path, path.is_file)]
        if self.fidelity == fidelity and not there:
            self.state = copied(state)
            return
        self._files = {self.fidelity} if there else set()
        if there and len(there) < len(paths):  # a record lacks it: it is written once more
            content = insist_in_worker(there[0], functools.partial(load_state, there[0]))
            self.state = content and content["state"]

    def follow(self, step: Step, give: Any, is_apart: bool = False) -> None:
        """Takes note of a step, and of what `give()` returns where it is the best so far.

        Args:
            is_apart: what it returns is a model, and not the state that a checkpoint holds.
        """
        if self._is_new(step):
            self.state, self.is_apart = copied(give()), is_apart
            self.is_safe = self.state is None

    def _is_new(self, step: Step) -> bool:
        if self.keeping is None or not is_better(step.mean, self.value, self.keeping.mode):
            return False
        self.fidelity, self.value = step.fidelity, step.mean
        return True

    def is_urgent(self, step: Step) -> bool:
        """Whether it must be written now: the report of this step may be the trial's last.

        Tune ends a trial's thread, and soon its process, while it waits within a report.
        """
        rungs = self.keeping.rungs if self.keeping else ()
        before, self._judged = self._judged, step.fidelity
        may_end = any(before < rung <= step.fidelity for rung in rungs)
        return not self.is_safe and (may_end or not math.isfinite(step.mean))

    def may_end_at(self, fidelity: int) -> bool:
        """Whether a scheduler may stop the trial at this very step."""
        return self.keeping is not None and fidelity in self.keeping.rungs

    def write(self, fidelity: int | None) -> None:
        """Writes the best state, unless it is that of the checkpoint which is written next.

        Args:
            fidelity: of that checkpoint; None: none is written.
        """
        if self.state is None or (self.fidelity == fidelity and not self.is_apart):
            return
        best = {"fidelity": self.fidelity, "state": self.state}
        best |= {"metric": self.trial.metric, "value": self.value}
        save_best(self.records, self.trial.trial_id, best)
        self._files.add(self.fidelity)
        self.state = None  # the disk has it

    def written(self) -> None:
        """Takes note that the checkpoint is on the disk as well: files of earlier bests go."""
        self.is_safe = True
        for fidelity in self._files - {self.fidelity}:
            drop_best(self.records, self.trial.trial_id, fidelity)
        self._files &= {self.fidelity}


def copied(state: Any) -> Any:
    """Returns a state that later training does not change: tensors as copies on the CPU."""
    kind, torch = type(state), loaded()
    if kind in (dict, OrderedDict):
        made = kind((key, copied(value)) for key, value in state.items())
        if kind is OrderedDict:
            vars(made).update(vars(state))  # a module's versions
        return made
    if kind in (list, tuple):
        return kind(map(copied, state))
    if torch and isinstance(state, torch.Tensor):
        return state.detach().to("cpu", copy=True)
    try:
        return copy.deepcopy(state)
    except Exception:  # no checkpoint can hold it, and that is said when it is written
        return state
