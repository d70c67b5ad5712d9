"""What is done of the trials of some studies, what is left, and how long that may take."""

import math
import time
from collections.abc import Iterable

from sweepbook.plan.plan import Plan
from sweepbook.record.planned import Trial
from sweepbook.study.texts import setting_text
from sweepbook.tune.console import duration, rough_duration
from sweepbook.tune.pace import Pace


class Standing:
    """The trials of some studies and how far each has come.

    The share done is weighted by each trial's estimated cost, and so is the time left. A thread
    may draw it while the driver changes it.

    Args:
        done: trial_ids that had ended before; they count as done, but not as speed.
    """

    def __init__(self, plans: Iterable[Plan], done: Iterable[str]) -> None:
        self.plans = list(plans)
        self.trials = {t.trial_id: t for plan in self.plans for t in plan.trials}
        self.owners: dict[str, list[Plan]] = {}
        for plan in self.plans:
            for trial in plan.trials:
                self.owners.setdefault(trial.trial_id, []).append(plan)
        self.names = _short_names(self.plans)
        searches = [p for p in self.plans if p.search and not p.search.exhausted]
        self.n_unknown = sum(p.n_trials - len(p.trials) for p in searches)  # yet to be suggested
        self.endings: dict[str, str] = dict.fromkeys(done, "finished before")
        self.fidelity = {
            i: t.max_fidelity if i in self.endings else 0 for i, t in self.trials.items()
        }
        self.running: dict[str, float] = {}  # trial_id -> the metric's last mean
        self.best: dict[str, tuple[float, str, int]] = {}  # study -> value, trial, fidelity
        self.begun, self.pace = time.monotonic(), Pace()

    @property
    def n_open(self) -> int:
        """How many of the known trials have not ended."""
        return len(self.trials) - len(self.endings)

    def add(self, plan: Plan, trial: Trial) -> None:
        """Takes note of a trial that a search has suggested."""
        if trial.trial_id in self.trials or plan.search is None:
            return
        self.owners[trial.trial_id] = [plan]
        self.fidelity[trial.trial_id] = 0
        self.names[trial.trial_id] = _suggested_name(plan, trial)
        self.trials[trial.trial_id] = trial  # last: now it may be drawn
        self.n_unknown -= 1

    def start(self, trial_id: str) -> None:
        """Takes note that a trial starts, or starts again."""
        self.pace.start(trial_id)

    def step(self, trial_id: str, fidelity: int, value: float) -> None:
        """Takes note of a report."""
        self.fidelity[trial_id] = max(fidelity, self.fidelity[trial_id])
        trial = self.trials[trial_id]
        self.pace.step(trial_id, trial.cost_s * fidelity / trial.max_fidelity)
        self.running[trial_id] = value
        if not math.isfinite(value):
            return
        for plan in self.owners[trial_id]:
            sign = 1 if plan.study.metric.mode == "max" else -1
            known = self.best.get(plan.study.name)
            if known is None or sign * value > sign * known[0]:
                self.best[plan.study.name] = (value, trial_id, fidelity)

    def retry(self, trial_id: str) -> None:
        """Takes note of an attempt that failed."""
        self.pause(trial_id)

    def pause(self, trial_id: str) -> None:
        """Takes note that a trial waits to be trained on."""
        self.running.pop(trial_id, None)
        self.pace.end(trial_id, is_over=False)

    def end(self, trial_id: str, status: str) -> None:
        """Takes note of an ending."""
        self.running.pop(trial_id, None)
        self.endings[trial_id] = status
        self.pace.end(trial_id)

    def share(self) -> float:
        """Returns the share of the estimated cost that is done, 0 .. 1.

        A trial that a search has yet to suggest counts as the mean of those that it has.
        """
        trials = list(self.trials.values())
        known = sum(t.cost_s for t in trials)
        total = known * (1 + self.n_unknown / max(1, len(trials))) or 1.0
        return sum(self._share(t) * t.cost_s for t in trials) / total

    def _share(self, trial: Trial) -> float:
        if trial.trial_id in self.endings:
            return 1.0
        return self.fidelity[trial.trial_id] / trial.max_fidelity

    def summary(self) -> str:
        """Returns trials done, running and left, and the time left, in one line."""
        n, done = len(self.trials) + self.n_unknown, len(self.endings)
        running = len(self.running)
        failed = sum(status in ("failed", "diverged") for status in list(self.endings.values()))
        bad = f", {failed} of them failed or diverged" if failed else ""
        time_left = self.time_left() or 0.0
        to_go = f", about {rough_duration(time_left)} to go" if time_left >= 1 else ""
        return (
            f"{done} of {n} trials done{bad}, {running} running, {n - done - running} left, "
            f"{duration(time.monotonic() - self.begun)} so far{to_go}"
        )

    def time_left(self) -> float | None:
        """Returns an estimate of the seconds left, or None while nothing is known.

        A trial that is left counts with the share that those before it trained of theirs, which
        a scheduler may have cut short.
        """
        trials, endings = dict(self.trials), dict(self.endings)
        left = {i: t.cost_s * (1 - self._share(t)) for i, t in trials.items() if i not in endings}
        mean = sum(t.cost_s for t in trials.values()) / max(1, len(trials))
        works = [*left.items(), *[("", mean)] * self.n_unknown]
        trained = self._trained_share(endings)
        return self.pace.left([(i, work * trained) for i, work in works])

    def _trained_share(self, endings: dict[str, str]) -> float:
        """How much of their length trials train; those that run count as if to their end."""
        counted = [i for i in endings if endings[i] in ("finished", "stopped", "diverged")]
        lengths = [(self.fidelity[i], self.trials[i]) for i in counted if i in self.fidelity]
        done = sum(t.cost_s * n / t.max_fidelity for n, t in lengths)
        whole = sum(t.cost_s for _, t in lengths)
        running = sum(self.trials[i].cost_s for i in list(self.running))
        return (done + running) / (whole + running) if whole else 1.0


def _short_names(plans: list[Plan]) -> dict[str, str]:
    """Trial -> the settings in which it differs from the others of its study."""
    names: dict[str, str] = {}
    for plan in plans:
        configs = [t.config for t in plan.trials]
        varied = [
            k for k in (configs or [{}])[0] if len({setting_text(c.get(k)) for c in configs}) > 1
        ]
        for trial in plan.trials:
            if plan.search:
                names[trial.trial_id] = _suggested_name(plan, trial)
                continue
            settings = " ".join(f"{k}={setting_text(trial.config.get(k))}" for k in varied)
            names.setdefault(trial.trial_id, f"{plan.study.name} {settings}".strip())
    return names


def _suggested_name(plan: Plan, trial: Trial) -> str:
    keys = [*plan.search.cells[0], *plan.search.space] if plan.search else []
    settings = " ".join(f"{key}={_shown(trial.config[key])}" for key in keys)
    return f"{plan.study.name} {trial.number}: {settings}"


def _shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else setting_text(value)
