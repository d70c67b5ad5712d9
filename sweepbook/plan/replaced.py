"""What a study declares for the settings that a command gives other values."""

from collections.abc import Iterable, Mapping
from typing import Any

from sweepbook.plan.config import complete_config
from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan
from sweepbook.study.forms.trainable import type_of_configs
from sweepbook.study.settings import setting_key


def replaced_values(plan: Plan, given: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Returns setting -> what the study declares for it, of each that the command changed.

    Args:
        given: the manifest's overrides; "epochs" is the length of all trials, None: as declared.

    A setting whose value is what the study declares, or comes to the same, has not changed. Of the
    others each declared value that no trial has any more is there once, in the order of the
    study's configs; none where the study declares no such setting.
    """
    study = plan.declared
    keys = [key for key, value in given.items() if key != "epochs" or value is not None]
    if study is None or not keys:
        return {}
    kind, seed, n = type_of_configs(study.trainable), plan.seed, plan.n_replicates
    try:
        cells = study.configs()
        before = [complete_config(study, cell, Options(), seed, n, kind) for cell in cells]
    except ValueError:
        before = []  # a study that cannot be planned without the settings of the command
    after = plan.search.configs if plan.search else [trial.config for trial in plan.trials]
    found = {}
    for key in keys:
        setting = study.fidelity.setting or key if key == "epochs" else key
        declared, used = _values(before, setting), _values(after, setting)
        if declared.keys() != used.keys():
            found[key] = [value for text, value in declared.items() if text not in used]
    return found


def _values(configs: Iterable[Mapping[str, Any]], key: str) -> dict[str, Any]:
    """The values of a setting, by what makes them equal."""
    return {setting_key(config[key]): config[key] for config in configs if key in config}
