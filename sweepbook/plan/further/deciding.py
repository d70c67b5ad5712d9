"""A record whose claims are to be decided by further replicates: can they be, and its trials."""

import dataclasses
from collections.abc import Sequence

from sweepbook.plan.asked import ask_single
from sweepbook.plan.plan import Plan
from sweepbook.plan.trial import n_fidelity, trial_id_of
from sweepbook.record.batches.ranges import batches_of, to_train
from sweepbook.record.load import Record
from sweepbook.record.planned import Trial
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.trainable import type_of_configs
from sweepbook.study.settings import FIRST


def check_can_grow(record: Record, plan: Plan) -> None:
    """Refuses records of which no claim could be decided by further replicates.

    Raises:
        ValueError: saying what to do instead.
    """
    manifest, name = record.manifest, record.path
    if manifest.search is not None:
        raise ValueError(
            f"{name} is of a search, whose trials were chosen by their own scores: retrain its "
            f"winners first, by sweepbook confirm {name} --seed N, and decide that record"
        )
    if manifest.study.scheduler is not None:
        raise ValueError(
            f"{name} has trials that a scheduler may have stopped by their first seeds, so more "
            "seeds cannot decide its claims: run the study with --no-scheduler, and decide that "
            "record"
        )
    if manifest.status not in ("complete", "failed"):
        raise ValueError(
            f"{name} has not ended (its status is {manifest.status!r}): complete it first, by "
            f"sweepbook run --resume {name}"
        )
    if not manifest.study.claims:
        raise ValueError(
            f"{name} has no claims, so there is nothing to decide: declare claims in the study, "
            "and run it again"
        )
    _check_trainable(plan)


def _check_trainable(plan: Plan) -> None:
    """Refuses a stacked trainable that cannot begin at another replicate than the first."""
    study = plan.study
    kind = type_of_configs(study.trainable)
    fields = {field.name for field in dataclasses.fields(kind)} if kind else {FIRST}
    if study.stacked and FIRST not in fields:
        raise ValueError(
            f"{kind.__name__ if kind else 'config'} of study {study.name} has no field {FIRST!r}, "
            f"so its stack always begins at replicate 0: add `{FIRST}: int = 0`, count the seeds "
            "of the stack from it, and run the study again"
        )


def check_looks(plan: Plan, looks: Sequence[int]) -> None:
    """Refuses looks that are no whole repetitions of an estimator's folds.

    Raises:
        ValueError: naming the look.
    """
    if isinstance(plan.study.trainable, Estimator):
        for look in looks:
            plan.study.trainable.check_replicates(look)


def can_grow(plan: Plan, trial: Trial) -> bool:
    """Whether another seed gives another model of the trial."""
    kind = type_of_configs(plan.study.trainable)
    takes_seed = kind is None or plan.study.stacked or "seed" in trial.config
    return takes_seed and not ask_single(plan.study, trial.config)


def any_grows(plan: Plan, wanted: Sequence[str]) -> bool:
    """Whether another seed gives another model of one of these trials (ids)."""
    return any(can_grow(plan, trial) for trial in plan.trials if trial.trial_id in wanted)


def to_grow(plan: Plan) -> dict[str, Trial]:
    """Returns each trial under an id that leaves its number of replicates out, by its old id.

    Raises:
        ValueError: two trials differ in their replicates alone.
    """
    found: dict[str, Trial] = {}
    for trial in plan.trials:
        cut = trial.max_fidelity if trial.max_fidelity != _length(plan, trial) else None
        trial_id = trial_id_of(
            plan.study, trial.config, trial.seed, None, plan.data, plan.files, cut=cut
        )
        own = batches_of(trial)[0]
        found[trial.trial_id] = dataclasses.replace(
            trial, trial_id=trial_id, batches=((own.start, own.stop),)
        )
    if len({trial.trial_id for trial in found.values()}) < len(found):
        raise ValueError(
            f"study {plan.study.name} has trials that differ in their number of replicates alone, "
            "so nobody can say which of them gets more: run it with one number for all"
        )
    return found


def _length(plan: Plan, trial: Trial) -> int:
    return n_fidelity(plan.study, trial.config)


def next_batch(plan: Plan, wanted: Sequence[str], look: int) -> list[Trial]:
    """Returns what is to be trained so that the wanted trials have the replicates of a look.

    Args:
        plan: of the record. wanted: trial_ids, of which those that have them already, or whose
            seed changes nothing, are left out.
    """
    found = [
        to_train(trial, range(trial.n_replicates, look))
        for trial in plan.trials
        if trial.trial_id in wanted and trial.n_replicates < look and can_grow(plan, trial)
    ]
    return sorted(found, key=lambda trial: (-trial.cost_s, trial.trial_id))
