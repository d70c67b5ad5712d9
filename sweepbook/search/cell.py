"""The Optuna study of one cell of a search, told how each trial ended and at which fidelity."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import optuna
from optuna.trial import TrialState

from sweepbook.record.planned import Trial
from sweepbook.record.values import Follower
from sweepbook.study.search import Space
from sweepbook.study.study import Metric

MOST_ASKS = 100  # in a row that bring nothing new; the cell then counts as exhausted
_DISTRIBUTIONS = {
    "float": optuna.distributions.FloatDistribution,
    "int": optuna.distributions.IntDistribution,
}


def distributions(
    space: Mapping[str, Mapping[str, Any]],
) -> dict[str, optuna.distributions.BaseDistribution]:
    """Returns a described space as Optuna's distributions."""
    found: dict[str, optuna.distributions.BaseDistribution] = {}
    for key, domain in space.items():
        if domain["kind"] == "choice":
            found[key] = optuna.distributions.CategoricalDistribution(domain["choices"])
        else:
            steps = {"step": domain["step"]} if domain.get("step") else {}
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


class CellSearch:
    """The Optuna study of one cell, asked for settings and told how their trials go.

    Whoever asks names each ask by a key of its own and tells by the same key.

    Args:
        space: the open settings, described.
        metric: what trials report; its mode is the study's direction.
        unit: the column of a row that counts its fidelity.
        n_random: configs drawn at random after the points, before the model suggests any.
        seed: of every suggestion, together with its count: what is suggested depends on the
            seed, on what was told so far, and on nothing else, so that a sampler rebuilt from a
            record goes on as the one before it would have.
        points: settings asked for first; what one leaves open is sampled.
        storage: where Optuna keeps the study; None: in memory.
        study_name: its name there.
    """

    def __init__(
        self,
        space: Space,
        metric: Metric,
        unit: str,
        *,
        n_random: int,
        seed: Iterable[int],
        points: Iterable[Mapping[str, Any]] = (),
        storage: optuna.storages.BaseStorage | None = None,
        study_name: str | None = None,
    ) -> None:
        self.metric, self.unit = metric.name, unit
        self.n_random, self.seed, self.points = n_random, tuple(seed), list(points)
        self.n_asked = 0  # distinct configs so far
        self.n_waiting = 0  # of a record, to be trained further before anything new
        self.trials: dict[str, optuna.Trial] = {}  # key -> Optuna's trial
        self.steps: dict[str, dict[int, float]] = {}  # key -> what Optuna has heard
        self.followers: dict[str, Follower] = {}
        self.ended: set[str] = set()  # keys
        self.domains = distributions(space)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.study = optuna.create_study(
            storage=storage,
            sampler=self._sampler_at(0),
            pruner=optuna.pruners.NopPruner(),  # a scheduler stops trials, if anything does
            study_name=study_name,
            direction="minimize" if metric.mode == "min" else "maximize",
            load_if_exists=True,
        )

    def _sampler_at(self, attempt: int) -> optuna.samplers.BaseSampler:
        sequence = np.random.SeedSequence([*self.seed, self.n_asked, attempt])
        seed = int(sequence.generate_state(1)[0])
        if attempt >= MOST_ASKS // 10:  # TPE insists on what it knows: what is left is elsewhere
            return optuna.samplers.RandomSampler(seed)
        n_before = self.n_random + len(self.points)  # Optuna counts the points, too
        return optuna.samplers.TPESampler(n_startup_trials=n_before, seed=seed)

    def ask(self, key: str, attempt: int) -> dict[str, Any]:
        """Returns settings to try: of a waiting trial, a point, or the sampler's.

        Args:
            attempt: how many asks in a row before this one were refused.
        """
        self.study.sampler = self._sampler_at(attempt)
        if not self.n_waiting and attempt == 0 and self.n_asked < len(self.points):
            self.study.enqueue_trial(dict(self.points[self.n_asked]))
        self.trials[key] = self.study.ask(fixed_distributions=self.domains)
        self.steps[key], self.followers[key] = {}, Follower(self.metric, self.unit)
        return dict(self.trials[key].params)

    def accept(self, key: str, trial: Trial) -> None:
        """Takes note that the settings are trained as this trial."""
        self.n_waiting = max(0, self.n_waiting - 1)
        self.n_asked += 1
        for name, value in (("trial_id", trial.trial_id), ("number", trial.number)):
            self.trials[key].set_user_attr(name, value)

    def refuse(self, key: str, why: str) -> None:
        """Tells Optuna that the settings are not trained; the sampler then takes no account."""
        trial = self.trials.pop(key)
        trial.set_user_attr("not trained", why)
        self.study.tell(trial, state=TrialState.FAIL)

    def report(self, key: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Reports each fidelity once: a retry repeats some, a resume reports several at once.

        Args:
            rows: one per replicate and fidelity, with the metric and the unit's column.
        """
        heard = self.steps[key]
        for step in self.followers[key].take(rows):
            if step.fidelity > max(heard, default=0):
                self.trials[key].report(step.mean, step.fidelity)
                heard[step.fidelity] = step.mean

    def end(self, key: str, status: str) -> None:
        """Tells how the trial ended; a second time changes nothing."""
        if key in self.ended:
            return
        trial = self.trials[key]
        state, value = told(status, self.steps[key])
        trial.set_user_attr("status", status)
        self.study.tell(trial, value if state == TrialState.COMPLETE else None, state=state)
        self.ended.add(key)

    def close(self) -> None:
        """Tells every trial that has not ended as interrupted: FAIL, and none left RUNNING."""
        for key in self.trials:
            self.end(key, "interrupted")

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
