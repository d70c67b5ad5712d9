"""The trials of a study as the checks see them: as a command plans them, and as declared."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from sweepbook.aggregates.trials import fitting_trials
from sweepbook.plan.asked import ask_claims
from sweepbook.plan.config import complete_config
from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan
from sweepbook.plan.search import plan_search
from sweepbook.plan.trial import n_fidelity
from sweepbook.record.load import CONFIG, known_names
from sweepbook.record.rows import settings_frame
from sweepbook.study.claim import Claim
from sweepbook.study.forms.trainable import type_of_configs
from sweepbook.study.search import Space
from sweepbook.study.study import Study

NO_CHANGE = Options()
ENDLESS = 10**9  # a length that nobody knows yet: every step is within reach


@dataclass(frozen=True)
class Planned:
    """What is known of a study's trials before they are trained.

    Args:
        configs: complete, one per trial; of a search, one per cell.
        lengths: how many units of fidelity each of them gets.
        space: what a search leaves open; {} of a grid.
        n_each: how many trials each config gets: 1, of a search as many as a cell has.
        counts_as: path -> value, of files that the report takes for something known.
        are_settled: these are the trials; otherwise only the names of their settings count.
    """

    study: Study
    configs: Sequence[Mapping[str, Any]]
    lengths: Sequence[int]
    space: Space = dataclasses.field(default_factory=dict)
    n_each: int = 1
    counts_as: Mapping[str, str] = dataclasses.field(default_factory=dict)
    are_settled: bool = True

    @cached_property
    def trials(self) -> pd.DataFrame:
        """The columns config/KEY as the record has them, and the place in `configs`."""
        frame = settings_frame(self.configs).assign(place=range(len(self.configs)))
        names = dict(self.counts_as)
        return frame.replace(names) if names else frame

    @cached_property
    def settings(self) -> list[str]:
        """The names of all settings, those first that the study declares."""
        study = self.study
        declared = [*study.grid, *(key for point in study.points for key in point), *self.space]
        names = [str(name) for name in self.trials]
        columns = [name.removeprefix(CONFIG) for name in names if name.startswith(CONFIG)]
        return [*dict.fromkeys([*declared, *columns])]

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        return {}

    def places(self, arm: Mapping[str, Any]) -> list[int]:
        """The places of the trials, or of a search's cells, that a claim's arm fits."""
        closed = {key: value for key, value in arm.items() if key not in self.space}
        if (text := repr(closed)) not in self._places:
            rows = fitting_trials(self.trials, closed)
            self._places[text] = [int(row["place"]) for row in rows]
        return self._places[text]

    @property
    def longest(self) -> int:
        """The length of the longest trial."""
        return max(self.lengths)


def of_plan(plan: Plan) -> Planned:
    """Returns the trials that a command plans."""
    names = known_names(plan.study.known_files, plan.files)
    if plan.search is None:
        configs = [trial.config for trial in plan.trials]
        lengths = [trial.max_fidelity for trial in plan.trials]
        return Planned(plan.study, configs, lengths, counts_as=names)
    search = plan.search
    lengths = [_length(plan.study, config) for config in search.configs]
    return Planned(
        plan.study, search.configs, lengths, search.space, search.n_trials_per_cell, names
    )


def as_declared(plan: Plan, options: Options) -> Planned | None:
    """Returns the trials that the study itself declares; None where nobody can say which.

    That is so where the trainable's config takes a study's settings only with the options.
    """
    if not changes_trials(options):
        return of_plan(plan)
    try:
        return _with_options(plan, NO_CHANGE)
    except ValueError:
        return None


def unsettled(plan: Plan) -> Planned:
    """Returns a plan's trials where nobody can say what they would be without its options."""
    planned = of_plan(plan)
    lengths = [ENDLESS] * len(planned.configs)
    return dataclasses.replace(planned, lengths=lengths, are_settled=False)


def further_claims(plan: Plan, options: Options) -> tuple[Sequence[Claim], Planned | None]:
    """Returns the claims that the study makes of its own options alone, and the trials of these.

    A study's claims_of speaks of what its own options bring; what other options change beside
    that is no fault of the study's.
    """
    if plan.study.claims_of is None:
        return (), None
    try:
        planned = _with_options(plan, Options(optional=options.optional, everywhere=False))
    except ValueError:
        return (), None
    return ask_claims(plan.study, planned.configs, plan.files), planned


def changes_trials(options: Options) -> bool:
    """Whether options may give other configs or lengths than the study declares."""
    neutral = Options(
        seed=options.seed,
        replicates=options.replicates,
        data=options.data,
        everywhere=options.everywhere,
    )
    return options != neutral


def _with_options(plan: Plan, options: Options) -> Planned:
    study = plan.declared or plan.study
    kind = type_of_configs(study.trainable)
    configs = [
        complete_config(study, cell, options, plan.seed, plan.n_replicates, kind)
        for cell in study.configs()
    ]
    lengths = [_length(study, config) for config in configs]
    names = known_names(study.known_files, plan.files)
    if study.search is None:
        return Planned(study, configs, lengths, counts_as=names)
    search = plan_search(study, configs, options.settings, None, plan.seed, kind)
    return Planned(study, configs, lengths, search.space, search.n_trials_per_cell, names)


def _length(study: Study, config: Mapping[str, Any]) -> int:
    wanted = n_fidelity(study, config)
    return min(wanted, (study.scheduler and study.scheduler.max_t) or wanted)
