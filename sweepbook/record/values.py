"""What a trial's reports say: one definition each of diverged, mean, last, best and end.

A replicate has diverged from the first fidelity on at which the study's metric or its training
loss (`train_loss`, where it is reported) is not finite: NaN, infinite or None. Whatever else it
reports from there on, an accuracy say, may be finite and means nothing. The mean over the
replicates is NaN where one of them has diverged: survivors are never averaged silently. One that
has ended, before the others do, keeps its last value. Last is
the mean at the last fidelity; best is the best mean that is not NaN, the first of equal ones. The
end is what findings, tables and figures compare: of each replicate the mean over the last steps.

The worker, the scheduler, the sampler and the record's writer meet reports one by one
(`Follower`); the report's tables and whatever reads a record meet a frame (`diverged`, `means`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

TRAIN_LOSS = "train_loss"
LAST_STEPS = 5  # of a claim, a winner: one last epoch scatters by up to 2 points of accuracy
_PLACE = "\0place"  # a column that no study's name is


class Step(NamedTuple):
    """A trial at one fidelity: the mean over its replicates, and how many have diverged."""

    fidelity: int
    mean: float
    n_diverged: int


@dataclass
class Follower:
    """A trial's reports as they come: its means, and which replicates have diverged so far.

    Args:
        metric, unit: names of the study's metric and of its fidelity.
        gone: the replicates that have diverged.
        last: replicate -> its last value.
    """

    metric: str
    unit: str
    gone: set[int] = field(default_factory=set)
    last: dict[int, float] = field(default_factory=dict)

    def take(self, rows: Iterable[Mapping[str, Any]]) -> list[Step]:
        """Takes report rows, one per replicate and fidelity; returns their steps, upwards."""
        by_step: dict[int, list[Mapping[str, Any]]] = {}
        for row in rows:
            by_step.setdefault(int(row[self.unit]), []).append(row)
        return [self._step(fidelity, own) for fidelity, own in sorted(by_step.items())]

    def _step(self, fidelity: int, rows: list[Mapping[str, Any]]) -> Step:
        for row in rows:
            self.know(int(row["replicate"]), row[self.metric], self._is_bad(row))
        values = [self.last[replicate] for replicate in sorted(self.last)]
        mean = math.nan if self.gone else float(np.mean(values))
        return Step(fidelity, mean, len(self.gone))

    def know(self, replicate: int, value: Any, is_gone: bool) -> None:
        """Takes note of a replicate's value at its next fidelity."""
        self.last[replicate] = number_of(value)
        if is_gone:
            self.gone.add(replicate)

    def _is_bad(self, row: Mapping[str, Any]) -> bool:
        watched = [row[self.metric], *([row[TRAIN_LOSS]] if has_train_loss(row) else [])]
        return not all(math.isfinite(number_of(value)) for value in watched)


def last_steps(table: pd.DataFrame, n_steps: int = LAST_STEPS) -> pd.DataFrame:
    """Returns the last `n_steps` steps of a table of values by step (index, upwards)."""
    last: pd.DataFrame = table.loc[table.index > table.index[-1] - n_steps]
    return last


def number_of(value: Any) -> float:
    """Returns a reported value as a float; None is NaN."""
    return math.nan if value is None else float(value)


def has_train_loss(row: Mapping[str, Any]) -> bool:
    """Whether a report row has a training loss: a number or None; a list of them is none."""
    return TRAIN_LOSS in row and isinstance(row[TRAIN_LOSS], Real | None)


def is_better(value: float, known: float, mode: str) -> bool:
    """Whether a mean takes the place of the best so far: NaN never does, nor does an equal one."""
    if not math.isfinite(value):
        return False
    sign = 1 if mode == "max" else -1
    return not math.isfinite(known) or sign * value > sign * known


def diverged(
    reports: pd.DataFrame, trials: pd.DataFrame, metric: str, unit: str
) -> pd.Series[bool]:
    """Returns, for each row of a record's reports, whether its replicate has diverged by then.

    Args:
        trials: the record's; `has_train_loss` says which of them report a training loss, for a
            table keeps no difference between one of NaN and none.
    """
    bad = np.zeros(len(reports), dtype=bool)
    if metric in reports:
        bad = ~np.isfinite(reports[metric].to_numpy(dtype="float64"))
    if TRAIN_LOSS in reports and metric != TRAIN_LOSS:
        lost = ~np.isfinite(_train_losses(reports).to_numpy())
        bad |= lost & ~reports["trial_id"].isin(trials_without_loss(reports, trials)).to_numpy()
    ordered = reports.assign(bad=bad).sort_values(unit, kind="stable")
    seen: pd.Series[bool] = ordered.groupby(["trial_id", "replicate"])["bad"].cummax()
    return seen.reindex(reports.index).astype(bool)


