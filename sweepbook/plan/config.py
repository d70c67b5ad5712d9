"""A cell of a study's space made a complete config: the command line's settings, all defaults."""

import dataclasses
import difflib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sweepbook.plan.asked import open_names
from sweepbook.plan.options import Options
from sweepbook.plan.trial import n_fidelity
from sweepbook.plan.values import checked_config
from sweepbook.study.settings import FIRST, OWN, PLACES
from sweepbook.study.spaces.names import SEPARATOR
from sweepbook.study.study import Study


def complete_config(
    study: Study,
    cell: Mapping[str, Any],
    options: Options,
    seed: int,
    n_replicates: int,
    kind: type | None,
) -> dict[str, Any]:
    """Returns a cell of the space with the command line's settings and the trainable's defaults.

    Args:
        kind: the dataclass of the trainable's configs; None: it takes any dict.

    Raises:
        ValueError: unknown setting, value out of range, an option that the study cannot take.
    """
    config = dict(cell)
    fields = {f.name for f in dataclasses.fields(kind)} if kind else set(config)
    # of a trainable that takes any dict; else they are fields
    searched = open_names(study) if options.settings and kind is None else []
    _check_known(study, config, options, kind, searched)
    _check_declared(study, kind)
    own = {*fields, *config, *searched}
    config |= {k: v for k, v in options.settings.items() if k in own or _top(study, k) in fields}
    config |= _optional(study, options)
    if study.gpus and "device" in fields:
        config.setdefault("device", "cuda")  # else its default, the CPU
    if study.stacked:
        config |= {"seed": seed, "replicates": n_replicates}
    elif kind and "seed" in fields:
        config["seed"] = seed
    if options.data is not None:
        if study.data is None:
            raise ValueError(
                f"study {study.name} takes no --data, because its trainable loads its own data: "
                "leave the option out, or name a function as the study's data"
            )
        if kind and "data" not in fields:
            raise ValueError(
                f"study {study.name} takes no --data, because {kind.__name__} has no field 'data' "
                "for the folder: add the field, or leave the option out"
            )
        folder = Path(options.data).expanduser()
        config["data"] = str(folder.resolve())
    config = checked_config(study.name, config, kind, study.nested)  # its rules raise here
    return scaled(study, config, options, kind)


def scaled(
    study: Study, config: dict[str, Any], options: Options, kind: type | None
) -> dict[str, Any]:
    """Returns a config with the fidelity setting of the options, rounded up, at least 1.

    Raises:
        ValueError: the config has no whole number of it.
    """
    key = study.fidelity.setting
    if not key:
        if options.epochs is not None:
            raise ValueError(
                f"study {study.name} takes no --epochs {options.epochs}, because its Fidelity "
                f"names no setting: every trial has the same {study.fidelity.unit}s; leave it out"
            )
        return config
    if not isinstance(config.get(key), int):
        raise ValueError(
            f"study {study.name} takes the number of {study.fidelity.unit}s from the setting "
            f"{key!r}, which must be a whole number in every config, got {config.get(key)!r}: "
            f"set it, as in fixed={{{key!r}: 10}}, or name another setting in Fidelity"
        )
    wanted = config[key] if options.epochs is None else options.epochs
    if options.scale is not None:
        wanted = max(1, math.ceil(wanted * options.scale - 1e-9))
    changed = config | {key: wanted}
    changed = checked_config(study.name, changed, kind, study.nested)
    if study.fidelity.count and n_fidelity(study, changed) == n_fidelity(study, config):
        return config  # its length is another setting's matter
    return changed


def _optional(study: Study, options: Options) -> dict[str, Any]:
    """The given settings for which the study declares an option."""
    declared = {option.setting for option in study.options}
    missing = options.optional.keys() - declared
    if missing and options.everywhere:
        names = " and ".join(f"--{key.replace('_', '-')}" for key in sorted(missing))
        raise ValueError(
            f"study {study.name} takes no {names}, because it declares no such option: "
            f"sweepbook show {study.name} lists its options"
        )
    return {key: value for key, value in options.optional.items() if key in declared}


def _check_declared(study: Study, kind: type | None) -> None:
    """Refuses an option for a setting that the trainable's config does not have."""
    known = [f.name for f in dataclasses.fields(kind)] if kind else None
    for option in study.options:
        if known is not None and option.setting not in known:
            raise ValueError(
                f"study {study.name} declares the option {option.flag}, but its trainable's "
                f"config has no setting {option.setting!r}: add the setting, or drop the option"
            )


def _check_known(
    study: Study,
    config: Mapping[str, Any],
    options: Options,
    kind: type | None,
    searched: Sequence[str],
) -> None:
    known = [f.name for f in dataclasses.fields(kind)] if kind else [*config, *searched]
    for key in config:
        if _top(study, key) not in known and key not in known:
            near = difflib.get_close_matches(key, known, cutoff=0.4) or known
            raise ValueError(
                f"study {study.name} sets {key!r}, which its trainable's config does not have: "
                f"did you mean {', '.join(near)}?"
            )
    for key in options.settings:
        if key == FIRST:
            raise ValueError(f"{FIRST} cannot be set: use --replicates N to get more replicates")
        if key in (*OWN, *PLACES):
            raise ValueError(f"use --{key}, not --set {key}=...")
        is_known = key in known or (kind is not None and _top(study, key) in known)
        if not is_known and options.everywhere:
            near = difflib.get_close_matches(key, known, cutoff=0.4) or known
            raise ValueError(
                f"study {study.name} has no setting {key!r}: did you mean {', '.join(near)}?"
            )


def _top(study: Study, key: str) -> str:
    """The name of a setting in the config itself: of a nested one that of its outermost dict."""
    return key.partition(SEPARATOR)[0] if study.nested else key
