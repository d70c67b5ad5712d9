"""What a record keeps of its plan: the trials, and the resolved search."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sweepbook.record.schema.limits import Number, Replicates, Seconds, Seed, Share, Steps, TrialId
from sweepbook.study.forms.trainable import Trainable
from sweepbook.study.search import Space
from sweepbook.study.settings import setting_key
from sweepbook.study.spaces.names import nested


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One config with its replicates, ready to be trained anywhere."""

    trial_id: TrialId  # hash of trainable, config, seed and data
    trainable: Trainable
    config: dict[str, Any]  # every setting, defaults too
    stacked: bool
    seed: Seed
    n_replicates: Replicates
    unit: str
    max_fidelity: Steps
    metric: str
    cpus: Share
    gpus: Share
    cost_s: float  # roughly, on one core
    hang_s: Seconds | None = None  # longest time for a step
    number: Number | None = None  # order of suggestion in a search, from 0
    ends_itself: bool = False  # its trainable is done at max_fidelity; else it is cut off there
    nested: bool = False  # "a/b" of its config is the setting b of the dict a
    first: int = 0  # number of its first replicate; others come before it in another batch
    # ranges (first, end) of replicates that were trained together; (): all of them were
    batches: tuple[tuple[int, int], ...] = ()

    @property
    def replicates(self) -> range:
        """The numbers of its replicates."""
        return range(self.first, self.first + self.n_replicates)

    @property
    def needs(self) -> tuple[float, float]:
        """The CPUs and GPUs that it occupies."""
        return self.cpus, self.gpus

    def given_config(self) -> dict[str, Any]:
        """Returns its config as the trainable gets it, a copy: nested settings are dicts."""
        config = copy.deepcopy(self.config)
        return nested(config) if self.nested else config


SAMPLER = "optuna.samplers.TPESampler"


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """The resolved search of a study; JSON keeps it without loss.

    Args:
        space: setting -> its domain, as `domain_of` describes it.
        scientific, nuisance: the searched settings, and those of the cells, by their role.
        cells: each cell's own settings; {} where there is one cell alone.
        configs: each cell's complete config, into which a suggestion's settings go.
        n_trials_per_cell, n_random, points, seed: as in `Search`.
        n_trials: of all cells.
        warm_start: what earlier records tell the samplers, one dict per trial: `cell` (index),
            `settings`, `status`, `fidelity` and the metric's `value` there, `record`.
        optuna_storage: where Optuna keeps its studies as well, to be watched; None: in memory.
        exhausted: the search ended early, since nothing new was left to suggest.
    """

    space: Space
    scientific: Sequence[str]
    nuisance: Sequence[str]
    cells: Sequence[Mapping[str, Any]]
    configs: Sequence[Mapping[str, Any]]
    n_trials_per_cell: Number
    n_trials: Number
    n_random: Number
    points: Sequence[Mapping[str, Any]]
    seed: Seed
    sampler: str = SAMPLER
    warm_start: Sequence[Mapping[str, Any]] = ()
    optuna_storage: str | None = None
    exhausted: bool = False

    def cell_of(self, config: Mapping[str, Any]) -> int:
        """Returns the index of the cell that a config belongs to.

        Raises:
            ValueError: to none.
        """
        for index, cell in enumerate(self.cells):
            if all(setting_key(config.get(k)) == setting_key(v) for k, v in cell.items()):
                return index
        raise ValueError(f"no cell of the search has {dict(config)}")

    def name_of(self, cell: int) -> str:
        """Returns a cell's settings as text; "" where there is one cell alone."""
        return " ".join(f"{key}={value}" for key, value in self.cells[cell].items())


def replicate_seed(seed: int, replicate: int) -> int:
    """Returns the seed below 2**31 of a replicate: of (study seed, replicate) alone."""
    sequence = np.random.SeedSequence(seed, spawn_key=(replicate,))
    return int(sequence.generate_state(1)[0] >> 1)


def replicate_of(trial: Trial, seed: int) -> int:
    """Returns the number of the replicate that has a seed.

    Raises:
        ValueError: two have it, or none.
    """
    seeds = [replicate_seed(trial.seed, number) for number in trial.replicates]
    if seeds.count(seed) > 1:
        raise ValueError(
            f"two replicates of the trial would have the same seed, {seed}: give the study "
            "another seed"
        )
    if seed not in seeds:
        raise ValueError(f"no replicate of the trial has the seed {seed}")
    return trial.replicates[seeds.index(seed)]
