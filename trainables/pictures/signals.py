"""How far signals that need no look at a picture, such as its file size, tell its class."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trainables.pictures.facts import Facts

_PENALTIES = (0.01, 1.0, 100.0)  # C of the logistic regression, chosen by cross-validation
_FOLDS = 5


def trivial_signals(facts: Facts) -> dict[str, dict[str, Any]]:
    """How far signals that need no look at the picture tell fake from real.

    A logistic regression on the signal and its squares and products (its penalty chosen by
    5-fold cross-validation) is fitted on train and judged on validation.

    Returns:
        signal -> accuracy, ci95_low, ci95_high (Wilson; None where the signal is the same for
        all training images), chance (the larger class's share of validation), n, and verdict:
        it tells the classes apart where ci95_low is above chance.
    """
    signals = {
        "file size": np.log(facts.n_bytes)[:, None],
        "image size": np.log(np.column_stack([facts.width, facts.height])),
        "mean colour": facts.colour,
    }
    signals["all of these"] = np.hstack(list(signals.values()))
    return {name: _judged(facts, values) for name, values in signals.items()}


def _judged(facts: Facts, values: npt.NDArray[np.float64]) -> dict[str, Any]:
    from scipy.stats import binomtest

    train, val = facts.split == "train", facts.split == "val"
    label, n = facts.label[val], int(val.sum())
    out: dict[str, Any] = {"accuracy": None, "ci95_low": None, "ci95_high": None}
    out |= {"chance": float(max(label.mean(), 1 - label.mean())), "n": n}
    if (np.ptp(values[train], axis=0) == 0).all():
        return {**out, "verdict": "the same for all training images"}
    predicted = _predicted(values[train], facts.label[train], values[val])
    right = int((predicted == label).sum())
    low, high = binomtest(right, n).proportion_ci(method="wilson")
    verdict = "tells the classes apart" if low > out["chance"] else "does not tell them apart"
    interval = {"ci95_low": float(low), "ci95_high": float(high)}
    return {**out, "accuracy": right / n, **interval, "verdict": verdict}


def _predicted(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.int64], new: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    # Here because it takes a second, which loading images should not pay.
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    model = make_pipeline(
        StandardScaler(),
        PolynomialFeatures(2, include_bias=False),
        LogisticRegression(max_iter=1000),
    )
    folds = min(_FOLDS, int(np.bincount(y).min()))
    if folds >= 2:
        penalties = {"logisticregression__C": list(_PENALTIES)}
        model = GridSearchCV(model, penalties, cv=folds)
    predicted: npt.NDArray[np.int64] = model.fit(x, y).predict(new)
    return predicted
