"""What a fitted estimator scores on some rows, and what it predicts there."""

import math
from typing import Any

import numpy as np

from sweepbook.record.planned import Trial
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.rows import Rows

COLUMN = "val_"  # and the name of the scorer

Places = np.ndarray[Any, Any]


def scorers_of(estimator: Estimator, metric: str) -> list[str]:
    """Returns the names of the scorers, that of the study's metric first."""
    return list(dict.fromkeys([metric.removeprefix(COLUMN), *estimator.scoring]))


def scores_of(
    estimator: Estimator, trial: Trial, fitted: Any, rows: Rows, side: str, places: Places
) -> dict[str, float]:
    """Returns the scores on some rows, by the name of their column.

    Raises:
        ValueError: one is NaN, or infinite.
    """
    from sklearn.metrics import get_scorer

    inputs, targets = rows.inputs(places), rows.y[places]
    found = {}
    for name in scorers_of(estimator, trial.metric):
        value = float(get_scorer(name)(fitted, inputs, targets))
        if not math.isfinite(value):
            raise ValueError(f"scorer {name} gives {value} on {len(places)} {side} rows")
        found[f"{side}_{name}"] = value
    return found


def predictions_of(fitted: Any, rows: Rows, places: Places) -> dict[str, Any]:
    """Returns the predictions of a classifier for some rows, as a trainable gives them.

    A class is the number of its place among all classes. The probability is that of the predicted
    one; NaN where the estimator gives none.
    """
    classes, labels = np.unique(rows.y, return_inverse=True)
    inputs = rows.inputs(places)
    predicted = np.searchsorted(classes, fitted.predict(inputs))
    probability = np.full(len(places), math.nan)
    if hasattr(fitted, "predict_proba"):
        probability = np.asarray(fitted.predict_proba(inputs)).max(axis=1)
    return {
        "split": "validation",
        "row_id": places,
        "label": labels[places],
        "predicted": predicted,
        "probability": probability,
    }
