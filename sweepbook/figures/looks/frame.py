"""What each look of a record saw of each claim, as a frame."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sweepbook.findings.sequential.compared import DECIDED, GIVEN_UP, OPEN
from sweepbook.findings.sequential.decided import decided_of
from sweepbook.findings.sequential.seen import limit_at
from sweepbook.record.load import Record

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
                "boundary": limit_at(design.rule, n, n - 1, design.alpha),
                "decided": sum(state in DECIDED for state in states),
                "given_up": states.count(GIVEN_UP),
                "open": states.count(OPEN),
                "done": look in taken,
            }
        )
    return pd.DataFrame(rows)


def _row(ending: Mapping[str, Any], look: int, n: int) -> dict[str, Any]:
    known = {name: ending.get(name) for name in COLUMNS if name not in ("claim", "look", "n")}
    return {"look": look, "n": n, **known}
