"""Optuna's own evaluator of importances, on a study rebuilt from a record."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sweepbook.aggregates.search import Domain, Search, place_of
from sweepbook.record.load import CONFIG
from sweepbook.study.settings import setting_key

BEST_SHARE, LEAST_BEST = 0.1, 5  # Optuna advises 5 trials or more above the quantile
METHOD = "PED-ANOVA"
FloatArray = NDArray[np.float64]


class PedAnova:
    """Optuna's PED-ANOVA on a study of some trials, in memory, for any values of them.

    Args:
        trials: rows of `search.trials`, in the order of the values.
    """

    def __init__(self, search: Search, trials: pd.DataFrame) -> None:
        import optuna

        from sweepbook.search.cell import distributions

        quantile = max(BEST_SHARE, LEAST_BEST / len(trials))
        self.settings = list(search.varied())
        self.evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=quantile)
        level = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.study = optuna.create_study()
        optuna.logging.set_verbosity(level)
        domains = {key: _named(domain) for key, domain in search.varied().items()}
        spaces = distributions(domains)
        for row in trials.to_dict("records"):
            params = {
                key: _param(domain, row[CONFIG + key]) for key, domain in search.varied().items()
            }
            self.study.add_trial(
                optuna.trial.create_trial(params=params, distributions=spaces, value=0.0)
            )

    def of(self, costs: FloatArray) -> FloatArray:
        """The importances, not scaled, where the trials have these costs (smaller is better)."""

        import optuna

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that smaller is better; that this is experimental
            found = optuna.importance.get_param_importances(
                self.study,
                evaluator=self.evaluator,
                target=lambda trial: float(costs[trial.number]),
                normalize=False,
            )
        return np.array([found[key] for key in self.settings])


def _named(domain: Domain) -> Mapping[str, Any]:
    """The domain with its choices as texts: Optuna takes no lists, and True for 1."""
    if domain["kind"] != "choice":
        return domain
    return {"kind": "choice", "choices": [setting_key(choice) for choice in domain["choices"]]}


def _param(domain: Domain, value: Any) -> Any:
    """A value of the record as Optuna takes it: the name of a choice, or a plain number."""
    if domain["kind"] == "choice":
        place = place_of(domain, value) * max(1, len(domain["choices"]) - 1)
        return setting_key(domain["choices"][round(place)])
    return int(value) if domain["kind"] == "int" else float(value)
