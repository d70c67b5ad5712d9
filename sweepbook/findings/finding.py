"""A finding: what one question about a record came to, as a value and as a row of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

import pandas as pd

from sweepbook.record.load import Record

HOLDS, FAILS, OPEN, MISSING = "holds", "does not hold", "undecided", "not available"
MIXED = "mixed"  # some seeds learn and some do not: certain, where their share is still open


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One finding; None where a field does not apply, and for a number that is not known.

    Args:
        name: unique among the findings of a record. study: its name.
        title: what a claim is called in a few words, "" where nobody said it.
        statement: the published sentence, "" where none is. claim: what is decided, published or
            not; reading: how it is read, "" where that is plain. sentence: the finding as text,
            with its verdict.
        verdict: "holds", "does not hold", "undecided", "not available", or "mixed" of seeds of
            which some learn and some do not.
        question: name of what every trial is asked, "gap" for example; "" where that is not so.
        kind, metric, direction, smallest, reason: as declared; target too, and for a mixture the
            accuracy up to which a replicate counts as at chance.
        estimate, low, high: arm minus against (or the value itself) with its interval at level
            (0.95, or more where several comparisons are decided together), in unit: "points" of
            100, "percent", the fidelity's unit as a plural, "s", "share", "log10 per layer", or
            "" for the metric's own. n: replicates or pairs. sample: what the interval is over
            where that is more than seeds, in words. sd: of one difference, on the tested scale. Of
            several comparisons it is the one that decides, or that is in the way.
        guard_low, guard_high: what the interval reaches with one more seed, as unusual as the
            most unusual one of the study. n_seeds: of trials that are not compared, which show
            how seeds fail. overturned: undecided for such a seed alone.
        why: of an undecided one what stands in the way, in words.
        look: of a claim that was decided look by look, the one at which it ended: "3 of 7"; level
            is then that of the repeated interval, over all looks.
        p: two-sided, against the edge of what the claim allows; p_holm: with the guard, and
            adjusted for the comparisons that are decided together, None where there is one.
            family_size: how many these are.
        needed_n: replicates that would decide an undecided one, between needed_low and
            needed_high (None: more than 1,000, or not known). detectable: smallest difference
            that n replicates tell from 0 with power 0.8, in unit.
        arm, against, rival, best: labels; with _value: their means in the metric's own unit.
        second, second_value: of a winner that is the best, the arm next to it; second_estimate,
            second_low, second_high: the best arm minus this one, with its 95 % interval, in unit;
            second_apart: whether the two are told apart, each such comparison on its own.
        corrected, advantage: the best arm's mean on replicates that did not select it, and what
            selection adds. failing: arms of which some replicates are at chance. found: class of
            gradients, or "k of n" at chance. steps: of which fidelity steps. trial_ids: separated
            by spaces. seed: the study's. data: the data set.
        declared: of a claim of the study's, "before" or "after" the training began.
    """

    name: str
    study: str = ""
    title: str = ""
    statement: str = ""
    claim: str = ""
    reading: str = ""
    sentence: str = ""
    verdict: str = MISSING
    question: str = ""
    kind: str = ""
    metric: str = ""
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    guard_low: float | None = None
    guard_high: float | None = None
    n_seeds: int | None = None
    overturned: bool | None = None
    why: str = ""
    look: str | None = None
    unit: str | None = None
    n: int | None = None
    sample: str = ""
    sd: float | None = None
    p: float | None = None
    p_holm: float | None = None
    family_size: int | None = None
    needed_n: int | None = None
    needed_low: int | None = None
    needed_high: int | None = None
    detectable: float | None = None
    smallest: float | None = None
    direction: str | None = None
    target: float | None = None
    arm: str | None = None
    against: str | None = None
    arm_value: float | None = None
    against_value: float | None = None
    steps: str | None = None
    best: str | None = None
    best_value: float | None = None
    rival: str | None = None
    rival_value: float | None = None
    second: str | None = None
    second_value: float | None = None
    second_estimate: float | None = None
    second_low: float | None = None
    second_high: float | None = None
    second_apart: bool | None = None
    corrected: float | None = None
    advantage: float | None = None
    failing: str | None = None
    found: str | None = None
    reason: str | None = None
    note: str | None = None
    trial_ids: str | None = None
    seed: int | None = None
    data: str | None = None
    declared: str | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).copy().items():
            if value != value:  # NaN: a number that is not known
                object.__setattr__(self, name, None)


COLUMNS = tuple(field.name for field in fields(Finding))


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """One row per finding, in their order; the fields of `Finding` are the columns. Pure."""
    rows = [{k: v for k, v in vars(one).items() if v is not None} for one in findings]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def own_finding(record: Record, kind: str, name: str, claim: str) -> Finding:
    """A finding about something that no study declares; what it came to is not in it yet."""
    return Finding(
        name=name,
        study=record.study,
        claim=claim,
        kind=kind,
        metric=record.metric,
        note="",
        seed=record.manifest.seed,
        data=record.data_name,
    )


def quoted(finding: Finding) -> Finding:
    """The finding with what is decided before the sentence that says what it came to."""
    return replace(finding, sentence=f"“{finding.claim}”. {finding.sentence}")


def unavailable(finding: Finding, why: str) -> Finding:
    """The finding where there is nothing to decide it by; `why` has no full stop."""
    return replace(finding, verdict=MISSING, sentence=f"{MISSING.capitalize()}: {why}.", note=why)
