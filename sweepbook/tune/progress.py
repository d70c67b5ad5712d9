"""What a person sees while trials train: one live table, or plain lines without a terminal."""

import time
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sweepbook.plan.plan import Plan
from sweepbook.record.planned import Trial
from sweepbook.study.forms.program import Program
from sweepbook.study.settings import SHARES
from sweepbook.tune.console import say, table_of
from sweepbook.tune.screen import Shown
from sweepbook.tune.standing import Standing

LINE_EVERY_S = 30.0  # without a terminal
MOST_RUNNING = 8  # trials in the live table


def percentage_in(rows: Sequence[Mapping[str, Any]]) -> tuple[str, float] | None:
    """Returns a metric that is called an accuracy and is above 1, with its value."""
    for row in rows:
        for name, value in row.items():
            if name.endswith(SHARES) and isinstance(value, int | float) and 1.0001 < value < inf:
                return name, float(value)
    return None


class Progress:
    """Shows the standing of some studies' trials while they train; a context manager.

    On a terminal a thread of Rich's draws the table while the driver changes the standing.

    Args:
        done: trial_ids that had ended before.
    """

    def __init__(self, plans: Iterable[Plan], done: Iterable[str], console: Console) -> None:
        self.standing = Standing(plans, done)
        self.console, self.said = console, time.monotonic()
        self.told: set[str] = set()  # studies
        self.live = Live(self, console=console, refresh_per_second=2, transient=True)
        self.shown = Shown()

    def __enter__(self) -> "Progress":
        if self.console.is_terminal:
            self.live.start()
        self.shown.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.console.is_terminal:
            self.live.stop()
        self.shown.stop()

    def add(self, plan: Plan, trial: Trial) -> None:
        """Takes note of a trial that a search has suggested."""
        self.standing.add(plan, trial)

    def start(self, trial_id: str) -> None:
        """Takes note that a trial starts, or starts again."""
        self.standing.start(trial_id)

    def step(self, trial_id: str, fidelity: int, value: float) -> None:
        """Takes note of a report."""
        self.standing.step(trial_id, fidelity, value)
        self.shown.draw(self.__rich__)
        if time.monotonic() - self.said > LINE_EVERY_S:
            self.line(self.standing.summary())

    def retry(self, trial_id: str, cause: str) -> None:
        """Takes note of an attempt that failed."""
        self.standing.retry(trial_id)
        self.news(f"retry: {self.standing.names[trial_id]} ({cause})")

    def pause(self, trial_id: str) -> None:
        """Takes note that a trial waits to be trained on."""
        self.standing.pause(trial_id)

    def tell_begins_anew(self, trial_id: str) -> None:
        """Says, once for each study, that its trials cannot go on where they were."""
        for plan in self.standing.owners[trial_id]:
            if plan.study.name not in self.told:
                self.told.add(plan.study.name)
                lacks = "its trainable takes no 'state', nor asks Ray for a checkpoint first"
                if isinstance(plan.study.trainable, Program):
                    lacks = "its command never names {checkpoint_dir}"
                self.news(
                    f"{plan.study.name}: {lacks}, so a trial that fails or is interrupted starts "
                    "again from its beginning"
                )

    def tell_percentages(self, trial_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Says, once for each study, that an accuracy is none: reports multiply it by 100."""
        for plan in self.standing.owners[trial_id]:
            key = f"{plan.study.name}, shares"
            found = None if key in self.told else percentage_in(rows)
            if found is not None:
                self.told.add(key)
                name, value = found
                self.news(
                    f"{plan.study.name}: {name} is {value:g}, but reports take a metric whose "
                    f"name ends with acc for a share from 0 to 1, and show {100 * value:,.6g} %: "
                    f"give {value / 100:g} if it is a percentage, or call it {name}_percent"
                )

    def end(self, trial_id: str, status: str, reason: str) -> None:
        """Takes note of an ending."""
        self.standing.end(trial_id, status)
        name = self.standing.names[trial_id]
        text = f"{status}: {name} ({reason}); {self.standing.summary()}"
        (self.news if status == "failed" else self.line)(text)

    def news(self, text: str) -> None:
        """Prints a line that nobody must miss, on a terminal above the table."""
        self.said = time.monotonic()
        say(self.console, text)

    def line(self, text: str) -> None:
        """Prints a line where nothing can be redrawn."""
        if not self.console.is_terminal and not self.shown.is_on:
            self.news(text)

    def __rich__(self) -> Group:
        standing = self.standing
        bar = ProgressBar(total=1.0, completed=standing.share(), width=60)
        tables = _running(standing), Text(), _best(standing)
        return Group(Text(standing.summary()), bar, Text(), *tables)


def _running(standing: Standing) -> Table:
    """The trials that are training, with the last value of their metric."""
    rows = []
    for trial_id, value in list(standing.running.items())[:MOST_RUNNING]:
        trial = standing.trials[trial_id]
        at, name = f"{trial.unit} {standing.fidelity[trial_id]}", standing.names[trial_id]
        rows.append((name, at, trial.max_fidelity, trial.metric, f"{value:.4g}"))
    return table_of(("running trial", "", "of", "metric", "last"), rows, no_wrap=True)


def _best(standing: Standing) -> Table:
    """The best value of each study so far."""
    rows = []
    for plan in standing.plans:
        if plan.study.name in standing.best:
            value, trial_id, fidelity = standing.best[plan.study.name]
            shown = f"{plan.study.metric.name} {value:.4g} at {fidelity}"
            rows.append((plan.study.name, shown, standing.names[trial_id]))
    return table_of(("study", "best so far", "trial"), rows, no_wrap=True)
