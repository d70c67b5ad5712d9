"""Many searches in virtual time -> one row per setting of ASHA: what it saves, what it loses."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sweepbook.replay.close import as_good
from sweepbook.replay.spread import CENTRAL, share_interval
from sweepbook.replay.virtual import Arrival, Curve, Search, full_time, search, visits_of
from sweepbook.stats.intervals import FloatArray
from sweepbook.study.rungs import Rungs, rung_levels

COLUMNS = (
    *("grace_period", "reduction_factor", "n_workers", "n_trials", "n_orders"),
    *("share", "share_q025", "share_q975", "kept", "kept_low", "kept_high"),
    *("kept_close", "kept_close_low", "kept_close_high"),
    *("regret", "regret_q025", "regret_q975", "regret_largest", "n_without"),
    *("n_finished", "time", "time_full"),
)
KEEPS = 0.95  # of the searches: what we call keeping the winner


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
    margin: float | None = None,
    after_each: Callable[[], object] = lambda: None,
) -> pd.DataFrame:
    """One row per setting, in their order; every setting meets the same arrivals.

    margin: how much worse than the winner is as good; None: not stated.

    Columns, means over the simulated searches, one per arrival, with the 2.5 % and 97.5 % quantile
    of single ones:
        share: fidelity spent, of that recorded. regret: by how much the best final value of the
        trials that trained to their end is worse than the best of all, >= 0, in the metric's
        unit. kept: share of searches in which the winner trained to its end, with its 95 %
        interval (share_interval); kept_close: in which it or a trial that is as good did
        (as_good); NaN without a margin. regret_largest. n_without: searches in which no trial
        with a finite value trained to its end; their regret is unknown and left out. n_finished:
        trials trained to their end. time, time_full: when the last trial ended, with ASHA and
        without, in the curves' unit.
    The winner is the trial with the best final value of those that were drawn; of equal ones any
    counts. Where a config was drawn twice, the second trial competes but cannot be the one kept:
    two equal trials would make keeping one of them too easy.
    """
    drawn = [_drawn(curves, arrival, margin) for arrival in arrived]
    full = {
        n: float(np.mean([full_time(own.curves, own.arrival, n) for own in drawn]))
        for n in dict.fromkeys(setting.n_workers for setting in settings)
    }
    rows = []
    for setting in settings:
        searches = play(curves, setting, arrived)
        found = [_outcome(*pair) for pair in zip(searches, drawn, strict=True)]
        rows.append(
            asdict(setting)
            | {"n_trials": len(curves), "n_orders": len(arrived)}
            | _row(np.array(found), [arrival.drawn for arrival in arrived], margin)
            | {"time_full": full[setting.n_workers]}
        )
        after_each()
    return pd.DataFrame(rows, columns=list(COLUMNS))


def play(
    curves: Sequence[Curve], setting: Setting, arrived: Iterable[Arrival]
) -> Iterator[Search]:
    """Yields the searches of one setting, one per arrival; their places are those drawn."""
    longest = max(len(curve.values) for curve in curves)
    levels = rung_levels(setting.grace_period, setting.reduction_factor, longest)
    visits = [visits_of(curve, levels) for curve in curves]
    for arrival in arrived:
        rungs = Rungs(levels, setting.reduction_factor)
        own = [visits[i] for i in arrival.drawn] if len(arrival.drawn) else visits
        yield search(own, arrival, setting.n_workers, rungs)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """The trials of one simulated search: what its outcome is measured by.

    finals: NaN for a second trial of the same config. close: as good as the best of them.
    """

    arrival: Arrival
    curves: Sequence[Curve]
    lengths: FloatArray
    finals: FloatArray
    close: NDArray[np.bool_]


def _drawn(curves: Sequence[Curve], arrival: Arrival, margin: float | None) -> _Drawn:
    places = np.array(arrival.drawn if len(arrival.drawn) else range(len(curves)))
    own = [curves[i] for i in places]
    finals = np.full(len(own), math.nan)
    first = np.unique(places, return_index=True)[1]
    finals[first] = [own[i].final for i in first]
    close = finals == np.nanmax(finals, initial=-math.inf)
    if margin is not None and close.any():
        close = as_good(own, int(np.argmax(close)), margin) & np.isfinite(finals)
    return _Drawn(arrival, own, np.array([len(c.values) for c in own]), finals, close)


def _outcome(played: Search, drawn: _Drawn) -> tuple[float, float, float, float, float]:
    """(share, regret or NaN, one that is as good kept, n_finished, time) of one search."""
    reached, finals = np.array(played.reached), drawn.finals
    ended = reached == drawn.lengths
    whole = ended & np.isfinite(finals)
    best = finals[whole].max() if whole.any() else math.nan
    regret = np.nanmax(finals) - best if whole.any() else math.nan
    kept = bool((whole & drawn.close).any())
    n_finished = sum(c.final == c.final for end, c in zip(ended, drawn.curves, strict=True) if end)
    return reached.sum() / drawn.lengths.sum(), regret, kept, n_finished, played.ended


def _row(
    found: FloatArray, drawn: Sequence[Sequence[int]], margin: float | None
) -> dict[str, float]:
    share, regret, close, finished, time = found.T
    known = regret[np.isfinite(regret)]
    row = {"share": share.mean()} | _quantiles("share", share)
    for name, kept in (("kept", regret == 0), ("kept_close", close > 0)):
        low, high = share_interval(kept.astype(np.float64), drawn)
        row |= {name: kept.mean(), f"{name}_low": low, f"{name}_high": high}
        if name == "kept_close" and margin is None:
            row |= dict.fromkeys((name, f"{name}_low", f"{name}_high"), math.nan)
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
