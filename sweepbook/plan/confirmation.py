"""A search's winners as a grid study of their own, with fresh seeds."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from sweepbook.record.load import Record
from sweepbook.record.manifest import Confirms, Winner
from sweepbook.study.settings import OWN, setting_key
from sweepbook.study.study import Study


def confirming_study(
    record: Record, by: Sequence[str] | None, replicates: int, seed: int
) -> tuple[Study, Confirms]:
    """Returns the grid study of a search's winners, and what its manifest says of their origin.

    Raises:
        ValueError: as `confirm`.
    """
    search, declared = record.manifest.search, record.manifest.study.search
    if search is None or declared is None:
        raise ValueError(
            f"{record.path} is not the record of a search, so there is no winner to confirm: give "
            "the record of a study with search=Search(...)"
        )
    if seed == record.manifest.seed:
        raise ValueError(
            f"--seed must differ from the search's seed ({seed}): the winners were chosen with "
            "that seed, so their scores with it are too optimistic"
        )
    cell_keys = [key for cell in search.cells[:1] for key in cell]
    keys = cell_keys if by is None else list(by)
    chosen = winners(record, keys)
    configs = {trial.trial_id: trial.config for trial in record.manifest.trials}
    as_declared = set(keys) == set(cell_keys)
    old = record.manifest.study
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
        figures=(as_declared and declared.confirm_figures) or _figures(record, keys),
        claims=declared.confirm_claims if as_declared else (),
        published=declared.confirm_published,
        answers="",
    )
    return study, Confirms(
        record=record.name,
        record_digest=record.manifest.record_digest,
        seed=record.manifest.seed,
        by=tuple(keys),
        trials=tuple(chosen),
    )


def winners(record: Record, by: Sequence[str]) -> list[Winner]:
    """Returns the best trial of each combination of some settings.

    Chosen by the metric's last value, on validation, among those with the highest fidelity that
    any trial of the combination reached; ties go to the one suggested first.

    Raises:
        ValueError: an unknown setting, or a combination whose trials have all diverged.
    """
    configs = {trial.trial_id: trial.config for trial in record.manifest.trials}
    for key in by:
        if any(key not in config for config in configs.values()):
            known = ", ".join(dict.fromkeys(key for c in configs.values() for key in c))
            raise ValueError(
                f"--by {key}: the trials of {record.path} have no such setting; they have {known}"
            )
    sign = 1 if record.mode == "max" else -1
    found: dict[str, tuple[tuple[float, ...], Winner]] = {}
    for row in record.trials.to_dict("records"):
        config, value = configs[row["trial_id"]], float(row[f"{record.metric}_last"])
        settings = {key: config[key] for key in by}
        group = setting_key(settings)
        if row["status"] not in ("finished", "stopped") or not math.isfinite(value):
            continue
        rank = (float(row["last_fidelity"]), sign * value, -float(row["number"]))
        winner = Winner(
            settings=settings,
            trial_id=row["trial_id"],
            number=int(row["number"]),
            fidelity=int(row["last_fidelity"]),
            value=value,
        )
        if group not in found or rank > found[group][0]:
            found[group] = (rank, winner)
    settings_of = [{key: config[key] for key in by} for config in configs.values()]
    groups = {setting_key(settings): settings for settings in settings_of}
    without = [tuple(groups[group].values()) for group in groups if group not in found]
    if without or not groups:
        raise ValueError(
            f"{record.path} has no trial to confirm for {by} = {without or 'any values'}: every "
            "such trial failed, diverged or was interrupted"
        )
    return [found[group][1] for group in groups]


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
