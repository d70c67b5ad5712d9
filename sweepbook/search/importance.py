"""How much each setting matters, by Optuna's own evaluator on a study rebuilt from the record."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import optuna
import pandas as pd

from sweepbook.aggregates.search import Domain, Search, place_of
from sweepbook.record.load import CONFIG
from sweepbook.study.settings import setting_key

LEAST_TRIALS = 10  # at full length; with fewer an importance is noise
_BEST_SHARE, _LEAST_BEST = 0.1, 5  # Optuna advises 5 trials or more above the quantile
METHOD = "PED-ANOVA"


def rebuilt_study(search: Search) -> optuna.Study:
    """An Optuna study, in memory, of the trials at full length, as COMPLETE, in their order.

    Settings of the cells are choices in it. Stopped trials are left out: their values are of
    less training.
    """
    domains = search.varied()
    distributions = {key: _distribution(domain) for key, domain in domains.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        level = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(
            direction="maximize" if search.record.mode == "max" else "minimize"
        )
        optuna.logging.set_verbosity(level)
    for row in search.full.to_dict("records"):
        params = {key: _param(domain, row[CONFIG + key]) for key, domain in domains.items()}
        study.add_trial(
            optuna.trial.create_trial(
                params=params, distributions=distributions, value=float(row["value"])
            )
        )
    return study


def importance_table(search: Search) -> pd.DataFrame:
    """Importance of each setting that varied, largest first: setting, importance (sum 1), n.

    n: trials used, those at full length. PED-ANOVA: what tells the best trials (a tenth of them,
    5 at least) from the others.

    Raises:
        ValueError: fewer than 10 trials at full length, or fewer than 2 settings that varied.
    """
    n, varied = len(search.full), search.varied()
    if n < LEAST_TRIALS:
        raise ValueError(
            f"importances need at least {LEAST_TRIALS} trials at full length, got {n}"
        )
    if len(varied) < 2:
        raise ValueError(f"importances need at least 2 settings that varied, got {len(varied)}")
    quantile = max(_BEST_SHARE, _LEAST_BEST / n)
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=quantile)
    found = optuna.importance.get_param_importances(rebuilt_study(search), evaluator=evaluator)
    rows = [(key, float(found.get(key, math.nan)), n) for key in varied]
    table = pd.DataFrame(rows, columns=["setting", "importance", "n"])
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def n_best(search: Search) -> int:
    """How many trials count as the best ones in importance_table."""
    return max(_LEAST_BEST, math.ceil(_BEST_SHARE * len(search.full)))


def _distribution(domain: Domain) -> optuna.distributions.BaseDistribution:
    if domain["kind"] == "choice":
        names = [setting_key(choice) for choice in domain["choices"]]  # Optuna hashes them
        return optuna.distributions.CategoricalDistribution(names)
    kinds: Mapping[str, Any] = {
        "float": optuna.distributions.FloatDistribution,
        "int": optuna.distributions.IntDistribution,
    }
    made: optuna.distributions.BaseDistribution = kinds[domain["kind"]](
        domain["low"], domain["high"], log=bool(domain.get("log"))
    )
    return made


def _param(domain: Domain, value: Any) -> Any:
    """A value of the record as Optuna takes it: the name of a choice, or a plain number."""
    if domain["kind"] == "choice":
        place = place_of(domain, value) * max(1, len(domain["choices"]) - 1)
        return setting_key(domain["choices"][round(place)])
    return int(value) if domain["kind"] == "int" else float(value)
