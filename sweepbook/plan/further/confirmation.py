"""The winners of a search or of a grid as a grid study of their own, with fresh seeds."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from sweepbook.record.load import Record
from sweepbook.record.origin.derived import Confirms, Winner
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.settings import OWN, PLACES, setting_key
from sweepbook.study.study import Study

_REPLICATES = 5  # unless something is said: a search may have tried each config once


def confirming_study(
    record: Record, by: Sequence[str] | None, replicates: int | None, seed: int, top: int = 1
) -> tuple[Study, Confirms]:
    """Returns the grid study of a record's winners, and what its manifest says of their origin.

    Raises:
        ValueError: as `confirm`.
    """
    if seed == record.manifest.seed:
        raise ValueError(
            f"--seed must differ from the seed of {record.path} ({seed}): the winners were chosen "
            "with that seed, so their scores with it are too optimistic"
        )
    old, search = record.manifest.study, record.manifest.search
    if replicates is None:  # those of an estimator are its folds
        replicates = old.replicates if isinstance(old.trainable, Estimator) else _REPLICATES
    cell_keys = [key for cell in search.cells[:1] for key in cell] if search else []
    keys = cell_keys if by is None else list(by)
    chosen = winners(record, keys, top)
    configs = {trial.trial_id: trial.config for trial in record.manifest.trials}
    declared = old.search if old.search and set(keys) == set(cell_keys) and top == 1 else None
    named = list(dict.fromkeys(key for winner in chosen for key in winner.settings))
    study = dataclasses.replace(
        old,
        name=f"{old.name}-confirm",
        grid={},
        points=[_config(configs[winner.trial_id]) for winner in chosen],
        fixed={},
        search=None,
        claims_of=None,
        replicates=replicates,
        seed=seed,
        scheduler=None,
        figures=(declared and declared.confirm_figures) or _figures(record, named),
        claims=declared.confirm_claims if declared else (),
        published=old.search.confirm_published if old.search else None,
        answers="",
    )
    return study, Confirms(
        record=record.name,
        record_digest=record.manifest.record_digest,
        seed=record.manifest.seed,
        by=tuple(keys),
        tuned=tuple(_tuned(record, keys)),
        trials=tuple(chosen),
    )


def winners(record: Record, by: Sequence[str], top: int = 1) -> list[Winner]:
    """Returns the best `top` trials of each combination of some settings, the best first.

    Chosen by the metric's last value, on validation, among those with the highest fidelity that
    any trial of the combination reached; ties go to the one that was suggested or planned first.
    A winner is named by its combination; where that does not tell it from another one, or there
    is one combination alone, by the settings that were tuned as well.

    Raises:
        ValueError: an unknown setting, or a combination whose trials have all diverged.
    """
    if top < 1:
        raise ValueError(f"--top must be at least 1 trial of each combination, got {top}")
    configs = {trial.trial_id: trial.config for trial in record.manifest.trials}
    _check_settings(record, by, configs)
    found: dict[str, list[tuple[tuple[float, ...], Winner]]] = {}
    for config in configs.values():
        found.setdefault(setting_key({key: config[key] for key in by}), [])
    if not found:
        raise ValueError(f"{record.path} has no trial to confirm: it has trained none")
    naming = [*by, *(_tuned(record, by) if top > 1 or not by else ())]
    places = {trial_id: place for place, trial_id in enumerate(configs)}
    for row in record.trials.to_dict("records"):
        config, value = configs[row["trial_id"]], float(row[f"{record.metric}_last"])
        if row["status"] not in ("finished", "stopped") or not math.isfinite(value):
            continue
        number = row.get("number")
        number = places[row["trial_id"]] if number is None or number != number else int(number)
        winner = Winner(
            settings={key: config[key] for key in naming if config.get(key) is not None},
            trial_id=row["trial_id"],
            number=number,
            fidelity=int(row["last_fidelity"]),
            value=value,
        )
        sign = 1 if record.mode == "max" else -1
        rank = (-float(row["last_fidelity"]), -sign * value, float(number))
        found[setting_key({key: config[key] for key in by})].append((rank, winner))
    if without := [group for group, own in found.items() if not own]:
        which = " and ".join(without) if by else "any settings"
        raise ValueError(
            f"{record.path} has no trial to confirm for {which}: every such trial failed, "
            "diverged or was interrupted"
        )
    best = (sorted(own, key=lambda one: one[0])[:top] for own in found.values())
    chosen = [winner for own in best for _, winner in own]
    if _are_told_apart(chosen, configs):
        return chosen
    return [  # a setting that one of them has not got is named as well
        dataclasses.replace(one, settings={key: configs[one.trial_id].get(key) for key in naming})
        for one in chosen
    ]


def _are_told_apart(chosen: Sequence[Winner], configs: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the settings of each winner fit that winner alone."""
    return all(
        sum(
            all(configs[other.trial_id].get(key) == value for key, value in one.settings.items())
            for other in chosen
        )
        == 1
        for one in chosen
    )


def _check_settings(
    record: Record, by: Sequence[str], configs: Mapping[str, Mapping[str, Any]]
) -> None:
    for key in by:
        if any(key not in config for config in configs.values()):
            known = ", ".join(dict.fromkeys(key for c in configs.values() for key in c))
            raise ValueError(
                f"--by {key}: the trials of {record.path} have no such setting; they have {known}"
            )


def _tuned(record: Record, by: Sequence[str]) -> list[str]:
    """The settings that were searched, or that tell the trials of a grid apart: of those that
    differ the ones that the study lists, where they are enough."""
    search, configs = record.manifest.search, [trial.config for trial in record.manifest.trials]
    if search:
        return [key for key in search.space if key not in by]
    keys = dict.fromkeys(key for config in configs for key in config)
    varied = [key for key in keys if len({setting_key(c.get(key)) for c in configs}) > 1]
    study = record.manifest.study
    listed = {*study.grid, *(key for point in study.points for key in point)}
    short = [key for key in varied if key in listed]
    texts = {setting_key([config.get(key) for key in short]) for config in configs}
    enough = short if len(texts) == len(configs) else varied
    return [key for key in enough if key not in (*by, *OWN, *PLACES)]


def _config(config: dict[str, Any]) -> dict[str, Any]:
    """A winner's settings, without those that the new study gives its trials."""
    return {key: value for key, value in config.items() if key not in OWN}


def _figures(record: Record, by: Sequence[str]) -> list[dict[str, Any]]:
    """Curves and a table, where the study has declared nothing for this comparison."""
    name, metric = f"{record.study}-confirm", record.metric
    shared = {"metrics": [metric], "by": list(by)}
    return [
        {"kind": "curves", "name": f"{name}-curves", "title": f"The winners' {metric}", **shared},
        {
            "kind": "table",
            "name": f"{name}-table",
            "title": "The winners at the end",
            "at": ["last"],
            **shared,
        },
    ]
