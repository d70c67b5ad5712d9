"""From studies and the command line's settings to the trials to be trained, all checked."""

import dataclasses
import difflib
import hashlib
import json
import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from search_spaces import Study
from search_spaces.study import is_gpu_share
from sweepbook.imports import config_type, load_object
from sweepbook.search_plan import SearchPlan, plan_search


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a command line changes in the studies that it names; None: as declared."""

    data: str | None = None
    replicates: int | None = None
    seed: int | None = None
    epochs: int | None = None  # the fidelity setting of every trial
    scale: float | None = None  # factor of every trial's fidelity
    gpus: float | None = None  # that one trial occupies
    trials: int | None = None  # of each cell of a search
    scheduler: bool = True  # False: every trial is trained to its end
    settings: Mapping[str, Any] = field(default_factory=dict)
    optional: Mapping[str, Any] = field(
        default_factory=dict
    )  # settings with an option of their own
    everywhere: bool = True  # every study must take what is given, else those without stay

    def __post_init__(self) -> None:
        for name, low in (("replicates", 1), ("seed", 0), ("epochs", 1), ("trials", 1)):
            value = getattr(self, name)
            if value is not None and value < low:
                raise ValueError(f"--{name} must be at least {low}, got {value}")
        if self.scale is not None and not 0 < self.scale <= 1000:
            raise ValueError(f"--scale must lie in 0 .. 1000 (exclusive 0), got {self.scale}")
        if self.scale is not None and self.epochs is not None:
            raise ValueError("give --epochs or --scale, not both")
        if self.gpus is not None and not is_gpu_share(self.gpus):
            raise ValueError(
                "--gpus-per-trial must be a share of one GPU, 0 .. 1, or a whole number, "
                f"got {self.gpus}"
            )


class UnfitData(ValueError):
    """The folder of --data is not what a study reads."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One config with its replicates, ready to be trained anywhere."""

    trial_id: str  # hash of trainable, config, seed and data
    trainable: str
    config: dict[str, Any]  # every setting, defaults too
    stacked: bool
    seed: int
    n_replicates: int
    unit: str
    max_fidelity: int
    metric: str
    cpus: float
    gpus: float
    cost_s: float  # roughly, on one core
    hang_s: float | None = None  # longest time for a step
    number: int | None = None  # order of suggestion in a search, from 0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A study with its trials and the description of its data.

    The trials of a search are those that it has suggested: none in the plan of a new one.
    """

    study: Study
    seed: int
    n_replicates: int  # of a trial, unless it is one of a single replicate
    data: dict[str, Any]
    trials: tuple[Trial, ...]
    files: dict[str, str] = field(default_factory=dict)  # path -> sha256, of settings naming one
    search: SearchPlan | None = None

    @property
    def n_trials(self) -> int:
        """How many trials there are to be."""
        return self.search.n_trials if self.search else len(self.trials)

    @property
    def a_config(self) -> Mapping[str, Any]:
        """One of the complete configs; all of them have the same settings."""
        return self.search.configs[0] if self.search else self.trials[0].config


def make_plan(study: Study, options: Options) -> Plan:
    """Returns the study's trials under the options, longest first.

    Every config is built as the trainable's own dataclass (where it declares one) and the data
    is read and described, so that whatever is wrong shows before anything expensive starts.

    Raises:
        ValueError: unknown setting, value out of range, data that cannot be used.
    """
    if options.gpus is not None:
        study = dataclasses.replace(study, gpus=options.gpus)
    if not options.scheduler:
        study = dataclasses.replace(study, scheduler=None)
    trainable = load_object(study.trainable)
    seed = study.seed if options.seed is None else options.seed
    n_replicates = options.replicates or study.replicates
    kind = config_type(trainable)
    configs = [
        _complete(study, cell, options, seed, n_replicates, kind) for cell in study.configs()
    ]
    study = _bound(study, configs, options)
    data = _describe(study, configs[0], options)
    files = file_hashes(configs)
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
        )
    trials = [
        _trial(study, config, seed, n_replicates, data, files) for config in _distinct(configs)
    ]
    trials.sort(key=lambda t: (-t.cost_s, t.trial_id))
    return Plan(
        study=study,
        seed=seed,
        n_replicates=n_replicates,
        data=data,
        trials=tuple(trials),
        files=files,
    )


def file_hashes(configs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Returns path -> sha256 of every file that a setting names by an absolute path.

    The data, which may be a folder, have a hash of their own.
    """
    values = {v for c in configs for k, v in c.items() if k != "data" and isinstance(v, str)}
    paths = sorted(v for v in values if Path(v).is_absolute() and Path(v).is_file())
    return {path: file_sha256(path) for path in paths}


