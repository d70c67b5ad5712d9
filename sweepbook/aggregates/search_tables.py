"""Searches -> tables: incumbent, rungs, isolation, best trials. Pure."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from sweepbook.aggregates.labels import setting_value
from sweepbook.aggregates.search import Domain, Search, place_of, value_at
from sweepbook.record.load import CONFIG
from sweepbook.study.rungs import rung_levels

MOST_VALUES = 12  # of a setting of whole numbers or steps; with more it is cut into stretches
N_STRETCHES = 8
_LOST = ("diverged", "failed", "interrupted", "running")


def incumbent_table(search: Search) -> pd.DataFrame:
    """The best value so far, whenever it changes and at the end; one block per cell.

    Reports are put in order by their trial's start and the seconds of its steps. Columns: cell,
    spent (units of fidelity so far, all trials of the cell together), seconds (of training so
    far, ditto; NaN without time_s), best_full (among trials at full length; NaN before the
    first), best_any (at any fidelity: values of unequal training), trial_id (of best_full).
    """
    record, curve = search.record, search.curve
    timed = "time_s" in record.reports
    reports = record.reports if timed else record.reports.assign(time_s=math.nan)
    times = reports.groupby(["trial_id", record.unit])["time_s"].max()
    steps = curve.join(times.rename("step_s"), on=["trial_id", record.unit])
    steps["elapsed"] = steps.groupby("trial_id")["step_s"].cumsum()
    own = search.trials.set_index("trial_id")
    started = _started(record.trials)
    steps["at"] = steps["trial_id"].map(started) + steps["elapsed"].fillna(0.0)
    for name in ("number", "cell", "is_full", "last"):
        steps[name] = steps["trial_id"].map(own[name])
    steps = steps.sort_values(["at", "number", record.unit], kind="stable")
    blocks = [_incumbents(block, search) for _, block in steps.groupby("cell")]
    return pd.concat(blocks, ignore_index=True)


def _started(trials: pd.DataFrame) -> pd.Series[float]:
    """Seconds since 1970 of each trial's start, by trial_id; places where there are no dates."""
    index = trials["trial_id"].to_numpy()
    if "started" not in trials or trials["started"].isna().any():
        return pd.Series(np.arange(len(trials)) * 1e9, index=index)
    dates = pd.to_datetime(trials["started"], utc=True, format="ISO8601")
    return pd.Series(dates.map(lambda date: date.timestamp()).to_numpy(), index=index)


def _incumbents(steps: pd.DataFrame, search: Search) -> pd.DataFrame:
    sign = 1.0 if search.record.mode == "max" else -1.0
    value = sign * steps["mean"]
    at_end = steps["is_full"].astype(bool) & (steps[search.record.unit] == steps["last"])
    table = pd.DataFrame(
        {
            "cell": steps["cell"].astype("int64"),
            "spent": np.arange(1, len(steps) + 1),
            "seconds": steps["step_s"].cumsum(),
            "best_full": sign * value.where(at_end).cummax().ffill(),
            "best_any": sign * value.cummax().ffill(),
        }
    )
    full = value.where(at_end)
    is_best = at_end & (full == full.cummax()) & (full != full.cummax().ffill().shift())
    table["trial_id"] = steps["trial_id"].where(is_best).ffill()
    changed = table[["best_full", "best_any"]].ne(table[["best_full", "best_any"]].shift())
    changed &= table[["best_full", "best_any"]].notna()
    keep = changed.any(axis=1)
    keep.iloc[-1] = True
    return table[keep]


def rung_table(search: Search) -> pd.DataFrame:
    """What happened at each rung, per cell; the last row of a cell is the end.

    Columns: cell, rung (fidelity), came (trials that reported there), stopped (there), lost
    (diverged, failed, interrupted or running since, before the next row), went_on (reached the
    next row), best (value there). At the end `came` have finished. Empty without a scheduler.
    """
    spec = search.record.manifest.study.scheduler
    if spec is None:
        return pd.DataFrame(columns=["cell", "rung", "came", "stopped", "lost", "went_on", "best"])
    end = int(spec.max_t or search.trials["last"].max())
    levels = sorted(
        {
            level
            for bracket in range(spec.brackets)
            for level in rung_levels(spec.grace_period, spec.reduction_factor, end, bracket)
        }
        | {end}
    )
    values = search.curve.pivot(index="trial_id", columns=search.record.unit, values="mean")
    rows = []
    for cell, trials in search.trials.groupby("cell"):
        for level, following in zip(levels, [*levels[1:], math.inf], strict=True):
            came = trials[trials["last"] >= level]
            here = came[came["last"] < following]
            lost = int(here["status"].isin(_LOST).sum())
            stopped = int((here["status"] == "stopped").sum())
            known = values.reindex(came["trial_id"]).get(level, pd.Series(dtype="float64"))
            best = known.max() if search.record.mode == "max" else known.min()
            rows.append((cell, level, len(came), stopped, lost, len(came) - len(here), best))
    names = ["cell", "rung", "came", "stopped", "lost", "went_on", "best"]
    return pd.DataFrame(rows, columns=names)


