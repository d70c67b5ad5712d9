"""Do gradients vanish or explode on their way through a deep net? Aggregates, and the rule.

Magnitude is the squared L2 norm of a layer's gradient, the mean over an epoch's batches; layer 0
is next to the input. The rule, per trial and epoch:

1. A layer is zero where its magnitude is exactly 0. A replicate with more than a tenth of its
   layers at zero has **vanishing** gradients (ZERO_LAYERS = 0.1). So has the trial where all
   replicates have, and the 95 % t interval of their mean share of zero layers is above a tenth.
2. Where it is so of none, the slope of log10(magnitude) over the layer's index is fitted by
   least squares to each replicate's non-zero layers, and a 95 % t interval is taken over the
   replicates. An interval wholly above SLOPE is **vanishing** (the gradient shrinks on its way
   from the output to the input), wholly below -SLOPE **exploding**, wholly between them
   **healthy**. SLOPE = 0.02 per layer is a factor of 100 over 100 layers: on a linear axis the
   smaller end cannot be seen.
   One more seed, as unusual as the most unusual one of the study, must not change that.
3. **undecided** where 1 is open or replicates disagree on it, the interval crosses an edge, or
   there is one replicate; **not available** where a magnitude is not finite or was not recorded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.record.load import Record
from sweepbook.stats.intervals import FloatArray, one_sample, t_interval
from sweepbook.stats.unusual import one_more, reach, unusual_seeds

MAGNITUDE, ZEROS = "grad_sq_norm", "grad_zero_share"
ZERO_LAYERS = 0.1
SLOPE = 0.02  # log10 of the magnitude, per layer
_COLUMNS = ["trial_id", "replicate", "step", "layer", "magnitude", "zero_share"]


def has_gradients(record: Record) -> bool:
    """Whether any trial of the record tracked its gradients."""
    return MAGNITUDE in record.reports and bool(record.reports[MAGNITUDE].notna().any())


def gradient_table(record: Record) -> pd.DataFrame:
    """One row per trial x replicate x step x linear layer, sorted by them.

    Columns trial_id, replicate, step (the record's fidelity), layer (0..), magnitude (squared L2
    norm, >= 0) and zero_share (share of the step's batches whose gradient was exactly zero; NaN
    where not recorded). Empty where no gradients were tracked.
    """
    if not has_gradients(record):
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in _COLUMNS})
    rows = record.reports[record.reports[MAGNITUDE].notna()]
    parts = []
    for row in rows.to_dict("records"):
        magnitude = np.asarray(row[MAGNITUDE], dtype=np.float64)
        zeros = row.get(ZEROS)
        known = isinstance(zeros, list | np.ndarray)
        part = {
            "trial_id": row["trial_id"],
            "replicate": row["replicate"],
            "step": row[record.unit],
            "layer": np.arange(len(magnitude)),
            "magnitude": magnitude,
            "zero_share": np.asarray(zeros if known else math.nan, dtype=np.float64),
        }
        parts.append(pd.DataFrame(part))
    table = pd.concat(parts, ignore_index=True)[_COLUMNS]
    return table.sort_values(_COLUMNS[:4], ignore_index=True)


def slopes(table: pd.DataFrame) -> pd.DataFrame:
    """One row per trial x replicate x step: slope, n_layers, n_zero, zero_share (of the layers).

    slope: least-squares slope of log10(magnitude) over the layer's index, non-zero layers only;
    NaN with fewer than 3 of them or a magnitude that is not finite.
    """
    rows = [
        {"trial_id": key[0], "replicate": key[1], "step": key[2], **_slope(group)}
        for key, group in table.groupby(["trial_id", "replicate", "step"], sort=True)
    ]
    columns = ["trial_id", "replicate", "step", "slope", "n_layers", "n_zero", "zero_share"]
    return pd.DataFrame(rows, columns=columns)


def _slope(group: pd.DataFrame) -> dict[str, float]:
    magnitude = group["magnitude"].to_numpy(np.float64)
    layer = group["layer"].to_numpy(np.float64)
    zero, finite = magnitude == 0, bool(np.isfinite(magnitude).all())
    slope = math.nan
    if finite and (~zero).sum() >= 3:
        x, y = layer[~zero], np.log10(magnitude[~zero])
        x = x - x.mean()
        slope = float(x @ (y - y.mean()) / (x @ x))
    share = float(zero.mean()) if finite else math.nan
    return {"slope": slope, "n_layers": len(zero), "n_zero": int(zero.sum()), "zero_share": share}


def _is_above(shares: FloatArray, level: float) -> bool:
    return float(t_interval(shares, level).low) > ZERO_LAYERS


def classify(
    fits: pd.DataFrame,
    slope: float = SLOPE,
    others: Sequence[FloatArray] = (),
    level: float = 0.95,
) -> dict[str, Any]:
    """Class of one trial at one step by the rule above.

    fits: its rows of `slopes`, one per replicate. others: the slopes of each other trial at that
    step: the class must stand with one more seed as unusual as those of the study. level: of the
    intervals. Returns class, slope (mean), low, high, n, n_vanished (replicates past ZERO_LAYERS),
    zero_share (mean over the replicates).
    """
    shares = fits["zero_share"].to_numpy(np.float64)
    values = fits["slope"].to_numpy(np.float64)
    fit = one_sample(values, level)
    ends = reach(fit, one_more(values, fit, unusual_seeds([values], others)), level)
    n, vanished = len(values), int((shares > ZERO_LAYERS).sum())
    found = "undecided"
    if n == 0 or np.isnan(shares).any():
        found = "not available"
    elif (vanished == n and _is_above(shares, level)) or (vanished == 0 and ends[0] > slope):
        found = "vanishing"
    elif vanished == 0 and ends[1] < -slope:
        found = "exploding"
    elif vanished == 0 and ends[0] > -slope and ends[1] < slope:
        found = "healthy"
    return {
        "class": found,
        "slope": fit.mean,
        "low": fit.low,
        "high": fit.high,
        "n": n,
        "n_vanished": vanished,
        "zero_share": float(shares.mean()) if n else math.nan,
    }