def file_sha256(path: str) -> str:
    """Returns the hash of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    config = _scaled(study, trial.config, options, config_type(load_object(study.trainable)))
    wanted = options.replicates or trial.n_replicates
    made = _trial(study, config, trial.seed, wanted, data, files)
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
    kind = config_type(load_object(plan.study.trainable))
    config = {**plan.search.configs[cell], **settings}
    config = dataclasses.asdict(kind(**config)) if kind else config
    trial = _trial(plan.study, config, plan.seed, plan.n_replicates, plan.data, plan.files)
    return dataclasses.replace(trial, number=number)


def _complete(
    study: Study,
    cell: Mapping[str, Any],
    options: Options,
    seed: int,
    n_replicates: int,
    kind: type | None,
) -> dict[str, Any]:
    """One cell of the space with the command line's settings and the trainable's defaults."""
    config = dict(cell)
    _check_known(study, config, options, kind)
    fields = {f.name for f in dataclasses.fields(kind)} if kind else set(config)
    config |= {k: v for k, v in options.settings.items() if k in {*fields, *config}}
    config |= _optional(study, fields, options)
    if study.gpus and "device" in fields:
        config.setdefault("device", "cuda")  # else its default, the CPU
    if study.stacked:
        config |= {"seed": seed, "replicates": n_replicates}
    elif kind and "seed" in fields:
        config["seed"] = seed
    if options.data is not None:
        if study.data is None:
            raise ValueError(
                f"study {study.name} takes no --data: its data is its trainable's own"
            )
        folder = Path(options.data).expanduser()
        config["data"] = str(folder.resolve())
    config = dataclasses.asdict(kind(**config)) if kind else config  # its rules raise here
    return _scaled(study, config, options, kind)


def _optional(study: Study, known: Set[str], options: Options) -> dict[str, Any]:
    """The optional settings that the study's config has."""
    missing = options.optional.keys() - known
    if missing and options.everywhere:
        names = " and ".join(f"--{key.replace('_', '-')}" for key in sorted(missing))
        raise ValueError(
            f"study {study.name} takes no {names}: its trainable's config has no such setting"
        )
    return {key: value for key, value in options.optional.items() if key in known}


def _check_known(
    study: Study, config: Mapping[str, Any], options: Options, kind: type | None
) -> None:
    known = [f.name for f in dataclasses.fields(kind)] if kind else list(config)
    for key in config:
        if key not in known:
            near = difflib.get_close_matches(key, known, cutoff=0.4) or known
            raise ValueError(
                f"study {study.name} sets {key!r}, which its trainable's config does not have: "
                f"did you mean {', '.join(near)}?"
            )
    for key in options.settings:
        if key in ("seed", "replicates", "data"):
            raise ValueError(f"use --{key}, not --set {key}=...")
        if key not in known and options.everywhere:
            near = difflib.get_close_matches(key, known, cutoff=0.4) or known
            raise ValueError(
                f"study {study.name} has no setting {key!r}: did you mean {', '.join(near)}?"
            )


