"""Claims that count seeds, or ask for the class of gradients, at several looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sweepbook.findings.deciding.counts import class_of_gradients, count_at_chance
from sweepbook.findings.deciding.other_trials import OtherTrials
from sweepbook.findings.deciding.verdicts import ALPHA
from sweepbook.findings.finding import FAILS, HOLDS, Finding
from sweepbook.findings.finding import MISSING as NOT_AVAILABLE
from sweepbook.findings.finding import OPEN as UNDECIDED
from sweepbook.findings.sequential.compared import (
    CROSSES,
    FEW,
    GIVEN_UP,
    MISSING,
    OPEN,
    OVERTURNED,
    TOO_UNLIKELY,
)
from sweepbook.findings.sequential.design import Design
from sweepbook.findings.sequential.seen import LEAST_SEEN
from sweepbook.record.load import Record
from sweepbook.stats.counting import (
    crosses,
    e_value,
    lasting_share,
    repeated_share,
    upper_limits,
)
from sweepbook.stats.giving_up import FROM, LEAST
from sweepbook.stats.shares import MOST
from sweepbook.study.claim import Claim

_TAIL = ALPHA / 2
_WITHIN = "the repeated interval of the share still contains 80 %"
Past = Sequence[Mapping[str, Any]]


def counted_ending(
    record: Record, claim: Claim, design: Design, past: Past, n: int, trials: OtherTrials
) -> dict[str, Any]:
    """The state of a "mixture" or "gradients" claim at the look at n replicates.

    past: its endings at the looks before.
    """
    if claim.kind == "gradients":
        return _gradients(record, claim, design, n, trials)
    found = count_at_chance(record, claim, Finding(name=claim.name), trials).finding
    if found.verdict == NOT_AVAILABLE or found.estimate is None or not found.n:
        return {"state": MISSING, "why": found.note or "", "trial_ids": ""}
    k, own = round(found.estimate * found.n), found.n
    learns = claim.expected == "learns"
    ks = [*(int(one["k"]) for one in past), own - k if learns else k]
    ns = [*(int(one["n"]) for one in past), own]
    low, high = shares_of(design, ks, ns)
    state, why = _state(design, ks, ns), ""
    if state == OPEN:
        state, why = _or_given_up(design, ks[-1], own)
    return {
        "state": state,
        "why": why,
        "estimate": k / own,
        "low": 1 - high if learns else low,
        "high": 1 - low if learns else high,
        "k": ks[-1],
        "mixed": 0 < k < own,
        "trial_ids": found.trial_ids or "",
    }


def shares_of(design: Design, ks: Sequence[int], ns: Sequence[int]) -> tuple[float, float]:
    """The repeated interval of a share, whose counts are those of the looks so far."""
    if design.unlimited:
        return lasting_share(ks, ns)
    return repeated_share(ks, [*ns, *(n for n in design.looks if n > ns[-1])])


def says_above(
    design: Design, ks: Sequence[int], ns: Sequence[int], share: float, tail: float
) -> bool:
    """Whether any look so far says that the share is above this one."""
    if design.unlimited:
        pairs = [(k, n) for k, n in zip(ks, ns, strict=True) if k > share * n]
        return any(e_value(k, n, share) >= 1 / (2 * tail) for k, n in pairs)
    return crosses(ks, [*ns, *(n for n in design.looks if n > ns[-1])], share, tail)


def _state(design: Design, ks: Sequence[int], ns: Sequence[int]) -> str:
    rest = [n - k for k, n in zip(ks, ns, strict=True)]
    if says_above(design, ks, ns, MOST, _TAIL):
        return HOLDS
    return FAILS if says_above(design, rest, ns, 1 - MOST, _TAIL) else OPEN


def _or_given_up(design: Design, k: int, n: int) -> tuple[str, str]:
    """Whether more seeds would hardly decide a count, if they go on as they began."""
    from scipy import stats

    n_max = design.n_max
    if n_max is None or not FROM <= n < n_max:
        return OPEN, _WITHIN
    share = (k + 0.5) / (n + 1)
    high = upper_limits(design.looks, MOST, _TAIL)[-1]
    low = upper_limits(design.looks, 1 - MOST, _TAIL)[-1]
    above = float(stats.binom.sf(high - k - 1, n_max - n, share))
    below = float(stats.binom.sf(low - (n - k) - 1, n_max - n, 1 - share))
    if max(above, below) < LEAST:
        return GIVEN_UP, TOO_UNLIKELY.format(n_max=n_max)
    return OPEN, _WITHIN


def _gradients(
    record: Record, claim: Claim, design: Design, n: int, trials: OtherTrials
) -> dict[str, Any]:
    nominal = design.rule.nominal(n, ALPHA) if n > 1 else 0.0
    level = 1 - max(nominal, 1e-12)
    found = class_of_gradients(record, claim, Finding(name=claim.name), trials, level).finding
    if found.verdict == NOT_AVAILABLE:
        return {"state": MISSING, "why": found.note or "", "trial_ids": found.trial_ids or ""}
    n_seen = len(trials.slopes[["trial_id", "replicate"]].drop_duplicates())
    is_open = found.verdict == UNDECIDED or nominal == 0 or n_seen < LEAST_SEEN
    why = FEW.format(n=n_seen) if n_seen < LEAST_SEEN else CROSSES
    return {
        "state": OPEN if is_open else found.verdict,
        "why": (OVERTURNED if found.overturned else why) if is_open else "",
        "estimate": found.estimate,
        "low": found.low,
        "high": found.high,
        "trial_ids": found.trial_ids or "",
    }
