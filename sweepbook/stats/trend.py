"""How much a series scatters about its trend."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd


def detrended_sd(values: np.ndarray[Any, Any]) -> float:
    """Standard deviation of values (n,) about their least-squares line; NaN for n < 3 or NaN."""
    n = len(values)
    if n < 3:
        return math.nan
    x = np.linspace(-1.0, 1.0, n)
    centred = values - values.mean()
    rest = centred - x * (x @ centred) / (x @ x)
    return float(np.sqrt((rest**2).sum() / (n - 2)))


def logs(values: pd.Series[float]) -> pd.Series[float]:
    """Natural logarithms of a sample, NaN where a value is not positive; the index stays."""
    return pd.Series(np.log(values.where(values > 0).to_numpy()), index=values.index)