def _scaled(
    study: Study, config: dict[str, Any], options: Options, kind: type | None
) -> dict[str, Any]:
    key = study.fidelity.setting
    if not isinstance(config.get(key), int):
        raise ValueError(
            f"study {study.name} counts {study.fidelity.unit}s by {key!r}: every config "
            f"needs it as a whole number, got {config.get(key)!r}"
        )
    wanted = config[key] if options.epochs is None else options.epochs
    if options.scale is not None:
        wanted = max(1, math.ceil(wanted * options.scale - 1e-9))
    changed = config | {key: wanted}
    changed = dataclasses.asdict(kind(**changed)) if kind else changed
    if study.fidelity.count and _count(study, changed) == _count(study, config):
        return config  # its length is another setting's matter
    return changed


def _count(study: Study, config: Mapping[str, Any]) -> int:
    """How many units of fidelity the config asks for."""
    fidelity = study.fidelity
    if fidelity.count is None:
        return int(config[fidelity.setting])
    count = load_object(fidelity.count)(config)
    if not isinstance(count, int) or count < 1:
        raise ValueError(
            f"{fidelity.count} of study {study.name} must return a whole number >= 1 of "
            f"{fidelity.unit}s, got {count!r}"
        )
    return count


def _replicates(study: Study, config: Mapping[str, Any], wanted: int) -> int:
    """How many replicates the trial gets: 1 where every seed gives the same model."""
    n = 1 if study.single and load_object(study.single)(config) else wanted
    kind = config_type(load_object(study.trainable))
    if n > 1 and kind and not study.stacked and "seed" not in config:
        raise ValueError(
            f"{kind.__name__} of study {study.name} has no field 'seed', so its {n} "
            "replicates would be one and the same: add the field, or ask for 1 replicate"
        )
    return n


def _bound(study: Study, configs: Sequence[Mapping[str, Any]], options: Options) -> Study:
    """The study with its scheduler's limits for these trials."""
    if study.scheduler is None:
        return study
    most = max(_count(study, config) for config in configs)
    return dataclasses.replace(study, scheduler=study.scheduler.bound(most, options.scale))


def _distinct(configs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Drops configs that a command-line setting made equal."""
    return list({json.dumps(c, sort_keys=True, default=str): c for c in configs}.values())


def _describe(study: Study, config: Mapping[str, Any], options: Options) -> dict[str, Any]:
    if study.data is None:
        return {"name": "of the trainable", "path": None, "sha256": None, "rows": {}}
    try:
        return dict(load_object(study.data)(config))
    except ValueError as error:
        raise (UnfitData(str(error)) if options.data else error) from error


def _trial(
    study: Study,
    config: dict[str, Any],
    seed: int,
    most_replicates: int,
    data: Mapping[str, Any],
    files: Mapping[str, str],
) -> Trial:
    n_replicates = _replicates(study, config, most_replicates)
    if study.stacked:
        config = config | {"replicates": n_replicates}
    cost = load_object(study.cost) if study.cost else None
    wanted = _count(study, config)
    fidelity = min(wanted, (study.scheduler and study.scheduler.max_t) or wanted)
    identity = {k: v for k, v in config.items() if k not in ("data", "seed", "replicates")}
    named = {k: v for k, v in identity.items() if isinstance(v, str) and v in files}
    identity |= {k: f"sha256:{files[v]}" for k, v in named.items()}  # by content, not by place
    whole = [study.trainable, identity, seed, n_replicates, data["sha256"]]
    whole += [] if fidelity == wanted else [fidelity]  # cut short by the scheduler's max_t
    canonical = json.dumps(whole, sort_keys=True, separators=(",", ":"), default=str)
    return Trial(
        trial_id=hashlib.sha256(canonical.encode()).hexdigest()[:12],
        trainable=study.trainable,
        config=config,
        stacked=study.stacked,
        seed=seed,
        n_replicates=n_replicates,
        unit=study.fidelity.unit,
        max_fidelity=fidelity,
        metric=study.metric.name,
        cpus=study.cpus,
        gpus=study.gpus or float(str(config.get("device")).startswith("cuda")),
        # replicates that are not stacked are trained one by one
        cost_s=(cost(config, data) if cost else float(fidelity))
        * (1 if study.stacked else n_replicates),
        hang_s=study.hang_s,
    )
