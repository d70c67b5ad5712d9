"""The Optuna study of one cell of a search, told how each trial ended and at which fidelity."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import optuna
from optuna.trial import TrialState
from ray.tune.search.optuna import OptunaSearch

from sweepbook.record.planned import Trial
from sweepbook.record.values import Ending, means_of
from sweepbook.study.search import Space
from sweepbook.study.study import Metric

MOST_ASKS = 100  # in a row that bring nothing new; the cell then counts as exhausted
_DISTRIBUTIONS = {
    "float": optuna.distributions.FloatDistribution,
    "int": optuna.distributions.IntDistribution,
}


def distributions(space: Space) -> dict[str, optuna.distributions.BaseDistribution]:
    """Returns a described space as Optuna's distributions."""
    found: dict[str, optuna.distributions.BaseDistribution] = {}
    for key, domain in space.items():
        if domain["kind"] == "choice":
            found[key] = optuna.distributions.CategoricalDistribution(domain["choices"])
        else:
            steps = {"step": domain["step"]} if domain["step"] else {}
            found[key] = _DISTRIBUTIONS[domain["kind"]](
                domain["low"], domain["high"], log=domain["log"], **steps
            )
    return found


def told(status: str, steps: Mapping[int, float]) -> tuple[TrialState, float | None]:
    """Returns what Optuna is to hear of a trial: its state, and its value at the last step.

    A trial stopped by a scheduler is censored, PRUNED at its last step. One that diverged,
    failed, was interrupted or ended with a mean that is not finite is FAIL, without a value.
    """
    last = steps[max(steps)] if steps else math.nan
    if status == "finished" and math.isfinite(last):
        return TrialState.COMPLETE, last
    if status == "stopped" and math.isfinite(last):
        return TrialState.PRUNED, last
    return TrialState.FAIL, None


class CellSearch(OptunaSearch):
    """The Optuna study of one cell.

    Args:
        seed: of every suggestion, together with its count: what is suggested depends on the
            seed, on what was told so far, and on nothing else, so that a sampler rebuilt from a
            record goes on as the one before it would have.
        endings: trial_id -> why the scheduler ended it; the scheduler fills it.
    """

    def __init__(
        self,
        space: Space,
        metric: Metric,
        unit: str,
        *,
        n_random: int,
        seed: Iterable[int],
        endings: Mapping[str, Ending],
        points: Iterable[Mapping[str, Any]] = (),
        storage: optuna.storages.BaseStorage | None = None,
        study_name: str | None = None,
    ) -> None:
        self.unit, self.n_random, self.seed = unit, n_random, tuple(seed)
        self.endings, self.points = endings, list(points)
        self.n_asked = 0  # distinct configs so far
        self.n_waiting = 0  # of a record, to be trained further before anything new
        self.trial_ids: dict[str, str] = {}  # Ray's id -> ours
        self.steps: dict[str, dict[int, float]] = {}  # Ray's id -> what Optuna has heard
        self.domains = distributions(space)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        super().__init__(
            self.domains,
            metric=metric.name,
            mode=metric.mode,
            sampler=self._sampler_at(0),
            storage=storage,
            study_name=study_name,
        )

    @property
    def study(self) -> optuna.Study:
        """The Optuna study."""
        study: Any = self._ot_study
        assert isinstance(study, optuna.Study)
        return study

    def _sampler_at(self, attempt: int) -> optuna.samplers.BaseSampler:
        sequence = np.random.SeedSequence([*self.seed, self.n_asked, attempt])
        seed = int(sequence.generate_state(1)[0])
        if attempt >= MOST_ASKS // 10:  # TPE insists on what it knows: what is left is elsewhere
            return optuna.samplers.RandomSampler(seed)
        n_before = self.n_random + len(self.points)  # Optuna counts the points, too
        return optuna.samplers.TPESampler(n_startup_trials=n_before, seed=seed)

    def ask(self, ray_id: str, attempt: int) -> dict[str, Any]:
        """Returns settings to try: of a waiting trial, a point, or the sampler's."""
        self.study.sampler = self._sampler_at(attempt)
        if not self.n_waiting and attempt == 0 and self.n_asked < len(self.points):
            self.study.enqueue_trial(dict(self.points[self.n_asked]))
        return dict(super().suggest(ray_id) or {})

    def accept(self, ray_id: str, trial: Trial) -> None:
        """Takes note that the settings are trained as this trial."""
        self.trial_ids[ray_id], self.steps[ray_id] = trial.trial_id, {}
        self.n_waiting = max(0, self.n_waiting - 1)
        self.n_asked += 1
        for key, value in (("trial_id", trial.trial_id), ("number", trial.number)):
            self._ot_trials[ray_id].set_user_attr(key, value)

    def refuse(self, ray_id: str, why: str) -> None:
        """Tells Optuna that the settings are not trained; the sampler then takes no account."""
        trial = self._ot_trials.pop(ray_id)
        trial.set_user_attr("not trained", why)
        self.study.tell(trial, state=TrialState.FAIL)

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Reports each fidelity once: a retry repeats some, a resume reports several at once."""
        rows = ((row[self.unit], row[self._metric]) for row in result.get("rows") or ())
        heard = self.steps[trial_id]
        for step, mean in means_of(rows).items():
            if step > max(heard, default=0):
                self._ot_trials[trial_id].report(mean, step)
                heard[step] = mean

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Tells how the trial ended; Tune has not reported the last result of a stopped one."""
        if trial_id in self._completed_trials:
            return
        if result:
            self.on_trial_result(trial_id, result)
        ending = self.endings.get(self.trial_ids[trial_id])
        status = "failed" if error else ending.status if ending else "finished"
        self._tell(trial_id, status)

    def close(self) -> None:
        """Tells every trial that has not ended as interrupted: FAIL, and none left RUNNING."""
        for ray_id in self._ot_trials.keys() - self._completed_trials:
            self._tell(ray_id, "interrupted")

    def _tell(self, ray_id: str, status: str) -> None:
        trial = self._ot_trials[ray_id]
        state, value = told(status, self.steps[ray_id])
        trial.set_user_attr("status", status)
        self.study.tell(trial, value if state == TrialState.COMPLETE else None, state=state)
        self._completed_trials.add(ray_id)

    def add(
        self,
        settings: Mapping[str, Any],
        status: str,
        steps: Mapping[int, float],
        **attributes: Any,
    ) -> None:
        """Adds a trial that has ended, as it would stand there had this study seen it."""
        state, value = told(status, steps)
        self.study.add_trial(
            optuna.trial.create_trial(
                state=state,
                value=value,
                params=dict(settings),
                distributions=self.domains,
                intermediate_values=dict(steps),
                user_attrs={**attributes, "status": status},
            )
        )

    def reopen(self, settings: Mapping[str, Any]) -> None:
        """Has these settings asked for first: a trial that was begun and is to go on."""
        self.study.enqueue_trial(dict(settings))
        self.n_waiting += 1
