"""What a person sees while trials train: one live table, or plain lines without a terminal."""

import math
import time
from collections.abc import Iterable

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sweepbook.plan.plan import Plan
from sweepbook.record.planned import Trial

LINE_EVERY_S = 30.0  # without a terminal


class Progress:
    """Follows the trials of some studies; a context manager.

    On a terminal a thread of Rich's draws the table while the driver changes it.

    The share done is weighted by each trial's estimated cost, and so is the time left.
    """

    def __init__(self, plans: Iterable[Plan], done: set[str], console: Console) -> None:
        self.plans = list(plans)
        self.trials = {t.trial_id: t for plan in self.plans for t in plan.trials}
        self.owners: dict[str, list[Plan]] = {}
        for plan in self.plans:
            for trial in plan.trials:
                self.owners.setdefault(trial.trial_id, []).append(plan)
        self.names = _short_names(self.plans)
        searches = [p for p in self.plans if p.search and not p.search.exhausted]
        self.n_unknown = sum(p.n_trials - len(p.trials) for p in searches)
        self.fidelity = {i: t.max_fidelity if i in done else 0 for i, t in self.trials.items()}
        self.endings: dict[str, str] = dict.fromkeys(done, "finished before")
        self.running: dict[str, float] = {}  # trial_id -> the metric's last mean
        self.best: dict[str, tuple[float, str, int]] = {}  # study -> value, trial, fidelity
        self.console, self.start, self.said = console, time.monotonic(), time.monotonic()
        self.first_share = self.share()
        self.live = Live(self, console=console, refresh_per_second=2, transient=True)

    def __enter__(self) -> "Progress":
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.console.is_terminal:
            self.live.stop()

    def add(self, plan: Plan, trial: Trial) -> None:
        """Takes note of a trial that a search has suggested."""
        if trial.trial_id in self.trials or plan.search is None:
            return
        self.owners[trial.trial_id] = [plan]
        self.fidelity[trial.trial_id] = 0
        self.names[trial.trial_id] = _suggested_name(plan, trial)
        self.trials[trial.trial_id] = trial  # last: now it may be drawn
        self.n_unknown -= 1

    def step(self, trial_id: str, fidelity: int, value: float) -> None:
        """Takes note of a report."""
        self.fidelity[trial_id] = max(fidelity, self.fidelity[trial_id])
        self.running[trial_id] = value
        for plan in self.owners[trial_id]:
            if math.isfinite(value):
                sign = 1 if plan.study.metric.mode == "max" else -1
                known = self.best.get(plan.study.name)
                if known is None or sign * value > sign * known[0]:
                    self.best[plan.study.name] = (value, trial_id, fidelity)
        if time.monotonic() - self.said > LINE_EVERY_S:
            self.line(f"{self.summary()}")

    def retry(self, trial_id: str, cause: str) -> None:
        """Takes note of an attempt that failed."""
        self.running.pop(trial_id, None)
        self.line(f"tried again: {self.names[trial_id]} ({cause})")

    def end(self, trial_id: str, status: str, reason: str) -> None:
        """Takes note of an ending."""
        self.running.pop(trial_id, None)
        self.endings[trial_id] = status
        self.line(f"{status}: {self.names[trial_id]} ({reason}); {self.summary()}")

    def line(self, text: str) -> None:
        """Prints a line where there is no terminal to redraw."""
        self.said = time.monotonic()
        if not self.console.is_terminal:
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)

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
        return (
            f"{done} of {n} trials done{bad}, {running} running, {n - done - running} left, "
            f"{_duration(time.monotonic() - self.start)} so far, {self._time_left()} to go"
        )

    def _time_left(self) -> str:
        share = self.share()
        gained = share - self.first_share
        elapsed = time.monotonic() - self.start
        if gained <= 0.005:
            return "time unknown"
        return f"about {_duration(elapsed * (1 - share) / gained)}"

    def __rich__(self) -> Group:
        bar = ProgressBar(total=1.0, completed=self.share(), width=60)
        running = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("running trial", "", "of", "metric", "last"):
            running.add_column(column, no_wrap=True)
        for trial_id, value in list(self.running.items())[:8]:
            trial = self.trials[trial_id]
            at = f"{trial.unit} {self.fidelity[trial_id]}"
            name = self.names[trial_id]
            running.add_row(name, at, str(trial.max_fidelity), trial.metric, f"{value:.4g}")
        best = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("study", "best so far", "trial"):
            best.add_column(column, no_wrap=True)
        for plan in self.plans:
            if plan.study.name in self.best:
                value, trial_id, fidelity = self.best[plan.study.name]
                shown = f"{plan.study.metric.name} {value:.4g} at {fidelity}"
                best.add_row(plan.study.name, shown, self.names[trial_id])
        return Group(Text(self.summary()), bar, Text(), running, Text(), best)


def _short_names(plans: list[Plan]) -> dict[str, str]:
    """Trial -> the settings in which it differs from the others of its study."""
    names: dict[str, str] = {}
    for plan in plans:
        configs = [t.config for t in plan.trials]
        varied = [k for k in (configs or [{}])[0] if len({str(c.get(k)) for c in configs}) > 1]
        for trial in plan.trials:
            if plan.search:
                names[trial.trial_id] = _suggested_name(plan, trial)
                continue
            settings = " ".join(f"{k}={trial.config.get(k)}" for k in varied)
            names.setdefault(trial.trial_id, f"{plan.study.name} {settings}".strip())
    return names


def _suggested_name(plan: Plan, trial: Trial) -> str:
    keys = [*plan.search.cells[0], *plan.search.space] if plan.search else []
    settings = " ".join(f"{key}={_shown(trial.config[key])}" for key in keys)
    return f"{plan.study.name} {trial.number}: {settings}"


def _shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
