"""A trial: one config with its replicates, named by everything that its numbers come from."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sweepbook.plan.asked import ask_cost, ask_count, ask_single
from sweepbook.record.planned import Trial
from sweepbook.record.schema.identity import hash_of, identity_of
from sweepbook.study.configs import is_added_default
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.trainable import type_of_configs
from sweepbook.study.settings import FIRST, PLACES
from sweepbook.study.study import Study


def make_trial(
    study: Study,
    config: dict[str, Any],
    seed: int,
    most_replicates: int,
    data: Mapping[str, Any],
    files: Mapping[str, str],
) -> Trial:
    """Returns the trial of a complete config.

    Args:
        most_replicates: it gets one where every seed gives the same model.
        data: as the study describes it. files: path -> sha256 of those that a setting names.

    Raises:
        ValueError: no length for it, or several replicates that would be one and the same.
    """
    n_replicates = _replicates(study, config, most_replicates)
    config = {key: value for key, value in config.items() if key != FIRST}
    if study.stacked:
        config = config | {"replicates": n_replicates}
    cost = ask_cost(study, config, data)
    wanted = n_fidelity(study, config)
    fidelity = min(wanted, (study.scheduler and study.scheduler.max_t) or wanted)
    cut = None if fidelity == wanted else fidelity
    cpus, gpus = needs_of(study, config)
    return Trial(
        trial_id=trial_id_of(study, config, seed, n_replicates, data, files, cut=cut),
        trainable=study.trainable,
        config=config,
        nested=study.nested,
        stacked=study.stacked,
        seed=seed,
        n_replicates=n_replicates,
        unit=study.fidelity.unit,
        max_fidelity=fidelity,
        metric=study.metric.name,
        cpus=cpus,
        gpus=gpus,
        # replicates that are not stacked are trained one by one
        cost_s=(float(fidelity) if cost is None else cost)
        * (1 if study.stacked else n_replicates),
        hang_s=study.hang_s,
        ends_itself=fidelity == wanted,
    )


def trial_id_of(
    study: Study,
    config: Mapping[str, Any],
    seed: int,
    n_replicates: int | None,
    data: Mapping[str, Any],
    files: Mapping[str, str],
    *,
    cut: int | None = None,
) -> str:
    """Returns the id of a trial: a hash of everything that its numbers come from.

    Args:
        config: complete. data, files: as of `make_trial`.
        n_replicates: None: of a trial that gets more of them, whatever their number.
        cut: where the scheduler's max_t ends it; None: at its own length.
    """
    kind = type_of_configs(study.trainable)
    counted = {k: v for k, v in config.items() if not is_added_default(kind, k, v)}
    identity = identity_of(counted, files, has_data=bool(study.data), is_nested=study.nested)
    return hash_of(study.trainable, identity, seed, n_replicates, data["sha256"], cut)


def needs_of(study: Study, config: Mapping[str, Any]) -> tuple[float, float]:
    """Returns the CPUs and the GPUs of a trial of this config."""
    return study.cpus, study.gpus or float(str(config.get("device")).startswith("cuda"))


def n_fidelity(study: Study, config: Mapping[str, Any]) -> int:
    """Returns how many units of fidelity the config asks for.

    Raises:
        ValueError: the study's own function gives no whole number >= 1.
    """
    fidelity = study.fidelity
    if fidelity.count is None:
        return int(config[fidelity.setting]) if fidelity.setting else 1
    return ask_count(study, fidelity.count, config)


def _replicates(study: Study, config: Mapping[str, Any], wanted: int) -> int:
    """How many replicates the trial gets: 1 where every seed gives the same model."""
    n = 1 if ask_single(study, config) else wanted
    if isinstance(study.trainable, Estimator):
        study.trainable.check_replicates(n)
    kind = type_of_configs(study.trainable)
    if n > 1 and kind and not study.stacked and "seed" not in config:
        raise ValueError(
            f"{kind.__name__} of study {study.name} has no field 'seed', so all {n} replicates "
            "would give the same numbers: add the field, or ask for 1 replicate"
        )
    return n


def file_hashes(configs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Returns path -> sha256 of every file that a setting names by an absolute path.

    The data, which may be a folder, have a hash of their own.
    """
    values = {v for c in configs for k, v in c.items() if k not in PLACES and isinstance(v, str)}
    paths = sorted(v for v in values if Path(v).is_absolute() and Path(v).is_file())
    return {path: file_sha256(path) for path in paths}


def file_sha256(path: str) -> str:
    """Returns the hash of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
