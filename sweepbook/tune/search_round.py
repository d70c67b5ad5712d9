"""The trials that a search suggests, trained under one Tuner."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rich.console import Console

from sweepbook.plan.plan import Plan
from sweepbook.record.account import DONE
from sweepbook.record.planned import Trial
from sweepbook.record.values import Ending
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.owed import n_open, recorded
from sweepbook.tune.progress import Progress
from sweepbook.tune.site import Pair, Site
from sweepbook.tune.tuner import Suggested, fit, tuner_of
from sweepbook.tune.worker.assignment import Assignment

if TYPE_CHECKING:  # it imports Ray, whose environment a driver sets first
    from sweepbook.tune.scheduler import StudyASHA


@dataclass
class _Shared:
    """What searcher, scheduler and callback share while a search runs.

    Args:
        owners: trial_id -> its writer; suggestions are added.
        endings: trial_id -> why the scheduler ended it; searcher and callback read it.
    """

    plan: Plan
    writer: RecordWriter
    site: Site
    progress: Progress
    owners: dict[str, list[RecordWriter]]
    endings: dict[str, Ending] = field(default_factory=dict)
    scheduler: "StudyASHA | None" = None

    def admit(self, trial: Trial, cell: int) -> Assignment:
        """Takes note of a suggested trial wherever it must be known before it starts."""
        self.writer.add_trial(trial)
        self.owners[trial.trial_id] = [self.writer]
        self.progress.add(self.plan, trial)
        if self.scheduler is not None:
            self.scheduler.expect(trial.trial_id, trial.max_fidelity, cell)
        return self.site.assignment(trial, [self.writer])


def train_search(pairs: Sequence[Pair], site: Site, console: Console) -> bool:
    """Trains what a search suggests; returns whether it came to its end.

    Args:
        pairs: the search's plan and its writer, alone.
    """
    from sweepbook.tune.callback import RecordCallback
    from sweepbook.tune.scheduler import scheduler_of
    from sweepbook.tune.searcher import StudySearch

    ((plan, writer),) = pairs
    record = recorded(writer)
    done = {i for i, row in writer.trials.items() if row["status"] in DONE}
    with Progress([plan], done, console) as progress:
        owners = {trial.trial_id: [writer] for trial in plan.trials}
        shared = _Shared(plan, writer, site, progress, owners)
        shared.scheduler = scheduler_of(plan, shared.endings, record)
        searcher = StudySearch(plan, shared.endings, shared.admit, writer.folder)
        searcher.enter_record(*record)
        callback = RecordCallback(owners, progress, shared.endings, limits=site.limits)
        try:
            source = Suggested(plan, searcher, n_open(plan, writer))
            tuner = tuner_of({}, callback, shared.scheduler, site, source)
            fit(tuner, [writer], progress.standing)
        finally:
            searcher.close()
    if writer.manifest.search is not None:
        exhausted = searcher.is_exhausted()
        writer.note(search=replace(writer.manifest.search, exhausted=exhausted))
    writer.flush()
    has_all = progress.standing.n_unknown == 0 or searcher.is_exhausted()
    return progress.standing.n_open == 0 and has_all
