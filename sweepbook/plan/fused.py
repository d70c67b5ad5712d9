"""Which trials train in one stack: decided before they start, by a rule that docs/fused.md states.

Fused are trials whose configs are equal in all but the settings that the trainable keeps per
model, and that have the same length, replicates and needs.
"""

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sweepbook.plan.asked import ask_stack_size
from sweepbook.plan.options import Options
from sweepbook.record.planned import Trial
from sweepbook.study.settings import setting_key
from sweepbook.study.study import Study


def with_fuse(study: Study, options: Options) -> Study:
    """Returns the study with what the options say of fusing.

    `all` studies are asked: those that cannot fuse stay as they are.
    """
    if options.fuse is None or (options.fuse and not study.fused and not options.everywhere):
        return study
    return dataclasses.replace(study, fuse=options.fuse)


def check_fused(study: Study, configs: Sequence[Mapping[str, Any]]) -> None:
    """Checks that a study that is to fuse its trials can.

    Raises:
        ValueError: saying what is missing, and what to do.
    """
    if not study.fuse:
        return
    otherwise = "or leave fuse out (--no-fuse on the command line)"
    if study.fused is None:
        raise ValueError(
            f"study {study.name} is to fuse its trials, but does not say how its trainable trains "
            'several configs together: add fused=Fused(train="module:function", '
            f'per_model=["lr", ...]), {otherwise}'
        )
    if not study.stacked:
        raise ValueError(
            f"study {study.name} is to fuse its trials, but its trainable trains the replicates "
            f"of a trial one by one: only studies with stacked=True fuse; write one, {otherwise}"
        )
    unknown = [name for name in study.fused.per_model if name not in configs[0]]
    if unknown:
        raise ValueError(
            f"per_model of study {study.name} names {', '.join(map(repr, unknown))}, which is no "
            f"setting of it: its settings are {', '.join(configs[0])}"
        )
    for config in configs:
        if study.fused.size is not None:
            ask_stack_size(study, study.fused.size, config)


def fuses(study: Study) -> bool:
    """Whether trials of the study may share a stack; those of a search do not."""
    return study.fuse and study.fused is not None and study.search is None


def packs_of(
    trials: Sequence[tuple[Trial, Study]], n_workers: int, alone: Collection[str] = ()
) -> list[list[Trial]]:
    """Returns the trials in packs, each to be trained in one stack; a pack of one by itself.

    A pack holds at most as many trials as the trainable says. There are at least as many packs
    as workers, where there are as many trials, and a whole multiple of the workers beyond that,
    so that all workers are busy to the end. The longest packs come first.

    Args:
        trials: with the study that each is of.
        n_workers: how many trials train at a time, >= 1.
        alone: ids of trials that are not to be fused.

    Raises:
        ValueError: the study's function gives no size.
    """
    groups: dict[Any, list[Trial]] = {}
    studies: dict[Any, Study] = {}
    for trial, study in trials:
        key = trial.trial_id if trial.trial_id in alone else pack_key(trial, study)
        groups.setdefault(key, []).append(trial)
        studies[key] = study
    total = sum(trial.cost_s for trial, _ in trials) or 1.0
    packs = []
    for key, group in groups.items():
        share = sum(trial.cost_s for trial in group) / total
        most = most_of(studies[key], group[0]) if len(group) > 1 else 1
        packs += _split(group, _n_packs(len(group), most, n_workers, share))
    return sorted(packs, key=lambda pack: (-sum(t.cost_s for t in pack), pack[0].trial_id))


def pack_key(trial: Trial, study: Study) -> Any:
    """What trials of one stack have in common; the trial's own id where it is never fused."""
    if not fuses(study) or study.fused is None or trial.gpus:
        return trial.trial_id
    shared = {k: v for k, v in trial.config.items() if k not in study.fused.per_model}
    seeds = trial.seed, trial.first, trial.n_replicates
    lengths = trial.unit, trial.max_fidelity, trial.ends_itself, trial.metric
    named = study.fused.train, study.fused.size, str(trial.trainable), trial.nested
    return setting_key(shared), seeds, lengths, named, trial.cpus, trial.hang_s


def most_of(study: Study, trial: Trial) -> float:
    """How many trials like this one a stack may hold."""
    if study.fused is None or study.fused.size is None:
        return math.inf
    return ask_stack_size(study, study.fused.size, trial.config)


def _n_packs(n: int, most: float, n_workers: int, share: float) -> int:
    """How many packs a group of n trials makes, whose share of all the work is 0 .. 1."""
    n_packs = max(math.ceil(n / most), math.ceil(n_workers * share - 1e-9), 1)
    if n_packs > n_workers:
        n_packs = math.ceil(n_packs / n_workers) * n_workers
    return min(n, n_packs)


def _split(group: Sequence[Trial], n_packs: int) -> list[list[Trial]]:
    """The group in packs of sizes that differ by one at most."""
    return [list(group[number::n_packs]) for number in range(n_packs)]
