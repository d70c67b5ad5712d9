"""Many searches in virtual time -> one row per setting of ASHA: what it saves, what it loses."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from sweepbook.replay.virtual import (
    Arrival,
    Curve,
    Search,
    full_time,
    not_told_apart,
    search,
    visits_of,
)
from sweepbook.stats.intervals import FloatArray
from sweepbook.stats.shares import wilson_interval
from sweepbook.study.rungs import Rungs, rung_levels

CENTRAL = (0.025, 0.975)  # quantiles over the orders
COLUMNS = (
    *("grace_period", "reduction_factor", "n_workers", "n_trials", "n_orders"),
    *("share", "share_q025", "share_q975", "kept", "kept_low", "kept_high"),
    *("kept_equal", "kept_equal_low", "kept_equal_high"),
    *("regret", "regret_q025", "regret_q975", "regret_largest", "n_without"),
    *("n_finished", "time", "time_full"),
)
KEEPS = 0.95  # of the orders: what we call keeping the winner


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How ASHA is set, and how many trials it trains at a time."""

    grace_period: int
    reduction_factor: int
    n_workers: int


def replay_table(
    curves: Sequence[Curve],
    settings: Sequence[Setting],
    arrived: Sequence[Arrival],
    *,
    after_each: Callable[[], object] = lambda: None,
) -> pd.DataFrame:
    """One row per setting, in their order; every setting meets the same arrivals.

    Columns, means over the arrivals with the 2.5 % and 97.5 % quantile of single ones:
        share: fidelity spent, of that recorded. regret: by how much the best final value of the
        trials that trained to their end is worse than the best of all, >= 0, in the metric's
        unit. kept: share of arrivals in which the winner trained to its end, with its 95 % Wilson
        interval; kept_equal: in which it or one that cannot be told from it did.
        regret_largest. n_without: arrivals in which no trial with a finite value trained to its
        end; their regret is unknown and left out. n_finished: trials trained to their end.
        time, time_full: when the last trial ended, with ASHA and without, in the curves' unit.
    The winner is the trial with the best final value; of equal ones any counts.
    """
    finals = np.array([curve.final for curve in curves])
    lengths = np.array([len(curve.values) for curve in curves])
    equals = not_told_apart(curves)
    full = {
        n: float(np.mean([full_time(curves, arrival, n) for arrival in arrived]))
        for n in dict.fromkeys(setting.n_workers for setting in settings)
    }
    rows = []
    for setting in settings:
        found = [
            _outcome(played, finals, lengths, equals) for played in play(curves, setting, arrived)
        ]
        rows.append(
            asdict(setting)
            | {"n_trials": len(curves), "n_orders": len(arrived)}
            | _row(np.array(found))
            | {"time_full": full[setting.n_workers]}
        )
        after_each()
    return pd.DataFrame(rows, columns=list(COLUMNS))


def play(
    curves: Sequence[Curve], setting: Setting, arrived: Iterable[Arrival]
) -> Iterator[Search]:
    """Yields the searches of one setting, one per arrival."""
    longest = max(len(curve.values) for curve in curves)
    levels = rung_levels(setting.grace_period, setting.reduction_factor, longest)
    visits = [visits_of(curve, levels) for curve in curves]
    for arrival in arrived:
        rungs = Rungs(levels, setting.reduction_factor)
        yield search(visits, arrival, setting.n_workers, rungs)


def _outcome(
    played: Search, finals: FloatArray, lengths: FloatArray, equals: list[int]
) -> tuple[float, float, float, float, float]:
    """(share, regret or NaN, an equal of the winner kept, n_finished, time) of one search."""
    reached = np.array(played.reached)
    whole = (reached == lengths) & np.isfinite(finals)
    best = finals[whole].max() if whole.any() else math.nan
    kept = bool(whole[equals].any())
    share = reached.sum() / lengths.sum()
    return share, np.nanmax(finals) - best, kept, whole.sum(), played.ended


def _row(found: FloatArray) -> dict[str, float]:
    share, regret, equal, finished, time = found.T
    known = regret[np.isfinite(regret)]
    row = {"share": share.mean()} | _quantiles("share", share)
    for name, kept in (("kept", known == 0), ("kept_equal", equal > 0)):
        bounds = wilson_interval(int(kept.sum()), len(found))
        row |= {name: kept.sum() / len(found)}
        row |= {f"{name}_low": bounds.low, f"{name}_high": bounds.high}
    if len(known):
        row |= {"regret": known.mean(), "regret_largest": known.max()}
        row |= _quantiles("regret", known)
    row |= {"n_finished": finished.mean(), "time": time.mean()}
    return {name: float(value) for name, value in row.items()} | {
        "n_without": len(found) - len(known)
    }


def _quantiles(name: str, values: FloatArray) -> dict[str, float]:
    low, high = np.quantile(values, CENTRAL)
    return {f"{name}_q025": low, f"{name}_q975": high}


def cheapest(table: pd.DataFrame, kept: str = "kept") -> pd.DataFrame:
    """The rows that spend least of those whose column `kept` is at least 0.95.

    One per number of workers, in the order of `table`; none where no setting keeps it.
    """
    keeping = table[table[kept] >= KEEPS]
    return keeping.loc[keeping.groupby("n_workers", sort=False)["share"].idxmin()]
