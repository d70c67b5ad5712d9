"""The trials of grid studies, trained together: one Tuner, and another for what is left over."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console

from sweepbook.plan.fused import packs_of
from sweepbook.record.ledger import slots
from sweepbook.record.planned import Trial
from sweepbook.record.values import Ending
from sweepbook.record.writer import RecordWriter
from sweepbook.tune.cluster.connection import resources
from sweepbook.tune.owed import is_open, recorded
from sweepbook.tune.progress import Progress
from sweepbook.tune.site import Pair, Site
from sweepbook.tune.tuner import fit, tuner_of
from sweepbook.tune.worker.assignment import Assignment, Pack

if TYPE_CHECKING:  # it imports Ray, whose environment a driver sets first
    from sweepbook.tune.callback import RecordCallback


def train_together(pairs: Sequence[Pair], site: Site, console: Console) -> bool:
    """Trains the open trials of some plans; returns whether all have ended.

    Those whose share of a GPU's memory was too small are trained in another round, each on a
    whole one, and so are those whose machines were lost before they began, and those whose stack
    of several trials failed: each by itself.
    """
    trials, owners = _join(pairs)
    wanted = _open_trials(trials, owners)
    alone: set[str] = set()
    while True:
        callback, n_left = _round(pairs, wanted, owners, alone, site, console)
        again = {*callback.crowded, *callback.lost, *callback.unfused}
        alone.update(callback.unfused)
        if not again or n_left != len(again):
            return n_left == 0
        wanted = [
            _alone(trial) if trial.trial_id in callback.crowded else trial
            for trial in _open_trials(trials, owners)
            if trial.trial_id in again
        ]


def _round(
    pairs: Sequence[Pair],
    wanted: Collection[Trial],
    owners: dict[str, list[RecordWriter]],
    alone: Set[str],
    site: Site,
    console: Console,
) -> "tuple[RecordCallback, int]":
    """Trains these trials under one Tuner; returns what heard of it, and how many are left."""
    from sweepbook.tune.callback import RecordCallback
    from sweepbook.tune.scheduler import scheduler_of

    (plan, writer), *_ = pairs  # a plan with a scheduler is alone
    endings: dict[str, Ending] = {}  # the scheduler writes them, the callback records them
    scheduler = scheduler_of(plan, endings, recorded(writer)) if plan.study.scheduler else None
    done = owners.keys() - {trial.trial_id for trial in wanted}
    assignments = _assignments(wanted, owners, alone, site)
    with Progress([plan for plan, _ in pairs], done, console) as progress:
        callback = RecordCallback(
            owners,
            progress,
            endings,
            sharing={trial.trial_id for trial in wanted if 0 < trial.gpus < 1},
            limits=site.limits,
            has_rounds=True,
            packs={
                pack_id: [own.trial.trial_id for own in pack.members]
                for pack_id, pack in assignments.items()
                if isinstance(pack, Pack)
            },
        )
        tuner = tuner_of(assignments, callback, scheduler, site)
        fit(tuner, [w for _, w in pairs], progress.standing)
    for _, own in pairs:
        own.flush()
    return callback, progress.standing.n_open


def _assignments(
    wanted: Collection[Trial],
    owners: Mapping[str, Sequence[RecordWriter]],
    alone: Set[str],
    site: Site,
) -> dict[str, Assignment | Pack]:
    """What workers are given: trials that share a stack in one piece, the longest first."""
    with_studies = [(t, owners[t.trial_id][0].manifest.study) for t in wanted]
    cpus = max((trial.cpus for trial in wanted), default=1.0)
    n_workers = slots(cpus, 0, resources(), site.placement.max_concurrent)
    given = [site.pack(pack, owners) for pack in packs_of(with_studies, n_workers, alone)]
    return {own.pack_id if isinstance(own, Pack) else own.trial.trial_id: own for own in given}


def _open_trials(trials: Sequence[Trial], owners: dict[str, list[RecordWriter]]) -> list[Trial]:
    """Those that some record still lacks."""
    return [t for t in trials if any(is_open(writer, t) for writer in owners[t.trial_id])]


def _alone(trial: Trial) -> Trial:
    """The trial on a whole GPU."""
    return replace(trial, gpus=1.0)


def _join(pairs: Sequence[Pair]) -> tuple[list[Trial], dict[str, list[RecordWriter]]]:
    """The distinct trials of all plans, longest first, and the writers that want each."""
    trials: dict[str, Trial] = {}
    owners: dict[str, list[RecordWriter]] = {}
    for plan, writer in pairs:
        for trial in plan.trials:
            trials.setdefault(trial.trial_id, trial)
            owners.setdefault(trial.trial_id, []).append(writer)
    return sorted(trials.values(), key=lambda t: (-t.cost_s, t.trial_id)), owners
