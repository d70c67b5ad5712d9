"""Which trial of a study is tried, and how its config is told."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from sweepbook.plan.config import complete_config
from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan, suggested_trial
from sweepbook.plan.search import draws
from sweepbook.plan.trial import make_trial
from sweepbook.record.planned import Trial, replicate_seed
from sweepbook.study.forms.trainable import type_of_configs
from sweepbook.study.settings import OWN
from sweepbook.study.texts import setting_text, shortened, visible

MOST_LETTERS = 100  # of a setting


def chosen_trial(plan: Plan, options: Options) -> Trial:
    """Returns the trial of the study's first config, as it is declared; of a search a drawn one.

    It has one replicate, unless the study trains its replicates as one stack.
    """
    if plan.search is None:
        study = plan.study
        config = complete_config(
            study,
            study.configs()[0],
            options,
            plan.seed,
            plan.n_replicates,
            type_of_configs(study.trainable),
        )
        trial = make_trial(study, config, plan.seed, plan.n_replicates, plan.data, plan.files)
    else:
        (drawn,) = draws(plan.search.space, 1, plan.search.seed)
        trial = suggested_trial(plan, 0, drawn)
    return trial if trial.stacked else dataclasses.replace(trial, n_replicates=1)


def choice_lines(plan: Plan, trial: Trial) -> list[str]:
    """Returns what is said of a trial before it is tried: its config and its seed."""
    which = "a config that is drawn from the search space"
    if plan.search is None:
        n = len(plan.trials)
        which = f"the first of its {n:,} configs" if n > 1 else "its only config"
    settings = {k: v for k, v in trial.config.items() if k not in OWN}
    lines = [f"{plan.study.name}, {which}: {_shown(settings)}"]
    if trial.stacked:
        lines.append(f"all {trial.n_replicates} replicates in one stack, seed {trial.seed}")
    else:
        whole = plan.n_replicates
        of = f"replicate 0 of {whole} alone" if whole > 1 else "its only replicate"
        lines.append(f"{of}, seed {replicate_seed(trial.seed, 0)}")
    return lines


def _shown(settings: Mapping[str, Any]) -> str:
    texts = {key: shortened(setting_text(value), MOST_LETTERS) for key, value in settings.items()}
    return visible(", ".join(f"{key} {text}" for key, text in texts.items()))
