"""From studies and the command line's settings to the trials to be trained, all checked."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sweepbook.plan.asked import ask_claims, ask_data
from sweepbook.plan.config import complete_config, scaled
from sweepbook.plan.fused import check_fused, with_fuse
from sweepbook.plan.modules.missing import check_imports, check_packages
from sweepbook.plan.options import Options
from sweepbook.plan.search import plan_search
from sweepbook.plan.trial import file_hashes, make_trial, n_fidelity, needs_of
from sweepbook.plan.values import checked_config, plain_study
from sweepbook.record.planned import SearchPlan, Trial
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.trainable import type_of_configs
from sweepbook.study.settings import COLUMNS, OWN, PLACES, TABLES, YIELDED, setting_key
from sweepbook.study.study import Study
from sweepbook.study.texts import shortened, visible

MOST_SHOWN = 200  # characters of some settings


class UnfitData(ValueError):
    """The folder of --data is not what a study reads."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A study with its trials and the description of its data.

    The trials of a search are those that it has suggested: none in the plan of a new one.
    `declared` is the study without what the options change; None in the plan of a record.
    """

    study: Study
    seed: int
    n_replicates: int  # of a trial, unless it is one of a single replicate
    data: dict[str, Any]
    trials: tuple[Trial, ...]
    files: dict[str, str] = field(default_factory=dict)  # path -> sha256, of settings naming one
    search: SearchPlan | None = None
    declared: Study | None = None

    @property
    def n_trials(self) -> int:
        """How many trials there are to be."""
        return self.search.n_trials if self.search else len(self.trials)

    @property
    def needs(self) -> list[tuple[float, float]]:
        """The CPUs and GPUs of each trial there is to be."""
        if self.search is None:
            return [trial.needs for trial in self.trials]
        cells = [needs_of(self.study, config) for config in self.search.configs]
        return cells * self.search.n_trials_per_cell

    @property
    def a_config(self) -> Mapping[str, Any]:
        """One of the complete configs; all of them have the same settings."""
        return self.search.configs[0] if self.search else self.trials[0].config


def make_plan(study: Study, options: Options) -> Plan:
    """Returns the study's trials under the options, longest first.

    Every config is built as the trainable's own dataclass (where it declares one) and the data
    is read and described, so that whatever is wrong shows before anything expensive starts.

    Raises:
        ValueError: unknown setting, value out of range, data that cannot be used, a package that
            is not installed.
    """
    check_packages(study)
    kind = type_of_configs(study.trainable)
    check_imports(study)
    seed = study.seed if options.seed is None else options.seed
    n_replicates = options.replicates or study.replicates
    if isinstance(study.trainable, Estimator):
        study.trainable.check_replicates(n_replicates)
    declared = plain_study(study, kind)
    study = with_fuse(_occupying(declared, options), options)
    cells = study.configs()
    _check_settings(study, cells)
    configs = [complete_config(study, cell, options, seed, n_replicates, kind) for cell in cells]
    check_fused(study, configs)
    data = _describe(study, configs[0], options)
    files = file_hashes(configs)
    study = _with_claims(_bound(study, configs, options), configs, files)
    if study.search or options.trials:
        search = plan_search(
            study, _distinct(configs), options.settings, options.trials, seed, kind
        )
        return Plan(
            study=study,
            seed=seed,
            n_replicates=n_replicates,
            data=data,
            trials=(),
            files=files,
            search=search,
            declared=declared,
        )
    trials = [
        make_trial(study, config, seed, n_replicates, data, files) for config in _distinct(configs)
    ]
    trials.sort(key=lambda t: (-t.cost_s, t.trial_id))
    _check_ids(study, trials)
    return Plan(
        study=study,
        seed=seed,
        n_replicates=n_replicates,
        data=data,
        trials=tuple(trials),
        files=files,
        declared=declared,
    )


def _occupying(study: Study, options: Options) -> Study:
    """The study with the GPUs of the options, and without its scheduler where they say so."""
    if options.gpus is not None:
        study = dataclasses.replace(study, gpus=options.gpus)
    return study if options.scheduler else dataclasses.replace(study, scheduler=None)


def _check_settings(study: Study, cells: Sequence[Mapping[str, Any]]) -> None:
    """Refuses settings that would be lost: trials have their own, or would be one and the same.

    Raises:
        ValueError: naming the setting.
    """
    _check_names(study)
    for key in OWN:
        if any(key in cell for cell in cells):
            raise ValueError(
                f"study {study.name} sets {key!r}, which every trial is given: say how many seeds "
                "a config gets by `replicates`, and where they begin by `seed` of the study, or "
                "give the setting another name"
            )
    for key in PLACES:
        values = {setting_key(cell[key]) for cell in cells if key in cell}
        if study.data and len(values) > 1:
            raise ValueError(
                f"study {study.name} varies {key!r}, but its function {study.data} describes one "
                "data set for all trials: make it a study for each of them, or name the setting "
                "otherwise"
            )
    seen = set()
    for cell in cells:
        if (key := setting_key(cell)) in seen:
            varied = [*study.grid, *(key for point in study.points for key in point)]
            shown = {key: cell[key] for key in (*varied, *cell)}  # what varies comes first
            raise ValueError(f"study {study.name} lists a config twice: {_shown(shown)}")
        seen.add(key)


def _check_names(study: Study) -> None:
    """Refuses names of the metric and the unit that mean something else in a record."""
    metric, unit = study.metric.name, study.fidelity.unit
    if metric in (*COLUMNS, *YIELDED):
        raise ValueError(
            f"the metric of study {study.name} cannot be called {metric!r}, which has a meaning "
            "of its own: give it another name"
        )
    if unit in (*COLUMNS, *YIELDED, *TABLES, metric):
        raise ValueError(
            f"the unit of study {study.name} cannot be called {unit!r}, which is another column "
            'of its tables: call it "epoch", "round", "step"'
        )


def _check_ids(study: Study, trials: Sequence[Trial]) -> None:
    """Refuses two trials of one id: the record would hold one of them alone."""
    known: dict[str, Trial] = {}
    for trial in trials:
        if known.setdefault(trial.trial_id, trial) is not trial:
            other = known[trial.trial_id]
            apart = {k: (v, other.config.get(k)) for k, v in trial.config.items()}
            apart = {k: both for k, both in apart.items() if both[0] != both[1]}
            raise ValueError(
                f"two trials of study {study.name} would have the same id, {trial.trial_id}: "
                f"they differ in {_shown(apart)} alone"
            )


def _shown(settings: Mapping[str, Any]) -> str:
    """Settings on one line, as far as there is room."""
    return shortened(visible(dict(settings)), MOST_SHOWN)


def extended_trial(
    study: Study,
    trial: Trial,
    options: Options,
    data: Mapping[str, Any],
    files: Mapping[str, str],
) -> Trial:
    """Returns a recorded trial with the replicates and the length of the options.

    Args:
        study: as recorded, with the new limits of its scheduler.
        options: `scale` is a factor of the trial's recorded length.
    """
    config = scaled(study, trial.config, options, type_of_configs(study.trainable))
    wanted = options.replicates or trial.n_replicates
    made = make_trial(study, config, trial.seed, wanted, data, files)
    return dataclasses.replace(made, cpus=trial.cpus, gpus=trial.gpus, hang_s=trial.hang_s)


def suggested_trial(
    plan: Plan, cell: int, settings: Mapping[str, Any], number: int | None = None
) -> Trial:
    """Returns the trial that a suggestion of a search makes: a cell's config with its settings.

    Raises:
        ValueError: where the trainable's own rules refuse the config.
    """
    if plan.search is None:
        raise ValueError(f"study {plan.study.name} has no search")
    kind = type_of_configs(plan.study.trainable)
    study, config = plan.study, {**plan.search.configs[cell], **settings}
    config = checked_config(study.name, config, kind, study.nested)
    trial = make_trial(study, config, plan.seed, plan.n_replicates, plan.data, plan.files)
    return dataclasses.replace(trial, number=number)


def _bound(study: Study, configs: Sequence[Mapping[str, Any]], options: Options) -> Study:
    """The study with its scheduler's limits for these trials."""
    if study.scheduler is None:
        return study
    most = max(n_fidelity(study, config) for config in configs)
    return dataclasses.replace(study, scheduler=study.scheduler.bound(most, options.scale))


def _with_claims(
    study: Study, configs: Sequence[Mapping[str, Any]], files: Mapping[str, str]
) -> Study:
    """The study with the claims that are declared for what the command line brings."""
    further = ask_claims(study, configs, files)
    return dataclasses.replace(study, claims=(*study.claims, *further)) if further else study


def _distinct(configs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Drops configs that a command-line setting made equal."""
    return list({setting_key(c): c for c in configs}.values())


def _describe(study: Study, config: Mapping[str, Any], options: Options) -> dict[str, Any]:
    try:
        return ask_data(study, config)
    except ValueError as error:
        raise (UnfitData(str(error)) if options.data else error) from error