def isolation_table(search: Search) -> pd.DataFrame:
    """The best value for each value of what the question is about, all else optimised away.

    One block per setting: the cell where there are several ("cell"), then each open scientific
    setting. A setting of more than 12 numbers is cut into 8 equal stretches of its scale.
    Columns: setting, x (value, middle of the stretch on its scale, or place of a choice), label,
    n_full, n_stopped, n_lost, value, low, high (of the best trial at full length, NaN where
    there is none), trial_id.
    """
    blocks = []
    if len(search.cells) > 1:
        blocks.append(_isolated(search, "cell", search.trials["cell"], search.cell_labels))
    for key in search.scientific:
        groups, labels, middles = _grouped(search.space[key], search.trials[CONFIG + key])
        blocks.append(_isolated(search, key, groups, labels, middles))
    if not blocks:
        return pd.DataFrame(columns=["setting", "x", "label", "n_full", "value", "low", "high"])
    return pd.concat(blocks, ignore_index=True)


def _grouped(
    domain: Domain, column: pd.Series[Any]
) -> tuple[pd.Series[Any], list[str], list[float]]:
    """Group of each value, the groups' labels, and where they stand on the setting's own axis."""
    if domain["kind"] == "choice":
        n = len(domain["choices"])
        groups = column.map(lambda v: place_of(domain, v) * max(1, n - 1))
        return groups, [setting_value(v) for v in domain["choices"]], [float(i) for i in range(n)]
    distinct = sorted(column.unique())
    if (domain["kind"] == "int" or domain.get("step")) and len(distinct) <= MOST_VALUES:
        places = {value: float(i) for i, value in enumerate(distinct)}
        return column.map(places), [setting_value(v) for v in distinct], list(map(float, distinct))
    edges = np.linspace(0, 1, N_STRETCHES + 1)
    place = column.map(lambda v: place_of(domain, v))
    groups = pd.Series(np.clip((place * N_STRETCHES).astype(int), 0, N_STRETCHES - 1))
    values = [value_at(domain, float(edge)) for edge in edges]
    ends = zip(values[:-1], values[1:], strict=True)
    labels = [f"{setting_value(_short(a))} to {setting_value(_short(b))}" for a, b in ends]
    middles = [value_at(domain, float(a + b) / 2) for a, b in zip(edges, edges[1:], strict=False)]
    return groups, labels, middles


def _short(value: float) -> float:
    return float(f"{value:.3g}")


def _isolated(
    search: Search,
    setting: str,
    groups: pd.Series[Any],
    labels: list[str],
    places: list[float] | None = None,
) -> pd.DataFrame:
    rows = []
    for i, label in enumerate(labels):
        own = search.trials[(groups == i).to_numpy()]
        ranked = search.ranked(own)
        best: dict[Any, Any] = {} if ranked.empty else ranked.iloc[0].to_dict()
        rows.append(
            {
                "setting": setting,
                "x": float(i) if places is None else places[i],
                "label": label,
                "n_full": len(ranked),
                "n_stopped": int((own["status"] == "stopped").sum()),
                "n_lost": int(own["status"].isin(_LOST).sum()),
                **{name: best.get(name, math.nan) for name in ("value", "low", "high")},
                "trial_id": best.get("trial_id"),
            }
        )
    return pd.DataFrame(rows)


def best_table(search: Search, most: int) -> pd.DataFrame:
    """The best `most` trials at full length of each cell, best first, with all that varied.

    Columns: cell, rank (from 1), trial_id, number, config/* of what varied, value, low, high, n.
    """
    settings = [CONFIG + key for key in search.varied()]
    blocks = []
    for cell, trials in search.trials.groupby("cell"):
        ranked = search.ranked(trials).head(most)
        blocks.append(ranked.assign(cell=cell, rank=np.arange(1, len(ranked) + 1)))
    table = pd.concat(blocks, ignore_index=True)
    return table[["cell", "rank", "trial_id", "number", *settings, "value", "low", "high", "n"]]
