"""What earlier records tell a search before it begins."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from sweepbook.plan.plan import Plan, suggested_trial
from sweepbook.plan.space import check_value
from sweepbook.record.account import DONE
from sweepbook.record.load import Record
from sweepbook.record.planned import SearchPlan
from sweepbook.record.values import means
from sweepbook.study.forms.trainable import trainable_name
from sweepbook.study.settings import DEVICE, OWN, PLACES, setting_key

_MAY_DIFFER = (*OWN, *PLACES, *DEVICE)


def with_warm_start(plan: Plan, record: Record) -> tuple[Plan, str]:
    """Returns a search's plan with what an earlier record knows, and a line that says how much.

    A trial is told where its other settings are those of a cell here (but for seed, replicates,
    data folder and device) and its open settings lie in the space: at full fidelity as complete,
    a shorter or stopped one as pruned at its last step, a diverged or failed one as failed.

    Raises:
        ValueError: the record has another trainable, unit or data, no such metric or trial.
    """
    study = plan.study
    for what, here, there in (
        (
            "trainable",
            trainable_name(study.trainable),
            trainable_name(record.manifest.study.trainable),
        ),
        ("unit of fidelity", study.fidelity.unit, record.unit),
        ("data (sha256)", plan.data["sha256"], record.manifest.data.sha256),
    ):
        if here != there:
            raise ValueError(
                f"--warm-start {record.path}: the record's {what} is {there or 'unknown'}, but "
                f"the study's is {here or 'unknown'}. A search can only learn from a record of "
                "the same trainable, unit of fidelity and data"
            )
    if study.metric.name not in record.reports:
        raise ValueError(
            f"--warm-start {record.path}: the record has no metric {study.metric.name}"
        )
    told = _told(plan, record)
    n_trials = len(record.trials)
    if not told:
        raise ValueError(
            f"--warm-start {record.path}: none of its {n_trials} trials has the fixed settings of "
            "this study and lies in its space"
        )
    line = f"the samplers learn from {len(told)} of {n_trials} trials of {record.path}"
    search = _search(plan)
    search = dataclasses.replace(search, warm_start=[*search.warm_start, *told])
    return dataclasses.replace(plan, search=search), line


def _search(plan: Plan) -> SearchPlan:
    if plan.search is None:
        raise ValueError(f"--warm-start is for searches, but study {plan.study.name} is a grid")
    return plan.search


def _told(plan: Plan, record: Record) -> list[dict[str, Any]]:
    found, search = [], _search(plan)
    values = means(record.reports, record.trials, plan.study.metric.name, record.unit)
    configs = {trial.trial_id: trial.config for trial in record.manifest.trials}
    trials = record.trials
    trials = trials.sort_values("number") if "number" in trials else trials
    for row in trials.to_dict("records"):
        config, trial_id = configs.get(row["trial_id"], {}), row["trial_id"]
        cell = _cell_with(search, config, plan.study.fidelity.setting)
        if cell is None or row["status"] not in (*DONE, "failed"):
            continue
        settings = {key: config[key] for key in search.space}
        most, last = suggested_trial(plan, cell, settings).max_fidelity, int(row["last_fidelity"])
        at = min(last, most)  # a longer curve is read at this study's length
        value = float(values.get((trial_id, at), math.nan))
        status = "finished" if at == most else "stopped"
        if row["status"] in ("diverged", "failed") or not math.isfinite(value):
            status = "diverged" if row["status"] != "failed" else "failed"
        found.append(
            {
                "record": record.name,
                "cell": cell,
                "settings": settings,
                "status": status,
                "fidelity": at,
                "value": value if math.isfinite(value) else None,
            }
        )
    return found


def _cell_with(plan: SearchPlan, config: Mapping[str, Any], setting: str) -> int | None:
    """The cell whose fixed settings a config has, where its open ones lie in the space."""
    try:
        for key in plan.space:
            check_value(plan.space, key, config.get(key))
    except ValueError:
        return None
    for index, own in enumerate(plan.configs):
        ignored = (*_MAY_DIFFER, *plan.space, setting)
        asked = {key: value for key, value in own.items() if key not in ignored}
        if all(setting_key(config.get(k)) == setting_key(v) for k, v in asked.items()):
            return index
    return None
