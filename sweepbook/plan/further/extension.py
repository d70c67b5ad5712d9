"""What becomes of a record's trials where it gets more replicates, fidelity or trials."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan, extended_trial
from sweepbook.record.account import DONE
from sweepbook.record.cache import ended_by_itself
from sweepbook.record.checkpoints import checkpoint_path
from sweepbook.record.load import Record
from sweepbook.record.manifest import Manifest
from sweepbook.record.planned import SearchPlan, Trial


@dataclass(frozen=True)
class Extension:
    """What becomes of a record's trials.

    Args:
        trials: of the new record.
        kept: trial_ids that stay as they are, with every row.
        continued: new trial_id -> the old one, whose checkpoint it goes on from.
    """

    trials: tuple[Trial, ...]
    kept: tuple[str, ...]
    continued: dict[str, str]

    @property
    def anew(self) -> list[str]:
        """Ids of the trials that are trained from the beginning."""
        known = {*self.kept, *self.continued}
        return [t.trial_id for t in self.trials if t.trial_id not in known]

    def __str__(self) -> str:
        return what_becomes(len(self.kept), len(self.continued), len(self.anew))


def what_becomes(kept: int, continued: int, anew: int, at: str = "") -> str:
    """Returns in words what becomes of a record's trials; `at`: where a single one continues.

    >>> what_becomes(1, 1, 2, at=" at epoch 3")
    '1 trial is kept, 1 continues from its checkpoint at epoch 3, 2 are trained from the beginning'
    """
    trials = "trial is" if kept == 1 else "trials are"
    whence = "continue from their checkpoints"
    if continued == 1:
        whence = f"continues from its checkpoint{at}"
    are = "is" if anew == 1 else "are"
    return f"{kept} {trials} kept, {continued} {whence}, {anew} {are} trained from the beginning"


def plan_extension(record: Record, plan: Plan, options: Options, extendable: bool) -> Extension:
    """Returns what becomes of a record's trials under the options.

    A trial that the options do not change is kept where it has ended. One that is only to be
    longer goes on from its checkpoint where the study says that this is the same training.

    Args:
        plan: as recorded, with its scheduler's new limits.
        options: replicates, epochs or scale, this one as a factor of the recorded lengths.

    Raises:
        ValueError: where a trial would get less than it has had.
    """
    ended = record.trials[ended_by_itself(record.trials)]
    trials: dict[str, Trial] = {}
    continued: dict[str, str] = {}
    for old in sorted(plan.trials, key=lambda trial: trial.max_fidelity):
        new = extended_trial(plan.study, old, options, plan.data, plan.files)
        _check_not_less(old, new)
        trials[new.trial_id] = new
        is_longer = new.trial_id != old.trial_id and new.n_replicates == old.n_replicates
        is_saved = checkpoint_path(record.path, old.trial_id).is_file()
        if extendable and is_longer and is_saved:
            continued[new.trial_id] = old.trial_id  # the longest, where several become one
    kept = sorted(trials.keys() & set(ended["trial_id"]))
    continued = {new: old for new, old in continued.items() if new not in kept}
    return Extension(tuple(trials.values()), tuple(kept), continued)


def _check_not_less(old: Trial, new: Trial) -> None:
    for what, before, after in (
        ("replicates", old.n_replicates, new.n_replicates),
        (f"{old.unit}s", old.max_fidelity, new.max_fidelity),
    ):
        if after < before:
            raise ValueError(
                f"an extended record cannot have fewer {what} than before: trial {old.trial_id} "
                f"has {before}, got {after}; run the study anew for fewer"
            )


def with_longer_scheduler(plan: Plan, options: Options) -> Plan:
    """The plan with a scheduler that follows trials to their new end, where it did so before."""
    asha, most = plan.study.scheduler, max(t.max_fidelity for t in plan.trials)
    if asha is None or asha.max_t != most or (options.epochs or options.scale) is None:
        return plan
    free = dataclasses.replace(plan.study, scheduler=None)
    longer = [extended_trial(free, t, options, plan.data, plan.files) for t in plan.trials]
    scheduler = dataclasses.replace(asha, max_t=max(t.max_fidelity for t in longer))
    return dataclasses.replace(plan, study=dataclasses.replace(plan.study, scheduler=scheduler))


def changed_manifest(manifest: Manifest, plan: Plan, options: Options) -> Manifest:
    """Returns the manifest with what it says otherwise for the options."""
    changed: dict[str, Any] = {
        "n_replicates": options.replicates or manifest.n_replicates,
        "study": dataclasses.replace(manifest.study, scheduler=plan.study.scheduler),
    }
    if options.epochs is not None:
        changed |= {
            "scale": None,
            "overrides": {**manifest.overrides, "epochs": options.epochs},
        }
        if manifest.replaced is not None:
            lengths = list(dict.fromkeys(trial.max_fidelity for trial in manifest.trials))
            changed["replaced"] = {"epochs": lengths, **manifest.replaced}
    if options.scale is not None:
        changed["scale"] = (manifest.scale or 1) * options.scale
    return dataclasses.replace(manifest, **changed)


def plan_more_trials(record: Record, plan: Plan, options: Options) -> tuple[Extension, SearchPlan]:
    """Returns a search with more trials per cell: all that have ended are kept.

    Raises:
        ValueError: other options than --trials, or no more trials than there are.
    """
    if plan.search is None:
        raise ValueError(f"--trials is for searches, but study {plan.study.name} is a grid")
    if options.trials is None or options != Options(trials=options.trials):
        raise ValueError(
            "a search can only be extended by --trials: its suggestions depend on the seed, the "
            "replicates and the length of its trials; run a new search to change those"
        )
    before = plan.search.n_trials_per_cell
    if options.trials <= before:
        raise ValueError(
            f"--trials must be more than {before}, the trials per cell so far, got "
            f"{options.trials}"
        )
    search = dataclasses.replace(
        plan.search,
        n_trials=options.trials * plan.search.n_trials // before,
        n_trials_per_cell=options.trials,
        exhausted=False,
    )
    ended = record.trials["status"].isin(DONE)
    kept = record.trials.loc[ended, "trial_id"]
    continued = {t.trial_id: t.trial_id for t in plan.trials if t.trial_id not in set(kept)}
    saved = {i: i for i in continued if checkpoint_path(record.path, i).is_file()}
    return Extension(plan.trials, tuple(sorted(kept)), saved), search
