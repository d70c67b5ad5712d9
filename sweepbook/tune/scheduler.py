"""Ray's ASHA with what it leaves out: diverged trials, reasons, whole rungs, a memory."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from ray.tune.schedulers import AsyncHyperBandScheduler, TrialScheduler

from sweepbook.plan.plan import Plan
from sweepbook.record.account import DONE
from sweepbook.record.load import Record
from sweepbook.record.values import Ending, Follower, means_by_trial, number_of
from sweepbook.study.asha import ASHA
from sweepbook.study.rungs import Rungs
from sweepbook.study.study import Metric
from sweepbook.tune.endings import diverged, stopped


class StudyASHA(AsyncHyperBandScheduler):
    """ASHA on the mean over replicates that a trial reports, counted in the study's own unit.

    A trial whose mean is NaN, infinite or None ends at once, as diverged, and is the worst of
    its rung. A trial is known by config["trial_id"]. One that reaches its last fidelity has
    finished: it enters its rungs, but it is not stopped.

    Args:
        asha: with max_t (see ASHA.bound).
        metric, unit: what is reported, and the name of the fidelity.
        endings: trial_id -> why it was ended; written here, read by whoever records.
        last: trial_id -> its last fidelity; those not named have max_t.

    Trials are compared within their group, group 0 unless `expect` says otherwise: the cells of
    a search have rungs of their own.

    Randomness: none; the bracket of a trial depends on its trial_id alone.
    """

    def __init__(
        self,
        asha: ASHA,
        metric: Metric,
        unit: str,
        endings: dict[str, Ending],
        last: Mapping[str, int] | None = None,
    ) -> None:
        if asha.max_t is None:
            raise ValueError("max_t of a scheduler must be a number here: see ASHA.bound")
        super().__init__(
            time_attr="fidelity",
            metric="value",
            mode=metric.mode,
            max_t=asha.max_t,
            grace_period=asha.grace_period,
            reduction_factor=asha.reduction_factor,
            brackets=asha.brackets,
        )
        self.metric_spec, self.unit, self.max_t = metric, unit, asha.max_t
        self.endings, self.last = endings, dict(last or {})
        self.sign = 1 if metric.mode == "max" else -1
        self.asha = asha
        self.group_of: dict[str, int] = {}
        self.rungs = self._new_rungs()
        self.groups = {0: self.rungs}
        vars(self)["_brackets"] = self.rungs  # Ray's own log prints them

    def _new_rungs(self) -> list[Rungs]:
        asha, max_t = self.asha, self.max_t
        return [Rungs(asha.rungs(max_t, s), asha.reduction_factor) for s in range(asha.brackets)]

    def expect(self, trial_id: str, last: int, group: int = 0) -> None:
        """Takes note of a trial to come: its last fidelity, and whom it is compared with."""
        self.last[trial_id], self.group_of[trial_id] = last, group
        self.groups.setdefault(group, self._new_rungs())

    def bracket_of(self, trial_id: str) -> Rungs:
        """Returns the trial's bracket: more often one with many rungs, as Ray draws them."""
        rungs = self.groups[self.group_of.get(trial_id, 0)]
        sizes = np.array([len(bracket.levels) for bracket in rungs])
        shares = np.exp(sizes - sizes.max())
        draw = np.random.default_rng(list(trial_id.encode()))
        index = int(draw.choice(len(sizes), p=shares / shares.sum()))
        return rungs[index]

    def enter_record(self, trials: pd.DataFrame, reports: pd.DataFrame) -> None:
        """Enters what a record holds, so that rungs are as they were when it was left.

        Args:
            trials, reports: the tables of a loaded record; a rung's contents do not depend on
                the order in which its trials came there.
        """
        known = reports[reports["trial_id"].isin(trials["trial_id"])]
        levels = {level for bracket in self.rungs for level in bracket.levels}
        done = set(trials.loc[trials["status"].isin(DONE), "trial_id"])
        told = means_by_trial(known, trials, self.metric_spec.name, self.unit)
        for trial_id, steps in told.items():
            # at an open trial's last row its driver may have died deciding: it is judged again
            last = {max(steps)}
            kept = (levels - last) | last if trial_id in done else levels - last
            entered = {at: mean for at, mean in steps.items() if at in kept}
            if entered:
                self.bracket_of(trial_id).enter(trial_id, self._signed(entered))

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        """Does nothing: a trial's bracket depends on its trial_id alone."""

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        """Does nothing: the last result has been heard already."""

    def on_trial_remove(self, tune_controller: Any, trial: Any) -> None:
        """Does nothing: see on_trial_add."""

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """Decides whether the trial goes on, and notes why where it does not."""
        if not self.ends(trial.config["trial_id"], result):
            return str(TrialScheduler.CONTINUE)
        self._num_stopped += 1
        return str(TrialScheduler.STOP)

    def ends(self, trial_id: str, result: Mapping[str, Any]) -> bool:
        """Whether a report is a trial's last, and notes why; the same report may come again.

        Args:
            result: a report, as `sweepbook.tune.worker.run.run_assignment` describes it.
        """
        fidelity, value = int(result["fidelity"]), number_of(result["value"])
        steps = self._steps(result) | {fidelity: self.sign * value}
        entry = self.bracket_of(trial_id).enter(trial_id, steps)
        if not math.isfinite(value):
            rows = result.get("rows") or ()
            self.endings[trial_id] = diverged(rows, self.metric_spec, self.unit, fidelity, value)
        elif fidelity >= self.last.get(trial_id, self.max_t):
            return False  # it ends by itself, and may fail in doing so
        elif entry is not None and entry.is_below:
            self.endings[trial_id] = stopped(entry, self.metric_spec, self.unit)
        else:
            return False
        return True

    def next_rung(self, trial_id: str) -> int:
        """Returns where a trial is judged next: at the first rung that it is not in, or its end.

        It depends on the reports that were heard alone, whoever trained the trial.
        """
        bracket, last = self.bracket_of(trial_id), self.last.get(trial_id, self.max_t)
        rungs = (rung for rung in bracket.levels if trial_id not in bracket.values[rung])
        return min(next(rungs, last), last)

    def _steps(self, result: Mapping[str, Any]) -> dict[int, float]:
        """Means by fidelity: a trial that goes on from a checkpoint reports several at once."""
        follower = Follower(self.metric_spec.name, self.unit)
        steps = follower.take(result.get("rows") or ())
        return self._signed({step.fidelity: step.mean for step in steps})

    def _signed(self, means: Mapping[int, float]) -> dict[int, float]:
        return {at: self.sign * mean for at, mean in means.items()}


def scheduler_of(plan: Plan, endings: dict[str, Ending], record: Record) -> StudyASHA | None:
    """Returns the plan's scheduler with the rungs as the record has them; None where it has none.

    Args:
        endings: see StudyASHA.
    """
    study = plan.study
    if study.scheduler is None:
        return None
    last = {t.trial_id: t.max_fidelity for t in plan.trials}
    scheduler = StudyASHA(study.scheduler, study.metric, study.fidelity.unit, endings, last)
    if plan.search is not None:
        for trial in plan.trials:
            scheduler.expect(trial.trial_id, trial.max_fidelity, plan.search.cell_of(trial.config))
    scheduler.enter_record(*record)
    return scheduler
