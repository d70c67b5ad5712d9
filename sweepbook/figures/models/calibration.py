"""How a model of two classes is wrong, and how far its probabilities can be believed."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from sweepbook.aggregates.models import Model
from sweepbook.aggregates.nothing import NothingToDraw
from sweepbook.stats.shares import wilson_interval

BINS = 10
REPLICATE = 0  # one seed of each, the first: rows of several seeds would not be independent


def positive_probabilities(predictions: pd.DataFrame, model: Model) -> pd.DataFrame:
    """label, predicted and p (probability of class 1) of a model's first replicate on test rows.

    Raises NothingToDraw where there are more than two classes.
    """
    own = predictions[
        (predictions["trial_id"] == model.trial_id)
        & (predictions["replicate"] == REPLICATE)
        & (predictions["split"] == "test")
    ]
    if not set(own["label"]) | set(own["predicted"]) <= {0, 1}:
        raise NothingToDraw("it is of two classes, 0 and 1, only")
    p = own["probability"].where(own["predicted"] == 1, 1 - own["probability"])
    return own[["row_id", "label", "predicted"]].assign(p=p)


def confusion(own: pd.DataFrame) -> pd.DataFrame:
    """Four rows: label, predicted, n, share (of the rows with that label)."""
    rows = []
    for label in (0, 1):
        of_class = own[own["label"] == label]
        for predicted in (0, 1):
            n = int((of_class["predicted"] == predicted).sum())
            share = n / len(of_class) if len(of_class) else math.nan
            rows.append({"label": label, "predicted": predicted, "n": n, "share": share})
    return pd.DataFrame(rows)


def reliability(own: pd.DataFrame, bins: int = BINS) -> pd.DataFrame:
    """One row per bin of p that is not empty: bin_low, bin_high, n, p_mean, observed, low, high.

    Bins are equally wide, each with its lower edge and without its upper, the last with both;
    observed is the share of class 1, low and high its 95 % Wilson interval.
    """
    place = np.minimum((own["p"].to_numpy() * bins).astype(int), bins - 1)
    rows = []
    for i in sorted(set(place)):
        part = own[place == i]
        k, n = int((part["label"] == 1).sum()), len(part)
        found = wilson_interval(k, n)
        rows.append(
            {"bin_low": i / bins, "bin_high": (i + 1) / bins, "n": n,
             "p_mean": float(part["p"].mean()), "observed": k / n,
             "low": float(found.low), "high": float(found.high)}
        )  # fmt: skip
    return pd.DataFrame(rows)


def calibration_error(bins: pd.DataFrame) -> float:
    """Mean of |observed - p_mean| over the rows: the expected calibration error."""
    gaps = (bins["observed"] - bins["p_mean"]).abs()
    return float((gaps * bins["n"]).sum() / bins["n"].sum())
