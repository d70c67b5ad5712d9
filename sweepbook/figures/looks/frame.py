"""What each look of a record saw of each claim, as a frame."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sweepbook.findings.sequential.compared import DECIDED, GIVEN_UP, OPEN
from sweepbook.findings.sequential.decided import Decided, decided_of
from sweepbook.record.load import Record
from sweepbook.stats.intervals import t_quantile

COLUMNS = (
    *("claim", "look", "n", "state", "estimate", "low", "high", "edge", "t", "boundary"),
    *("sequential_p", "factor", "why"),
)


def looks_frame(record: Record) -> pd.DataFrame:
    """One row per claim and look up to the one at which it ended, in their order.

    Columns: claim (its name), look (from 1), n (replicates), state, estimate with low and high
    (the repeated interval, on the tested scale), edge, t and boundary (|t| that decides) of the
    comparison that decides or is in the way, sequential_p, factor (by which several comparisons
    make the level stricter), why. No row where the record was not decided look by look.
    """
    decided = decided_of(record)
    rows = [
        {"claim": name, **_row(ending, one.look, one.n)}
        for one in (decided.judged if decided else ())
        for name, ending in one.endings.items()
        if int(ending["look"]) == one.look
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def boundary_frame(record: Record) -> pd.DataFrame:
    """One row per look: what it may spend, what decides, and how many claims it left.

    Columns: look, n, spent (of the chance of a wrong verdict, so far), boundary (|t| that decides
    one comparison of n seeds), decided, given_up and open (claims), done (whether it took place).
    """
    decided = decided_of(record)
    if decided is None:
        return pd.DataFrame()
    design, taken = decided.design, {one.look: one for one in decided.judged}
    n_looks = len(decided.judged) if design.unlimited else len(design.looks)
    rows = []
    for look in range(1, n_looks + 1):
        n = design.n_at(look) or 0
        states = (
            [str(one["state"]) for one in taken[look].endings.values()] if look in taken else []
        )
        rows.append(
            {
                "look": look,
                "n": n,
                "spent": math.nan if design.unlimited else design.alpha * n / design.looks[-1],
                "boundary": _boundary(decided, n),
                "decided": sum(state in DECIDED for state in states),
                "given_up": states.count(GIVEN_UP),
                "open": states.count(OPEN),
                "done": look in taken,
            }
        )
    return pd.DataFrame(rows)


def _boundary(decided: Decided, n: int) -> float:
    if n < 2:
        return math.inf
    nominal = decided.design.rule.nominal(n, decided.design.alpha)
    return t_quantile(1 - nominal, n - 1) if nominal > 0 else math.inf


def _row(ending: Mapping[str, Any], look: int, n: int) -> dict[str, Any]:
    known = {name: ending.get(name) for name in COLUMNS if name not in ("claim", "look", "n")}
    return {"look": look, "n": n, **known}
