"""What the kinds that show a search's space share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.labels import listing, setting_name
from sweepbook.aggregates.search import Search
from sweepbook.record.load import CONFIG


def constant_sentence(search: Search) -> str:
    """Which settings are the same in all trials."""
    varied = search.varied()
    same = [setting_name(key) for key in search.space if key not in varied]
    return f"The same in all trials, so not drawn: {listing(same)}." if same else ""


def trial_numbers(search: Search) -> pd.DataFrame:
    """One row per trial: its settings that varied, its ending and its value with its interval."""
    settings = [CONFIG + key for key in search.varied()]
    columns = ["trial_id", "number", *settings, "status", "last", "value", "low", "high", "n"]
    return search.trials[columns].rename(columns={"last": search.record.unit})


def colour_scale(values: Any, mode: str) -> dict[str, Any]:
    """The better, the darker; between the best and the median of the rest where outliers rule."""
    import matplotlib as mpl

    low, high = float(np.min(values)), float(np.max(values))
    if high - low > 6 * (np.quantile(values, 0.75) - np.quantile(values, 0.25)) > 0:
        low, high = (
            (low, float(np.quantile(values, 0.8)))
            if mode == "min"
            else (float(np.quantile(values, 0.2)), high)
        )
    cmap = mpl.colormaps["viridis" if mode == "min" else "viridis_r"]
    return {"norm": mpl.colors.Normalize(low, max(high, low + 1e-12)), "cmap": cmap}
