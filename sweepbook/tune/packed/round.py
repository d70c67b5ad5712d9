"""The trials of a study with a scheduler, trained in packs under one Tuner."""

from collections.abc import Sequence

from rich.console import Console

from sweepbook.plan.fused import packs_of
from sweepbook.record.ledger import slots
from sweepbook.record.planned import Trial
from sweepbook.record.values import Ending
from sweepbook.tune.cluster.connection import resources
from sweepbook.tune.owed import is_open, recorded
from sweepbook.tune.progress import Progress
from sweepbook.tune.site import Pair, Site
from sweepbook.tune.tuner import Suggested, fit, tuner_of
from sweepbook.tune.worker.assignment import Pack


def trains_in_packs(pairs: Sequence[Pair]) -> bool:
    """Whether a group of plans is one study with a scheduler some of whose trials share stacks."""
    (plan, _), *_ = pairs
    if plan.study.scheduler is None or plan.search is not None:
        return False
    packs = packs_of([(trial, plan.study) for trial in plan.trials], n_workers=1)
    return any(len(pack) > 1 for pack in packs)


def train_in_packs(pairs: Sequence[Pair], site: Site, console: Console) -> bool:
    """Trains the open trials of a plan with a scheduler; returns whether all have ended.

    Args:
        pairs: the plan and its writer, alone.
    """
    from sweepbook.tune.callback import RecordCallback
    from sweepbook.tune.packed.queue import PackQueue
    from sweepbook.tune.scheduler import scheduler_of

    ((plan, writer),) = pairs
    wanted = [trial for trial in plan.trials if is_open(writer, trial)]
    owners = {trial.trial_id: [writer] for trial in plan.trials}
    endings: dict[str, Ending] = {}
    scheduler = scheduler_of(plan, endings, recorded(writer))
    fused = plan.study.fused
    if scheduler is None or fused is None:
        raise ValueError(f"study {plan.study.name} has no scheduler, or is not fused")

    def make(trials: Sequence[Trial], until: int) -> Pack:
        return Pack([site.assignment(trial, [writer]) for trial in trials], fused.train, until)

    most_cpus = max(trial.cpus for trial in plan.trials)
    n_workers = slots(most_cpus, 0, resources(), site.placement.max_concurrent)
    queue = PackQueue(plan.study, wanted, scheduler, make, n_workers)
    done = owners.keys() - {trial.trial_id for trial in wanted}
    with Progress([plan], done, console) as progress:
        callback = RecordCallback(
            *(owners, progress, endings),
            limits=site.limits,
            has_rounds=True,  # the queue is asked again
            packs=queue.packs,
            queue=queue,
        )
        # each trial is in a pack for each of its rungs at most, and in another where one fails
        n_rungs = 1 + max(len(bracket.levels) for bracket in scheduler.rungs)
        source = Suggested(plan, queue, 2 * n_rungs * len(plan.trials))
        fit(tuner_of({}, callback, None, site, source), [writer], progress.standing)
    writer.flush()
    return progress.standing.n_open == 0