def trials_without_loss(reports: pd.DataFrame, trials: pd.DataFrame) -> set[str]:
    """Returns the ids of the trials that do not report a training loss.

    Of a record of the version before, which does not say so: those without any finite one of
    whose replicates none has diverged.
    """
    if "has_train_loss" in trials:
        said = trials["has_train_loss"].fillna(True).astype(bool)
        return set(trials.loc[~said, "trial_id"])
    if TRAIN_LOSS not in reports:
        return set(trials["trial_id"])
    if "n_diverged" not in trials:
        return set()
    counts = _train_losses(reports).groupby(reports["trial_id"]).count()
    whole = trials.loc[trials["n_diverged"] == 0, "trial_id"]
    return set(counts.index[counts == 0]) & set(whole)


def _train_losses(reports: pd.DataFrame) -> pd.Series[float]:
    """The training loss of each row, NaN where it is no number."""
    losses = reports[TRAIN_LOSS]
    if not pd.api.types.is_numeric_dtype(losses):  # lists, texts, flags with gaps
        losses = losses.map(lambda loss: loss if isinstance(loss, Real) else math.nan)
    return losses.astype("float64")


def means(reports: pd.DataFrame, trials: pd.DataFrame, metric: str, unit: str) -> pd.Series[float]:
    """Returns the mean over the replicates by (trial_id, fidelity), NaN where one has diverged.

    Args:
        reports, trials: a record's, of any trials; before the first row of one of a trial's
            replicates it has no mean.
    """
    bad = diverged(reports, trials, metric, unit)
    values = reports[["trial_id", "replicate", unit]].assign(
        value=reports[metric].astype("float64").mask(bad)
    )
    groups = carried(values, unit).groupby(["trial_id", unit])["value"]
    found: pd.Series[float] = groups.agg(lambda own: own.mean(skipna=False))
    if "n_replicates" in trials:
        sizes = trials.set_index("trial_id")["n_replicates"]
        wanted = sizes.reindex(found.index.get_level_values("trial_id")).to_numpy("float64")
        found = found.mask(groups.size().to_numpy() < wanted)
    return found


def carried(reports: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Returns report rows, and where a replicate ended before others of its trial its last again.

    Args:
        reports: with trial_id, replicate, the unit's column, and any others, in any order.
    """
    sizes = reports.groupby(["trial_id", unit])["replicate"].transform("size")
    most = reports.groupby("trial_id")["replicate"].transform("nunique")
    uneven = reports["trial_id"].isin(reports.loc[sizes < most, "trial_id"])
    if not uneven.any():
        return reports
    own = reports[uneven].assign(**{_PLACE: np.arange(int(uneven.sum()))})
    steps = own[["trial_id", unit]].drop_duplicates()
    replicates = own[["trial_id", "replicate"]].drop_duplicates()
    key = ["trial_id", "replicate", unit]
    grid = steps.merge(replicates, on="trial_id").merge(own[[*key, _PLACE]], "left", on=key)
    grid = grid.sort_values(key)
    grid[_PLACE] = grid.groupby(["trial_id", "replicate"])[_PLACE].ffill()
    grid = grid[grid[_PLACE].notna()]
    filled = own.iloc[grid[_PLACE].to_numpy("int64")].drop(columns=_PLACE)
    filled = filled.assign(**{unit: grid[unit].to_numpy()})
    return pd.concat([reports[~uneven], filled], ignore_index=True)


def means_by_trial(
    reports: pd.DataFrame, trials: pd.DataFrame, metric: str, unit: str
) -> dict[str, dict[int, float]]:
    """Returns `means` as trial_id -> {fidelity: mean}, upwards; {} where nothing was reported."""
    found: dict[str, dict[int, float]] = {}
    if reports.empty:
        return found
    told = means(reports, trials, metric, unit).rename("mean").reset_index()
    for trial_id, at, mean in zip(told["trial_id"], told[unit], told["mean"], strict=True):
        found.setdefault(str(trial_id), {})[int(at)] = float(mean)
    return found


@dataclass(frozen=True)
class Ending:
    """Why a scheduler ended a trial; `value` is the mean over replicates that decided."""

    status: Literal["stopped", "diverged"]
    reason: str
    value: float
    rung: int | None = None
    cutoff: float | None = None

    def __str__(self) -> str:
        return self.reason
