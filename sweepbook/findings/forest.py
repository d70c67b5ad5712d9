"""All claims on one scale, for a forest plot, and how sure the whole of them is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from sweepbook.aggregates.labels import count, number
from sweepbook.findings.amounts import HUNDREDTHS
from sweepbook.findings.deciding.other_trials import LEAST_SEEDS
from sweepbook.findings.deciding.verdicts import ALPHA
from sweepbook.findings.finding import FAILS, HOLDS, MISSING, Finding
from sweepbook.record.load import Record
from sweepbook.record.registration import AFTER
from sweepbook.stats.shares import MOST
from sweepbook.study.claim import Claim

SMALLEST, SHARE, NONE = "smallest difference", "share of the seeds", ""
COLUMNS = (
    *("study", "name", "kind", "claim", "scale", "estimate", "low", "high", "guard_low"),
    *("guard_high", "level", "band_low", "band_high", "verdict", "n", "unit", "raw_estimate"),
    *("raw_low", "raw_high", "family", "declared", "weak"),
)


def forest_frame(record: Record, findings: Iterable[Finding]) -> pd.DataFrame:
    """One row per declared claim of a record, in their order.

    Columns: study, name, kind, claim (what is claimed, in words); scale: the unit of the next
    columns, "smallest difference" (that matters), "share of the seeds" for counts, or "" where
    the claim takes any difference to matter; estimate, low, high (of level), guard_low,
    guard_high (what the interval reaches with one more unusual seed): from the target or from 0,
    in this unit, NaN where it is ""; band_low, band_high: where the claim is true; verdict; n:
    seeds or pairs; raw_estimate, raw_low, raw_high in unit, as in the finding; family; declared
    ("before" or "after" the training began; None where the record does not say); weak: whether few
    seeds of other trials show how seeds fail.
    """
    known: dict[str, Finding] = {}
    for finding in findings:
        known.setdefault(finding.name, finding)
    rows = [
        _row(claim, known[claim.name])
        for claim in record.manifest.study.claims
        if claim.name in known
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(claim: Claim, finding: Finding) -> dict[str, object]:
    scale, centre, size, band = _scale(claim, finding)
    numbers = {
        name: math.nan if value is None or not size else (value - centre) / size
        for name, value in (
            *(("estimate", finding.estimate), ("low", finding.low), ("high", finding.high)),
            *(("guard_low", finding.guard_low), ("guard_high", finding.guard_high)),
        )
    }
    return {
        "study": finding.study,
        "name": finding.name,
        "kind": finding.kind,
        "claim": finding.claim,
        "scale": scale,
        **numbers,
        "level": finding.level,
        "band_low": band[0],
        "band_high": band[1],
        "verdict": finding.verdict,
        "n": finding.n,
        "unit": finding.unit,
        "raw_estimate": finding.estimate,
        "raw_low": finding.low,
        "raw_high": finding.high,
        "family": claim.family,
        "declared": finding.declared,
        "weak": has_few_seeds(finding),
    }


def has_few_seeds(finding: Finding) -> bool:
    """Whether few seeds of other trials show how seeds fail."""
    return finding.n_seeds is not None and finding.n_seeds < LEAST_SEEDS


def is_weak(finding: Finding) -> bool:
    """Whether a verdict is weak, because few seeds of other trials show how seeds fail."""
    return has_few_seeds(finding) and finding.verdict in (HOLDS, FAILS)


def _scale(claim: Claim, finding: Finding) -> tuple[str, float, float, tuple[float, float]]:
    """The scale's name, its origin and size in the finding's unit, and the band on the scale."""
    if claim.kind == "mixture":
        band = (0.0, 1 - MOST) if claim.expected == "learns" else (MOST, 1.0)
        return SHARE, 0.0, 1.0, band
    whole = 100.0 if finding.unit in HUNDREDTHS else 1.0
    if not claim.smallest:
        return NONE, 0.0, 0.0, _band(claim)
    return SMALLEST, whole * (claim.target or 0.0), whole * claim.smallest, _band(claim)


def _band(claim: Claim) -> tuple[float, float]:
    if claim.kind == "equivalence" or claim.expected == "healthy":
        return -1.0, 1.0
    edge = 1.0 if claim.smallest else 0.0
    lower = claim.direction == "lower" or claim.expected == "exploding"
    return (-math.inf, -edge) if lower else (edge, math.inf)


def how_sure(frames: Sequence[pd.DataFrame]) -> str:
    """How sure the claims of records are as a whole, from their forest frames; "" for none.

    Each family of claims is decided wrongly in at most 5 % of all studies, both sides together,
    where every claim lies at its edge; further from it, more rarely. Of claims that were declared
    after the training began nothing can be said.
    """
    known = [frame.assign(of=place) for place, frame in enumerate(frames) if len(frame)]
    table = pd.concat(known) if known else pd.DataFrame(columns=list(COLUMNS))
    table = table[table["declared"] != AFTER]
    asked = table[table["verdict"] != MISSING]
    if asked.empty:
        return ""
    decided = int(asked["verdict"].isin([HOLDS, FAILS]).sum())
    apart = asked["family"].eq("")
    families = int(apart.sum()) + int(
        asked.loc[~apart, ["of", "family"]].drop_duplicates().shape[0]
    )
    wrong = number(ALPHA * families, 2)
    weak = int((asked["verdict"].isin([HOLDS, FAILS]) & asked["weak"].eq(True)).sum())
    verb = "is" if weak == 1 else "are"
    rest = f"; {weak} of them {verb} weak, for which this is not sure" if weak else ""
    are = "is" if len(table) == 1 else "are"
    found = f"{decided} of {count(len(table), 'claim')} {are} decided."
    if not decided:
        return found
    return f"{found} At most {wrong} of these verdicts are expected to be wrong{rest}."
